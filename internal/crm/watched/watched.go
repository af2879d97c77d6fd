// Package watched reads several streams of records that moved, each kind of
// record one stream, as a single sequence of pages of deals. A stream that the
// CRM refuses is left out and told of; it never ends a pass. What a stream asks
// for, and how its records name their deals, is the adapter's.
package watched

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"

	"go.uber.org/zap"

	"github.com/handoffscore/syncd/internal/crm"
)

// Stream is one kind of record that hangs on deals.
type Stream struct {
	Name string // in cursors and problems: "notes"
	// Pages reads the stream from the place after on. It is nil while the
	// stream is not to be read.
	Pages func(ctx context.Context, after string) iter.Seq2[crm.Page, error]
}

// Streams knows from pass to pass which streams were refused.
type Streams struct {
	crm string
	log *zap.Logger

	mu   sync.Mutex // guards left
	left map[string]*crm.Error
}

// New is for one connection to a CRM, "hubspot" or "salesforce".
func New(name string, log *zap.Logger) *Streams {
	return &Streams{crm: name, log: log, left: map[string]*crm.Error{}}
}

// atOnce is how many streams are begun together: the first pages of the next
// ones are on their way while one is being read.
const atOnce = 3

// ErrPlace is the cause where a place to resume from is none of ours. It is no
// refusal of the CRM's.
var ErrPlace = errors.New("the place to resume from is none of ours")

// cut stands between a stream's name and the place in it.
const cut = "|"

// Pages reads the streams in the order of list, on from the place after. The
// list is the same for every reading of a window, whether a stream in it is to
// be read or not.
func (s *Streams) Pages(ctx context.Context, list []Stream, after string) iter.Seq2[crm.Page, error] {
	return func(yield func(crm.Page, error) bool) {
		at, place, err := find(list, after)
		if err != nil {
			yield(crm.Page{}, s.fault(crm.Invalid, err))
			return
		}
		rest := list[at:]
		if len(rest) > 0 && rest[0].Pages == nil {
			place = "" // what was being read is read no more
		}
		rest = s.open(rest)
		if len(rest) == 0 {
			yield(crm.Page{}, nil)
			return
		}
		ctx, cancel := context.WithCancel(ctx)
		var working sync.WaitGroup
		defer working.Wait()
		defer cancel()
		var begun []<-chan turn
		for i, x := range rest {
			for len(begun) < min(len(rest), i+atOnce) {
				begun = append(begun, begin(ctx, &working, rest[len(begun)], place))
				place = ""
			}
			next := ""
			if i+1 < len(rest) {
				next = rest[i+1].Name + cut
			}
			if !s.read(ctx, x, begun[i], next, yield) {
				return
			}
		}
	}
}

// open are the streams that are to be read. What was told of the others is
// told no more: why they are not read is the adapter's to say.
func (s *Streams) open(list []Stream) []Stream {
	var out []Stream
	for _, x := range list {
		if x.Pages == nil {
			s.answered(x.Name)
			continue
		}
		out = append(out, x)
	}
	return out
}

// find is where reading goes on: the stream, and the place in it.
func find(list []Stream, after string) (at int, place string, err error) {
	if after == "" {
		return 0, "", nil
	}
	name, place, ok := strings.Cut(after, cut)
	at = slices.IndexFunc(list, func(x Stream) bool { return x.Name == name })
	if !ok || at < 0 {
		return 0, "", ErrPlace
	}
	return at, place, nil
}

// turn is a page, or the error that ended a stream, waiting to be taken.
type turn struct {
	page crm.Page
	err  error
}

// begin reads a stream in the background, as far as its first page that nobody
// has taken.
func begin(ctx context.Context, working *sync.WaitGroup, x Stream, after string) <-chan turn {
	out := make(chan turn)
	working.Go(func() {
		defer close(out)
		for page, err := range x.Pages(ctx, after) {
			select {
			case out <- turn{page, err}:
			case <-ctx.Done():
				return
			}
		}
	})
	return out
}

// read hands one stream's pages on; next is the cursor behind its last one.
// It returns whether the streams after it are wanted.
func (s *Streams) read(ctx context.Context, x Stream, pages <-chan turn, next string, yield func(crm.Page, error) bool) bool {
	for t := range pages {
		e, refused := refusal(t.err)
		switch {
		case refused:
			s.refuse(x.Name, e)
			return yield(crm.Page{Next: next}, nil)
		case t.err != nil:
			yield(crm.Page{}, t.err)
			return false
		case t.page.Next == "":
			s.answered(x.Name)
			t.page.Next = next
			return yield(t.page, nil)
		}
		t.page.Next = x.Name + cut + t.page.Next
		if !yield(t.page, nil) {
			return false
		}
	}
	err := ctx.Err()
	if err == nil {
		err = fmt.Errorf("the stream of %s ended without a last page", x.Name)
	}
	yield(crm.Page{}, s.fault(crm.Unavailable, err))
	return false
}

// refusal tells an answer that asking again would not change.
func refusal(err error) (*crm.Error, bool) {
	var e *crm.Error
	if !errors.As(err, &e) || errors.Is(err, ErrPlace) {
		return nil, false
	}
	return e, e.Kind == crm.Permission || e.Kind == crm.NotFound || e.Kind == crm.Invalid
}

func (s *Streams) fault(kind crm.ErrorKind, err error) error {
	return &crm.Error{Op: s.crm + ".Touched", Kind: kind, Err: err}
}

func (s *Streams) refuse(name string, e *crm.Error) {
	s.mu.Lock()
	_, known := s.left[name]
	s.left[name] = e
	s.mu.Unlock()
	if !known {
		s.log.Warn("a watched stream is refused; the sweep will find its moves", zap.String("crm", s.crm), zap.String("stream", name), zap.Error(e))
	}
}

func (s *Streams) answered(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.left, name)
}

// Problems tells which streams were refused when they were last asked for.
func (s *Streams) Problems() []crm.Problem {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []crm.Problem
	for _, name := range slices.Sorted(maps.Keys(s.left)) {
		e := s.left[name]
		out = append(out, crm.Problem{
			Severity: crm.Warn, Place: name, Fix: e.Fix,
			Message: "the CRM does not tell which " + name + " moved, so on deals that are final only the sweep finds what changed there",
		})
	}
	return out
}
