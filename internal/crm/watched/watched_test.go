package watched

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/handoffscore/syncd/internal/crm"
)

// vendor has streams of numbered pages, one deal a page: the first page of
// notes names the deal notes-0.
type vendor struct {
	mu    sync.Mutex // guards asked
	asked []string   // places each stream was begun at
	under atomic.Int32
}

// stream has n pages; bad, if not nil, takes the place of page at.
func (v *vendor) stream(name string, n, at int, bad error) Stream {
	return Stream{Name: name, Pages: func(_ context.Context, after string) iter.Seq2[crm.Page, error] {
		return func(yield func(crm.Page, error) bool) {
			v.under.Add(1)
			defer v.under.Add(-1)
			v.mu.Lock()
			v.asked = append(v.asked, name+cut+after)
			v.mu.Unlock()
			first, _ := strconv.Atoi(after)
			for i := first; i < n; i++ {
				if bad != nil && i == at {
					yield(crm.Page{}, bad)
					return
				}
				page := crm.Page{Deals: []crm.Moved{{ID: crm.DealID(name + "-" + strconv.Itoa(i))}}}
				if i+1 < n {
					page.Next = strconv.Itoa(i + 1)
				}
				if !yield(page, nil) {
					return
				}
			}
		}
	}}
}

// read gives what pages name, the cursor behind each, and the error at the end.
func read(ctx context.Context, s *Streams, list []Stream, after string) (named, cursors []string, err error) {
	for page, err := range s.Pages(ctx, list, after) {
		if err != nil {
			return named, cursors, err
		}
		for _, m := range page.Deals {
			named = append(named, string(m.ID))
		}
		cursors = append(cursors, page.Next)
	}
	return named, cursors, nil
}

func TestStreamsAreReadOneAfterAnother(t *testing.T) {
	v, s := &vendor{}, New("fake", zap.NewNop())
	list := []Stream{v.stream("contacts", 2, 0, nil), {Name: "calls"}, v.stream("notes", 3, 0, nil), v.stream("tasks", 1, 0, nil), {Name: "emails"}}
	named, cursors, err := read(t.Context(), s, list, "")
	want := []string{"contacts-0", "contacts-1", "notes-0", "notes-1", "notes-2", "tasks-0"}
	if d := cmp.Diff(want, named); d != "" || err != nil {
		t.Fatalf("%v\n%s", err, d)
	}
	if d := cmp.Diff([]string{"contacts|1", "notes|", "notes|1", "notes|2", "tasks|", ""}, cursors); d != "" {
		t.Error(d)
	}
	for i, c := range cursors[:5] {
		if rest, _, err := read(t.Context(), s, list, c); err != nil || !slices.Equal(rest, want[i+1:]) {
			t.Errorf("behind %q: %v, %v", c, rest, err)
		}
	}
	if rest, _, err := read(t.Context(), s, list, "calls|7"); err != nil || !slices.Equal(rest, want[2:]) {
		t.Errorf("behind a stream that is read no more: %v, %v", rest, err)
	}
	for _, after := range []string{"emails|", "emails|3"} {
		if rest, last, err := read(t.Context(), s, list, after); err != nil || len(rest) != 0 || !slices.Equal(last, []string{""}) {
			t.Errorf("behind the last: %v %q %v", rest, last, err)
		}
	}
	for _, after := range []string{"faxes|1", "notes", "|"} {
		if _, _, err := read(t.Context(), s, list, after); err == nil || crm.KindOf(err) != crm.Invalid {
			t.Errorf("%q was taken: %v", after, err)
		}
	}
}

