package replicas

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/handoffscore/syncd/internal/app/apptest"
)

// visit is one request as a CRM's front door saw it.
type visit struct {
	org      *org
	replica  *replica
	call     string // "PATCH /services/..."
	write    bool
	body     []byte
	from, to time.Time // from: it was there whole; to: all was done and the answer about to leave
	status   int       // 0 if the CRM was not asked
}

// door notes every request that reaches a CRM.
type door struct {
	mu     sync.Mutex
	visits []visit
	// hook, if set, sees a request before the CRM does and may hold it up, or
	// answer in the CRM's place and return false.
	hook atomic.Pointer[func(v *visit, w http.ResponseWriter, r *http.Request) bool]
}

// open is a process's front door to a CRM.
func (f *fleet) open(r *replica, o *org) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(q.Body)
		if err != nil {
			return // whoever sent it died over it
		}
		q.Body = io.NopCloser(bytes.NewReader(body))
		v := visit{org: o, replica: r, call: q.Method + " " + q.URL.Path, body: body, from: time.Now()}
		v.write = apptest.IsWrite(q)
		if hook := f.door.hook.Load(); hook == nil || (*hook)(&v, w, q) {
			answer := &answered{ResponseWriter: w}
			o.crm.ServeHTTP(answer, q)
			v.status, v.to = answer.status, answer.at
		}
		if v.to.IsZero() {
			v.to = time.Now()
		}
		f.door.mu.Lock()
		defer f.door.mu.Unlock()
		f.door.visits = append(f.door.visits, v)
	})
}

// answered notes an answer before it leaves: whoever has it may go on at once.
type answered struct {
	http.ResponseWriter
	status int
	at     time.Time
}

func (a *answered) WriteHeader(status int) {
	if a.status == 0 {
		a.status, a.at = status, time.Now()
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answered) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status, a.at = http.StatusOK, time.Now()
	}
	return a.ResponseWriter.Write(b)
}

// watch sets the hook; the function it returns takes it away.
func (f *fleet) watch(hook func(v *visit, w http.ResponseWriter, r *http.Request) bool) (done func()) {
	f.door.hook.Store(&hook)
	return func() { f.door.hook.Store(nil) }
}

// visits are the requests so far, by the time they arrived.
func (f *fleet) visits() []visit {
	f.door.mu.Lock()
	defer f.door.mu.Unlock()
	list := slices.Clone(f.door.visits)
	slices.SortStableFunc(list, func(a, b visit) int { return a.from.Compare(b.from) })
	return list
}

// records are what a write says, by deal and field.
func (v *visit) records() (map[string]map[string]string, error) {
	sent, err := apptest.Written(v.body)
	if err != nil {
		return nil, err
	}
	all := map[string]map[string]string{}
	for id, fields := range sent {
		all[id] = map[string]string{}
		for name, value := range fields {
			all[id][name] = fmt.Sprint(value)
		}
	}
	return all, nil
}

func (f *fleet) read(path string) []byte {
	f.t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		f.t.Fatal(err)
	}
	return b
}
