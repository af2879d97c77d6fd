package ops

import (
	"net"
	"net/http"
	"net/http/pprof"

	dto "github.com/prometheus/client_model/go"
)

// adminHandler serves Go's profiles under /debug/pprof/. They show the
// program's insides, so a page of another site whose name was made to point
// at this machine is refused by the name it asks for.
func adminHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !loopback(r.Host) {
			http.Error(w, "ask for it by a loopback address", http.StatusForbidden)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// loopback reports whether an address, with or without a port, is this
// machine's own. Only the one name is trusted to be.
func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		host = addr
	}
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// gatherer adds what the server knows to the figures.
type gatherer struct{ s *Server }

// Gather reads the figures.
func (g gatherer) Gather() ([]*dto.MetricFamily, error) {
	set := func(v interface{ Set(float64) }, yes bool) {
		n := 0.0
		if yes {
			n = 1
		}
		v.Set(n)
	}
	set(g.s.metrics.ready, g.s.health.Readiness().Ready)
	set(g.s.metrics.database, g.s.health.Works(Database) && g.s.health.Works(Start))
	return g.s.metrics.Gather()
}
