package hubspot

import (
	"context"
	"net/url"
	"strings"
	"sync"

	"github.com/tidwall/gjson"
	"golang.org/x/sync/errgroup"

	"github.com/handoffscore/syncd/internal/crm"
)

// record is one object of a batch read.
type record struct {
	id      string
	values  map[string]string
	history gjson.Result // propertiesWithHistory
	body    gjson.Result
	// omits: the answer leaves empty properties out, so one that is missing is
	// blank; otherwise it is missing because the token cannot see it.
	omits bool
}

// value returns a property's text; known is false if the answer does not speak
// of it.
func (r *record) value(name string) (text string, known bool) {
	text, known = r.values[name]
	return text, known || r.omits
}

// cell is a property as text, Unreadable if the answer does not speak of it.
func (r *record) cell(kind crm.Kind, name string) crm.Cell {
	text, known := r.value(name)
	if !known {
		return crm.Cell{State: crm.Unreadable}
	}
	return crm.Value(canonical(kind, text))
}

// records are the answers to a batch read. Ids that did not come back are in
// missing (there is no such record) or refused (any other reason).
type records struct {
	mu      sync.Mutex // guards all below while chunks are read
	found   map[string]*record
	missing []string
	refused []string
}

type idInput struct {
	ID string `json:"id"`
}

// read reads records by id, up to batch in one call, several calls in flight.
func (c *Client) read(ctx context.Context, object string, ids, properties, history []string, batch int) (*records, error) {
	out := &records{found: make(map[string]*record, len(ids))}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(cap(c.slots))
	for len(ids) > 0 {
		n := min(batch, len(ids))
		chunk := ids[:n]
		ids = ids[n:]
		g.Go(func() error { return c.readChunk(gctx, object, chunk, properties, history, out) })
	}
	return out, g.Wait()
}

func (c *Client) readChunk(ctx context.Context, object string, ids, properties, history []string, out *records) error {
	inputs := make([]idInput, len(ids))
	for i, id := range ids {
		inputs[i] = idInput{id}
	}
	r, _, err := c.post(ctx, "/crm/v3/objects/"+object+"/batch/read", map[string]any{
		"inputs": inputs, "properties": orEmpty(properties), "propertiesWithHistory": orEmpty(history),
	})
	if crm.KindOf(err) == crm.Invalid && len(history) > 0 && len(ids) > smallBatch {
		// Some portals take fewer records when history is asked for.
		if err := c.readChunk(ctx, object, ids[:len(ids)/2], properties, history, out); err != nil {
			return err
		}
		return c.readChunk(ctx, object, ids[len(ids)/2:], properties, history, out)
	}
	if err != nil {
		return err
	}
	if !r.Get("results").IsArray() {
		return malformed("batch read", "the answer holds no list of results")
	}
	out.mu.Lock()
	defer out.mu.Unlock()
	out.add(c, ids, properties, r)
	return nil
}

// add takes over a chunk's answer: every id asked for is accounted for.
func (x *records) add(c *Client, ids, properties []string, r gjson.Result) {
	want := make(map[string]bool, len(ids))
	for _, id := range ids {
		want[id] = true
	}
	var got []*record
	spoken := map[string]int{}
	r.Get("results").ForEach(func(_, o gjson.Result) bool {
		rec := &record{id: idOf(o.Get("id")), body: o, history: o.Get("propertiesWithHistory"), values: make(map[string]string, len(properties))}
		o.Get("properties").ForEach(func(k, v gjson.Result) bool {
			name := k.String()
			rec.values[name] = v.String() // null is ""
			spoken[name]++
			return true
		})
		if want[rec.id] {
			delete(want, rec.id)
			x.found[rec.id] = rec
			got = append(got, rec)
		}
		return true
	})
	// A property that one record of a chunk speaks of and another does not was
	// left out because it is empty.
	for _, n := range spoken {
		if n < len(got) {
			c.omits.Store(true)
			break
		}
	}
	for _, rec := range got {
		rec.omits = c.omits.Load()
	}
	r.Get("errors").ForEach(func(_, e gjson.Result) bool {
		f := readFault(e)
		for _, id := range f.IDs {
			if want[id] && f.Category != "OBJECT_NOT_FOUND" {
				delete(want, id)
				x.refused = append(x.refused, id)
			}
		}
		return true
	})
	for _, id := range ids {
		if want[id] {
			x.missing = append(x.missing, id)
		}
	}
}

// propertiesInQuery keeps an address below 2,000 characters.
const propertiesInQuery = 40

// smallBatch is what every portal takes.
const smallBatch = 10

// readOne reads one record that batches leave out.
func (c *Client) readOne(ctx context.Context, object, id string, properties []string) (*record, error) {
	rec := &record{id: id, values: make(map[string]string, len(properties)), omits: c.omits.Load()}
	for from := 0; from == 0 || from < len(properties); from += propertiesInQuery {
		part := properties[from:min(from+propertiesInQuery, len(properties))]
		r, _, err := c.get(ctx, "/crm/v3/objects/"+object+"/"+id, url.Values{"properties": {strings.Join(part, ",")}, "archived": {"false"}})
		if err != nil {
			return nil, err
		}
		rec.body = r
		r.Get("properties").ForEach(func(k, v gjson.Result) bool {
			rec.values[k.String()] = v.String()
			return true
		})
	}
	return rec, nil
}

func orEmpty(names []string) []string {
	if names == nil {
		return []string{}
	}
	return names
}
