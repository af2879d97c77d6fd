package soak

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// sample is how the daemon is at a moment.
type sample struct {
	T          float64 `json:"t_s"`  // since the beginning
	Life       int     `json:"life"` // which of the daemon's, from 1
	RSS        float64 `json:"rss_mb"`
	Heap       float64 `json:"heap_mb"` // in use after a collection
	Goroutines int     `json:"goroutines"`
	Working    int     `json:"goroutines_working"` // without those that tend HTTP connections
	FDs        int     `json:"fds"`
	Passes     int     `json:"passes"` // that ended well
	Failed     int     `json:"passes_failed"`
	Edits      int     `json:"edits"`
	Faults     int     `json:"faults"`
	Kills      int     `json:"kills"`
	Stops      int     `json:"stops"`
}

// client keeps no connection open: it would be one of the daemon's.
var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 30 * time.Second}

// sample asks the daemon how it is, and notes it.
func (s *soak) sample() {
	s.t.Helper()
	m := sample{T: time.Since(s.began).Seconds(), Life: s.daemon.number, Kills: s.kills, Stops: s.stops}
	heap, err := s.daemon.ask(s.t.Context(), s.daemon.admin+"/debug/pprof/heap?gc=1&debug=1")
	if err == nil {
		m.Heap, err = figure(heap, "# HeapAlloc = ")
	}
	var stacks, page string
	if err == nil {
		stacks, err = s.daemon.ask(s.t.Context(), s.daemon.admin+"/debug/pprof/goroutine?debug=1")
	}
	if err == nil {
		m.Goroutines, m.Working, err = goroutines(stacks)
	}
	if err == nil {
		page, err = s.daemon.ask(s.t.Context(), s.daemon.pages+"/metrics")
	}
	var fds float64
	if err == nil {
		fds, err = figure(page, "process_open_fds ")
	}
	if err == nil {
		m.RSS, err = figure(page, "process_resident_memory_bytes ")
	}
	if err != nil {
		s.t.Fatalf("the daemon does not say how it is: %v\n%s", err, s.daemon.Tail())
	}
	m.FDs, m.RSS, m.Heap = int(fds), m.RSS/1e6, m.Heap/1e6
	for _, at := range s.sites {
		m.Edits += at.count()
		for _, n := range at.fired() {
			m.Faults += n
		}
		done, failed := at.ended()
		m.Passes, m.Failed = m.Passes+done, m.Failed+failed
	}
	s.samples = append(s.samples, m)
	if s.log == nil {
		return
	}
	if err := json.NewEncoder(s.log).Encode(m); err != nil {
		s.t.Fatal(err)
	}
}

// figure is the number behind a name that begins a line.
func figure(page, name string) (float64, error) {
	for line := range strings.Lines(page) {
		if text, ok := strings.CutPrefix(line, name); ok {
			return strconv.ParseFloat(strings.TrimSpace(text), 64)
		}
	}
	return 0, fmt.Errorf("no %q", name)
}

// goroutines reads a profile: all, and those that do not only tend an HTTP
// connection, whose number moves with how many are kept open.
func goroutines(profile string) (all, working int, err error) {
	_, profile, _ = strings.Cut(profile, "\n") // the total
	for block := range strings.SplitSeq(strings.TrimSpace(profile), "\n\n") {
		head, _, _ := strings.Cut(block, " @ ")
		n, err := strconv.Atoi(head)
		if err != nil {
			return 0, 0, fmt.Errorf("a profile with %.80q", block)
		}
		all += n
		if !strings.Contains(block, "net/http.(*persistConn)") && !strings.Contains(block, "net/http.(*conn).serve") {
			working += n
		}
	}
	return all, working, nil
}

func (s *soak) table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%8s %4s %7s %7s %10s %7s %5s %7s %7s %6s %7s %5s %5s\n", "time", "life", "rss MB", "heap MB", "goroutines", "working", "fds", "passes", "failed", "edits", "faults", "kills", "stops")
	step := max(1, len(s.samples)/25)
	for i, m := range s.samples {
		if i%step == 0 || i == len(s.samples)-1 {
			fmt.Fprintf(&b, "%8s %4d %7.1f %7.2f %10d %7d %5d %7d %7d %6d %7d %5d %5d\n", time.Duration(m.T*float64(time.Second)).Round(100*time.Millisecond),
				m.Life, m.RSS, m.Heap, m.Goroutines, m.Working, m.FDs, m.Passes, m.Failed, m.Edits, m.Faults, m.Kills, m.Stops)
		}
	}
	return b.String()
}

func read(resp *http.Response) (string, error) {
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %.200s", resp.Status, b)
	}
	return string(b), err
}
