package crmtest_test

import (
	"errors"
	"net"
	"net/http"
	"sync/atomic"

	"github.com/handoffscore/syncd/internal/crm/transport"
)

// plug is a wire that can be pulled: then nobody is at the other end.
type plug struct{ out atomic.Bool }

var pooled = transport.Pooled()

func (p *plug) RoundTrip(req *http.Request) (*http.Response, error) {
	if p.out.Load() {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("no route to host")}
	}
	return pooled.RoundTrip(req)
}

func (p *plug) Unplug() func() {
	p.out.Store(true)
	return func() { p.out.Store(false) }
}
