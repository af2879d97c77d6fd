package hubspot

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/tidwall/gjson"
	"golang.org/x/sync/errgroup"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/transport"
)

// record is one object of a batch read. Its texts share no memory with the
// answer, of which they are the smaller part.
type record struct {
	id               string
	created, updated string // its own stamps
	columns          *columns
	texts            string   // of all columns, one behind the other; null is ""
	ends             []uint32 // where that of each column ends
	spoken           []bool   // columns that the answer speaks of
	history          gjson.Result
	// omits: the answer leaves empty properties out, so one that is missing is
	// blank; otherwise it is missing because the token cannot see it.
	omits bool
}

// columns are the properties a read may be answered with, shared by its records.
type columns struct{ at map[string]int }

// unasked come whatever is asked for.
var unasked = []string{"createdate", "hs_lastmodifieddate", "hs_object_id"}

func newColumns(properties []string) *columns {
	c := &columns{at: make(map[string]int, len(properties)+len(unasked))}
	for _, list := range [][]string{properties, unasked} {
		for _, name := range list {
			if _, ok := c.at[name]; !ok {
				c.at[name] = len(c.at)
			}
		}
	}
	return c
}

func (c *columns) record(id string, omits bool) *record {
	return &record{id: id, columns: c, ends: make([]uint32, len(c.at)), spoken: make([]bool, len(c.at)), omits: omits}
}

// take takes over one object of an answer. texts are those of its columns, as
// far as an answer before it had some.
func (r *record) take(w *transport.Walk, texts []string) {
	for name := range w.Fields {
		switch name {
		case "id":
			r.id = idOf(w.Value())
		case "createdAt":
			r.created = w.Text()
		case "updatedAt":
			r.updated = w.Text()
		case "propertiesWithHistory":
			r.history = w.Value()
		case "properties":
			for name := range w.Fields {
				if i, ok := r.columns.at[name]; ok {
					texts[i], r.spoken[i] = w.Text(), true
				}
			}
		}
	}
	r.own(texts)
}

// own moves the texts into memory of their own, in one piece.
func (r *record) own(texts []string) {
	n := len(r.created) + len(r.updated)
	for _, text := range texts {
		n += len(text)
	}
	var b strings.Builder
	b.Grow(n)
	for i, text := range texts {
		b.WriteString(text)
		r.ends[i] = uint32(b.Len())
	}
	r.texts = b.String()
	move := func(text string) string {
		from := b.Len()
		b.WriteString(text)
		return b.String()[from:]
	}
	r.created, r.updated = move(r.created), move(r.updated)
}

// text returns a property's text, "" if the answer does not speak of it.
func (r *record) text(name string) string {
	text, _ := r.value(name)
	return text
}

// value returns a property's text; known is false if the answer does not speak
// of it.
func (r *record) value(name string) (text string, known bool) {
	i, ok := r.columns.at[name]
	if !ok {
		return "", r.omits
	}
	var from uint32
	if i > 0 {
		from = r.ends[i-1]
	}
	return r.texts[from:r.ends[i]], r.spoken[i] || r.omits
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
	columns *columns
	found   map[string]*record
	missing []string
	refused []string
	binned  bool // archived records are asked for, and no others
}

type idInput struct {
	ID string `json:"id"`
}

// read reads records by id, up to batch in one call, several calls in flight.
func (c *Client) read(ctx context.Context, object string, ids, properties, history []string, batch int) (*records, error) {
	return c.readInto(ctx, &records{}, object, ids, properties, history, batch)
}

// readBinned reads records that are archived.
func (c *Client) readBinned(ctx context.Context, object string, ids, properties []string) (*records, error) {
	return c.readInto(ctx, &records{binned: true}, object, ids, properties, nil, objectBatch)
}

func (c *Client) readInto(ctx context.Context, out *records, object string, ids, properties, history []string, batch int) (*records, error) {
	out.columns, out.found = newColumns(properties), make(map[string]*record, len(ids))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(c.inFlight)
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
	var query url.Values
	if out.binned {
		query = url.Values{"archived": {"true"}}
	}
	r, _, err := c.ask(ctx, http.MethodPost, "/crm/v3/objects/"+object+"/batch/read", query, map[string]any{
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
	recs, faults, whole := out.columns.records(r, len(ids))
	if !whole {
		return malformed("batch read", "the answer holds no list of results")
	}
	out.mu.Lock()
	defer out.mu.Unlock()
	out.add(c, ids, recs, faults)
	return nil
}

// records are those of a batch answer, and what it says of others; whole is
// false if it holds no list of records.
func (c *columns) records(answer gjson.Result, n int) (recs []*record, faults gjson.Result, whole bool) {
	texts := make([]string, len(c.at))
	w := transport.Over(answer)
	for name := range w.Fields {
		switch name {
		case "results":
			recs, whole = make([]*record, 0, n), w.AtList()
			for range w.Items {
				clear(texts)
				rec := c.record("", false)
				rec.take(w, texts)
				recs = append(recs, rec)
			}
		case "errors":
			faults = w.Value()
		}
	}
	return recs, faults, whole
}

// add takes over a chunk's answer: every id asked for is accounted for.
func (x *records) add(c *Client, ids []string, recs []*record, faults gjson.Result) {
	want := make(map[string]bool, len(ids))
	for _, id := range ids {
		want[id] = true
	}
	var got []*record
	spoken := make([]int, len(x.columns.at))
	for _, rec := range recs {
		for i, said := range rec.spoken {
			if said {
				spoken[i]++
			}
		}
		if want[rec.id] {
			delete(want, rec.id)
			x.found[rec.id] = rec
			got = append(got, rec)
		}
	}
	// A property that one record of a chunk speaks of and another does not was
	// left out because it is empty.
	for _, n := range spoken {
		if n > 0 && n < len(got) {
			c.omits.Store(true)
			break
		}
	}
	for _, rec := range got {
		rec.omits = c.omits.Load()
	}
	faults.ForEach(func(_, e gjson.Result) bool {
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
	rec := newColumns(properties).record(id, c.omits.Load())
	texts := make([]string, len(rec.columns.at))
	for from := 0; from == 0 || from < len(properties); from += propertiesInQuery {
		part := properties[from:min(from+propertiesInQuery, len(properties))]
		r, _, err := c.get(ctx, "/crm/v3/objects/"+object+"/"+id, url.Values{"properties": {strings.Join(part, ",")}, "archived": {"false"}})
		if err != nil {
			return nil, err
		}
		rec.take(transport.Over(r), texts)
	}
	return rec, nil
}

func orEmpty(names []string) []string {
	if names == nil {
		return []string{}
	}
	return names
}
