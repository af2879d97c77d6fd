package ops

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// What keeps the daemon from working.
const (
	Start    = "start"
	Stop     = "stop"
	Database = "database"
	Store    = "store"
	Queue    = "queue"
)

// Health is whether the daemon can do its work, and why not. It may be used
// from several goroutines.
type Health struct {
	now func() time.Time

	mu    sync.Mutex // guards what follows
	down  map[string]Reason
	notes map[string]string
}

// Reason is why a part does not work, in words of the program's own.
type Reason struct {
	Part  string    `json:"part"`
	Why   string    `json:"why"`
	Since time.Time `json:"since"`
}

func (r Reason) String() string {
	return fmt.Sprintf("%s: %s (since %s)", r.Part, r.Why, r.Since.Format(time.RFC3339))
}

// Readiness is what /readyz says.
type Readiness struct {
	Ready   bool     `json:"ready"`
	Reasons []Reason `json:"reasons"`
	// Notes are worth knowing and take no part in Ready: a replica that leaves
	// its service would mend none of them.
	Notes []string `json:"notes"`
}

// NewHealth is the health of a daemon that has not started yet.
func NewHealth() *Health {
	h := &Health{now: time.Now, down: map[string]Reason{}, notes: map[string]string{}}
	h.Down(Start, "under way")
	return h
}

// Down says that a part does not work. Since is when it first did not; first
// is true then.
func (h *Health) Down(part, why string) (first bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r, known := h.down[part]
	if !known {
		r = Reason{Part: part, Since: h.now().UTC().Truncate(time.Second)}
	}
	r.Why = why
	h.down[part] = r
	return !known
}

// Up says that a part works, and returns how long it did not; 0 if it did.
func (h *Health) Up(part string) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	r, known := h.down[part]
	if !known {
		return 0
	}
	delete(h.down, part)
	return max(h.now().Sub(r.Since), 1)
}

// Works reports whether a part works.
func (h *Health) Works(part string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, down := h.down[part]
	return !down
}

// Note says something about a subject; "" takes it back.
func (h *Health) Note(subject, text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if text == "" {
		delete(h.notes, subject)
		return
	}
	h.notes[subject] = subject + ": " + text
}

// Readiness is the state of things, in a stable order.
func (h *Health) Readiness() Readiness {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := Readiness{Ready: len(h.down) == 0, Reasons: []Reason{}, Notes: []string{}}
	for _, reason := range h.down {
		r.Reasons = append(r.Reasons, reason)
	}
	slices.SortFunc(r.Reasons, func(a, b Reason) int { return strings.Compare(a.Part, b.Part) })
	for _, n := range h.notes {
		r.Notes = append(r.Notes, n)
	}
	slices.Sort(r.Notes)
	return r
}

// String gives one line a reason and a note.
func (r Readiness) String() string {
	var b strings.Builder
	if r.Ready {
		b.WriteString("ready\n")
	} else {
		b.WriteString("not ready\n")
	}
	for _, reason := range r.Reasons {
		b.WriteString(reason.String() + "\n")
	}
	for _, n := range r.Notes {
		b.WriteString("note: " + n + "\n")
	}
	return b.String()
}
