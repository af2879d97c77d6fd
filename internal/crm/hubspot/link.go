package hubspot

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/tidwall/gjson"
	"golang.org/x/sync/errgroup"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/transport"
)

// link is one record that a deal is associated with.
type link struct {
	to    string
	types []label
}

func (l link) primary() bool {
	return slices.ContainsFunc(l.types, func(t label) bool { return fold(t.text) == "primary" })
}

// linked are the associations of deals with one kind of record.
type linked struct {
	mu     sync.Mutex // guards all below while chunks are read
	of     map[string][]link
	failed map[string]bool   // deals whose associations could not be read
	denied *crm.Error        // the whole kind is refused
	absent bool              // the portal does not know the kind
	words  map[string]string // of labels, each held once
}

// state of one deal's associations.
func (x *linked) state(deal string) crm.State {
	switch {
	case x.absent:
		return crm.Unmapped
	case x.denied != nil || x.failed[deal]:
		return crm.Unreadable
	}
	return crm.Read
}

// targets are the ids of all records linked to, each once.
func (x *linked) targets() []string {
	var out []string
	for _, list := range x.of {
		for _, l := range list {
			out = append(out, l.to)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

type linkInput struct {
	ID    string `json:"id"`
	After string `json:"after,omitempty"`
}

// link reads what deals are associated with.
func (c *Client) link(ctx context.Context, ids []string, to string) (*linked, error) {
	if e := c.refusals.of(to); e != nil {
		x := &linked{}
		x.refuse(e)
		return x, nil
	}
	x, err := c.associations(ctx, "deals", ids, to)
	if e, refused := refusedKind(err); refused {
		c.refusals.add(to, e)
		x.refuse(e)
		return x, nil
	}
	return x, err
}

// associations reads what records of one kind are associated with of another.
// Only an error that says so means that a record has no association; any other
// makes its links unreadable.
func (c *Client) associations(ctx context.Context, from string, ids []string, to string) (*linked, error) {
	x := &linked{of: make(map[string][]link, len(ids)), failed: map[string]bool{}, words: map[string]string{}}
	path := "/crm/v4/associations/" + from + "/" + to + "/batch/read"
	g, gctx := errgroup.WithContext(ctx)
	for len(ids) > 0 {
		n := min(loadBatch, len(ids))
		chunk := ids[:n]
		ids = ids[n:]
		g.Go(func() error { return c.linkChunk(gctx, chunk, path, x) })
	}
	return x, g.Wait()
}

func (x *linked) refuse(e *crm.Error) {
	if e.Kind == crm.Permission {
		x.denied = e
	} else {
		x.absent = true
	}
}

// linkChunk reads all pages of one chunk's associations.
func (c *Client) linkChunk(ctx context.Context, ids []string, path string, x *linked) error {
	inputs := make([]linkInput, len(ids))
	for i, id := range ids {
		inputs[i] = linkInput{ID: id}
	}
	again := false
	for len(inputs) > 0 {
		r, _, err := c.post(ctx, path, map[string]any{"inputs": inputs})
		if err != nil && crm.KindOf(err) == crm.Invalid && len(ids) == len(inputs) && len(ids) > objectBatch {
			// Portals have been seen to take 100 where 1,000 are documented.
			if err := c.linkChunk(ctx, ids[:len(ids)/2], path, x); err != nil {
				return err
			}
			return c.linkChunk(ctx, ids[len(ids)/2:], path, x)
		}
		if err != nil {
			return err
		}
		results, faults := listsOf(r)
		if !results.IsArray() {
			return malformed("associations", "the answer holds no list of results")
		}
		next, silent := x.add(inputs, results, faults)
		if len(next) == 0 && len(silent) > 0 && !again {
			// Deals that the answer does not speak of are asked for once more;
			// if it keeps silent they have no association.
			next, again = silent, true
		}
		inputs = next
	}
	return nil
}

// listsOf are the two lists of a batch answer, found in one walk over it.
func listsOf(r gjson.Result) (results, faults gjson.Result) {
	w := transport.Over(r)
	for name := range w.Fields {
		switch name {
		case "results":
			results = w.Value()
		case "errors":
			faults = w.Value()
		}
	}
	return results, faults
}

// add takes over one page and returns what is to be asked next: deals with
// more pages, and deals the answer did not speak of.
func (x *linked) add(inputs []linkInput, results, faults gjson.Result) (next, silent []linkInput) {
	x.mu.Lock()
	defer x.mu.Unlock()
	cursor := make(map[string]string, len(inputs))
	for _, in := range inputs {
		cursor[in.ID] = in.After
	}
	spoken := make(map[string]bool, len(inputs))
	var links []link
	w := transport.Over(results)
	for range w.Items {
		var id, after string
		links = links[:0]
		for name := range w.Fields {
			switch name {
			case "from":
				id = idOf(w.Value().Get("id"))
			case "to":
				links = links[:0]
				for range w.Items {
					links = append(links, x.link(w))
				}
			case "paging":
				after = w.Value().Get("next.after").String()
			}
		}
		at, asked := cursor[id]
		if !asked || spoken[id] {
			continue
		}
		spoken[id] = true
		list := slices.Grow(x.of[id], len(links))
		for _, l := range links {
			list = merge(list, l)
		}
		if len(list) > 0 {
			x.of[id] = list
		}
		switch {
		case after == "":
		case after == at: // the page does not move: nothing more can be learnt
			x.failed[id] = true
		default:
			next = append(next, linkInput{id, strings.Clone(after)})
		}
	}
	w = transport.Over(faults)
	for range w.Items {
		ids, none := withoutLinks(w)
		for _, id := range ids {
			if _, asked := cursor[id]; asked {
				spoken[id] = true
				x.failed[id] = x.failed[id] || !none
			}
		}
	}
	for _, in := range inputs {
		if !spoken[in.ID] {
			silent = append(silent, linkInput{ID: in.ID})
		}
	}
	return next, silent
}

// withoutLinks reads whom an error is about, and whether it only says that
// there is no association. Most deals have none of some kind, so this is all
// that is read of it.
func withoutLinks(w *transport.Walk) (ids []string, none bool) {
	e := w.Both(func() {
		for name := range w.Fields {
			switch name {
			case "subCategory":
				none = strings.Contains(w.Text(), "NO_ASSOCIATIONS_FOUND")
			case "context":
				for name := range w.Fields {
					if name == "fromObjectId" {
						ids = words(w.Value())
					}
				}
			}
		}
	})
	if none && len(ids) > 0 {
		return ids, true
	}
	return readFault(e).IDs, none
}

func (x *linked) link(w *transport.Walk) link {
	var l link
	for name := range w.Fields {
		switch name {
		case "toObjectId":
			l.to = idOf(w.Value())
		case "associationTypes":
			for range w.Items {
				l.types = append(l.types, x.label(w))
			}
		}
	}
	return l
}

func (x *linked) label(w *transport.Walk) label {
	var of label
	for name := range w.Fields {
		switch name {
		case "category":
			of.typ.category = x.word(w.Text())
		case "typeId":
			of.typ.id = w.Value().Int()
		case "label":
			of.text = x.word(w.Text())
		}
	}
	return of
}

// word returns a text that shares no memory with the answer. Labels say the
// same few again and again.
func (x *linked) word(text string) string {
	if known, ok := x.words[text]; ok {
		return known
	}
	text = strings.Clone(text)
	x.words[text] = text
	return text
}

// merge adds a link; a record that is linked twice keeps all its labels.
func merge(list []link, l link) []link {
	for i := range list {
		if list[i].to == l.to {
			list[i].types = append(list[i].types, l.types...)
			return list
		}
	}
	return append(list, l)
}