// A refusal leaves a stream out, wherever in it; it is logged once and told
// until the stream answers, or is read no more.
func TestARefusedStreamIsLeftOut(t *testing.T) {
	core, logs := observer.New(zap.WarnLevel)
	v, s := &vendor{}, New("fake", zap.New(core))
	for _, kind := range []crm.ErrorKind{crm.Permission, crm.NotFound, crm.Invalid} {
		for at := range 2 {
			bad := &crm.Error{Op: "fake.Search", Kind: kind, Fix: "mend it"}
			list := []Stream{v.stream("contacts", 2, at, bad), v.stream("notes", 1, 0, nil)}
			for range 2 {
				named, cursors, err := read(t.Context(), s, list, "")
				if err != nil || len(named) != at+1 || named[at] != "notes-0" || cursors[at] != "notes|" {
					t.Errorf("%s at page %d: %v, %q, %v", kind, at, named, cursors, err)
				}
			}
			p := s.Problems()
			if len(p) != 1 || p[0].Place != "contacts" || p[0].Severity != crm.Warn || p[0].Fix != "mend it" || !strings.Contains(p[0].Message, "sweep") {
				t.Errorf("told %+v", p)
			}
			list[0] = v.stream("contacts", 2, 0, nil)
			if at == 1 {
				list[0] = Stream{Name: "contacts"}
			}
			if _, _, err := read(t.Context(), s, list, ""); err != nil || len(s.Problems()) != 0 {
				t.Errorf("told still: %v, %v", s.Problems(), err)
			}
		}
	}
	if n := logs.Len(); n != 6 {
		t.Errorf("%d lines for six refusals", n)
	}
	last := []Stream{v.stream("contacts", 1, 0, &crm.Error{Kind: crm.Permission})}
	if _, cursors, err := read(t.Context(), s, last, ""); err != nil || !slices.Equal(cursors, []string{""}) {
		t.Errorf("the only stream is refused: %q, %v", cursors, err)
	}
}

// Any other fault ends the reading, with what was named before it.
func TestAFaultEndsTheReading(t *testing.T) {
	for _, bad := range []error{
		&crm.Error{Kind: crm.Unavailable}, &crm.Error{Kind: crm.Auth}, &crm.Error{Kind: crm.Quota},
		&crm.Error{Kind: crm.RateLimited}, &crm.Error{Kind: crm.Malformed}, errors.New("anything else"),
	} {
		v, s := &vendor{}, New("fake", zap.NewNop())
		list := []Stream{v.stream("contacts", 1, 0, nil), v.stream("notes", 3, 1, bad), v.stream("tasks", 1, 0, nil)}
		named, cursors, err := read(t.Context(), s, list, "")
		if !errors.Is(err, bad) || !slices.Equal(named, []string{"contacts-0", "notes-0"}) || cursors[1] != "notes|1" {
			t.Errorf("%v: %v, %q, %v", bad, named, cursors, err)
		}
		if len(s.Problems()) != 0 {
			t.Errorf("told %v", s.Problems())
		}
	}
}

func TestAStreamWithoutALastPageIsAFault(t *testing.T) {
	s := New("fake", zap.NewNop())
	list := []Stream{{Name: "notes", Pages: func(context.Context, string) iter.Seq2[crm.Page, error] {
		return func(yield func(crm.Page, error) bool) { yield(crm.Page{Next: "1"}, nil) }
	}}}
	if _, _, err := read(t.Context(), s, list, ""); err == nil {
		t.Error("a stream that broke off was taken for whole")
	}
}

// Streams that take a second for their first page are begun three at a time:
// nine take three seconds, neither nine nor one.
func TestTheNextStreamsAreBegunAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v, s := &vendor{}, New("fake", zap.NewNop())
		var list []Stream
		for n := range 9 {
			x := v.stream("s"+strconv.Itoa(n), 1, 0, nil)
			list = append(list, Stream{Name: x.Name, Pages: func(ctx context.Context, after string) iter.Seq2[crm.Page, error] {
				time.Sleep(time.Second)
				return x.Pages(ctx, after)
			}})
		}
		began := time.Now()
		named, _, err := read(t.Context(), s, list, "")
		if took := time.Since(began); err != nil || len(named) != 9 || took != 3*time.Second {
			t.Errorf("%d named in %v, %v", len(named), took, err)
		}
	})
}

// Nothing is at work any more when a reader stops, or its context ends.
func TestNothingStaysBehind(t *testing.T) {
	for name, stop := range map[string]func(s *Streams, list []Stream) error{
		"the reader wants no more": func(s *Streams, list []Stream) error {
			for range s.Pages(t.Context(), list, "") {
				break
			}
			return nil
		},
		"the context ends": func(s *Streams, list []Stream) error {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var last error
			for _, err := range s.Pages(ctx, list, "") {
				cancel()
				last = err
			}
			if !errors.Is(last, context.Canceled) {
				return errors.New("it ended as if it were whole")
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			v, s := &vendor{}, New("fake", zap.NewNop())
			list := []Stream{v.stream("a", 50, 0, nil), v.stream("b", 50, 0, nil), v.stream("c", 50, 0, nil)}
			if err := stop(s, list); err != nil {
				t.Error(err)
			}
			if n := v.under.Load(); n != 0 {
				t.Errorf("%d streams are still under way", n)
			}
		})
	}
}
