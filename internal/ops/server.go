package ops

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/sync/errgroup"
)

// Off is an address that serves nothing, as "" does.
const Off = "off"

// Options says where to serve.
type Options struct {
	Listen  string // health and metrics; "" or Off serves none
	Admin   string // profiles; "" or Off serves none; a loopback address
	AnyPort bool   // if Listen is taken, any free port of its host will do
}

// ErrListen is an address that cannot be listened on.
type ErrListen struct {
	Key, Addr string // Key is the configuration's
	Err       error
}

func (e *ErrListen) Error() string {
	return fmt.Sprintf("%s: cannot listen on %s: %v (name another address, or \"off\")", e.Key, e.Addr, e.Err)
}

func (e *ErrListen) Unwrap() error { return e.Err }

// Server serves the daemon's pages.
type Server struct {
	metrics      *Metrics
	health       *Health
	pages, admin net.Listener // nil if not served
}

// Listen takes the addresses, so that a taken one is told at the start. Either
// Run or Close gives them back.
func Listen(ctx context.Context, m *Metrics, h *Health, o Options) (*Server, error) {
	s := &Server{metrics: m, health: h}
	var err error
	if s.pages, err = listen(ctx, "http.listen", o.Listen); err != nil && o.AnyPort {
		if host, _, bad := net.SplitHostPort(o.Listen); bad == nil {
			s.pages, err = listen(ctx, "http.listen", net.JoinHostPort(host, "0"))
		}
	}
	if err != nil {
		return nil, err
	}
	if on(o.Admin) && !loopback(o.Admin) {
		err = &ErrListen{"http.admin", o.Admin, errors.New("profiles are for this machine only: use a loopback address such as 127.0.0.1:6060")}
	} else {
		s.admin, err = listen(ctx, "http.admin", o.Admin)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func on(addr string) bool { return addr != "" && addr != Off }

func listen(ctx context.Context, key, addr string) (net.Listener, error) {
	if !on(addr) {
		return nil, nil
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) {
			err = op.Err // the address is named already
		}
		return nil, &ErrListen{key, addr, err}
	}
	return l, nil
}

// Addr is where health and metrics are served, "" if nowhere.
func (s *Server) Addr() string { return addr(s.pages) }

// AdminAddr is where profiles are served, "" if nowhere.
func (s *Server) AdminAddr() string { return addr(s.admin) }

func addr(l net.Listener) string {
	if l == nil {
		return ""
	}
	return l.Addr().String()
}

// Close gives the addresses of a server back that is not run.
func (s *Server) Close() error {
	var err error
	for _, l := range []net.Listener{s.pages, s.admin} {
		if l == nil {
			continue
		}
		if e := l.Close(); !errors.Is(e, net.ErrClosed) {
			err = errors.Join(err, e)
		}
	}
	return err
}

// grace is how long answers under way have at the end. Scrapes are short.
const grace = 2 * time.Second

// Run serves until ctx ends.
func (s *Server) Run(ctx context.Context) error {
	var g errgroup.Group
	for _, part := range []struct {
		l     net.Listener
		h     http.Handler
		write time.Duration
	}{{s.pages, s.Handler(), 30 * time.Second}, {s.admin, adminHandler(), 5 * time.Minute}} {
		if part.l == nil {
			continue
		}
		srv := &http.Server{
			Handler: part.h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
			WriteTimeout: part.write, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
		}
		g.Go(func() error {
			if err := srv.Serve(part.l); !errors.Is(err, http.ErrServerClosed) {
				return fmt.Errorf("serve %s: %w", part.l.Addr(), err)
			}
			return nil
		})
		g.Go(func() error {
			<-ctx.Done()
			soft, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
			defer cancel()
			if err := srv.Shutdown(soft); err != nil {
				return srv.Close()
			}
			return nil
		})
	}
	return g.Wait()
}

// Handler answers the health pages and the metrics.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { text(w, http.StatusOK, "alive\n") })
	mux.HandleFunc("GET /readyz", s.readyz)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		text(w, http.StatusOK, "syncd: see /healthz, /readyz and /metrics\n")
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(gatherer{s}, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second}))
	return headers(mux)
}

// readyz answers in text, or in JSON to who asks for it.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	status, ready := http.StatusOK, s.health.Readiness()
	if !ready.Ready {
		status = http.StatusServiceUnavailable
	}
	if !strings.Contains(r.Header.Get("Accept"), "application/json") && r.URL.Query().Get("format") != "json" {
		text(w, status, ready.String())
		return
	}
	body, err := json.MarshalIndent(ready, "", "  ")
	if err != nil {
		http.Error(w, "the answer cannot be written", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // who asked has gone
}

func text(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body)) // who asked has gone
}

// headers are the same on every page: nothing here is to be kept or guessed at.
func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		next.ServeHTTP(w, r)
	})
}
