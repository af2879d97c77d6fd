package soak

import (
	"bytes"
	"io"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/handoffscore/syncd/internal/app/apptest"
)

// door stands between the daemon and a CRM.
type door struct {
	rig  *apptest.Rig
	trap atomic.Pointer[trap] // nil: everything goes through

	mu    sync.Mutex // guards the rest
	under int        // requests under way
	again []string   // deals that were written though they showed it all
	err   error      // a write that could not be read
}

// trap holds writes up until whoever sent them is dead.
type trap struct {
	hit  chan struct{} // holds one once a write is there
	dead chan struct{} // closed when its sender is
	take bool          // let the CRM have it then
}

// sprung tells whether a write is in the trap.
func (t *trap) sprung() bool { return len(t.hit) > 0 }

func (d *door) front(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(q.Body)
		if err != nil {
			return // whoever asked was killed
		}
		q.Body = io.NopCloser(bytes.NewReader(body))
		d.tally(1)
		defer d.tally(-1)
		if apptest.IsWrite(q) {
			d.write(body)
			if t := d.trap.Load(); t != nil {
				select {
				case t.hit <- struct{}{}:
				default: // not the first
				}
				<-t.dead
				if !t.take {
					return
				}
			}
		}
		next.ServeHTTP(w, q)
	})
}

// write looks at a write before the CRM does.
func (d *door) write(body []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	records, err := apptest.Written(body)
	if err != nil {
		d.err = err
	}
	for id, fields := range records {
		if d.rig.ShowsAll(id, fields) {
			d.again = append(d.again, id)
		}
	}
}

func (d *door) tally(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.under += n
}

// quiet tells whether the CRM has nothing to do.
func (d *door) quiet() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.under == 0
}
