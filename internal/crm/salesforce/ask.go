package salesforce

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/tidwall/gjson"
	"golang.org/x/sync/errgroup"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/transport"
)

const (
	// longestQuery keeps a query below the vendor's 100,000 characters
	// (read 2026-11-20) once its address is encoded.
	longestQuery = 80_000
	// longestPath keeps a plain GET below 16,384 bytes of address and headers.
	longestPath = 8_000
	// plainIDs is how many ids a plain GET holds, at 27 bytes each once encoded.
	plainIDs = 200
	// queriesPerComposite is how many queries one composite request may hold.
	queriesPerComposite = 5
	// mostTries bounds how often one question is put again.
	mostTries = 4
)

// ask is one question about many records: the rows of an object that hang on
// any of a list of ids.
type ask struct {
	object string
	cols   []string
	key    string // the column that holds one of ids
	where  string // a further condition, "" if none
	ids    []string
	all    bool // archived rows too
	// optional: a refusal is kept in refused and does not end the load.
	optional bool
	row      func(gjson.Result) // never called twice at once within one run

	refused error // why the org does not answer, if optional
}

// rows names what comes back: how many rows hang on an id depends on whose id
// it is.
func (a *ask) rows() string { return a.object + "." + a.key }

// part is as much of an ask as one query holds.
type part struct {
	of    *ask
	ids   []string
	tries int
}

func (p part) soql() string {
	var b strings.Builder
	b.Grow(200 + 21*len(p.ids))
	b.WriteString("SELECT ")
	b.WriteString(strings.Join(p.of.cols, ", "))
	b.WriteString(" FROM ")
	b.WriteString(p.of.object)
	b.WriteString(" WHERE ")
	b.WriteString(p.of.key)
	b.WriteString(" IN (")
	for i, id := range p.ids {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('\'')
		b.WriteString(id) // isID holds of all ids
		b.WriteByte('\'')
	}
	b.WriteByte(')')
	if p.of.where != "" {
		b.WriteString(" AND ")
		b.WriteString(p.of.where)
	}
	return b.String()
}

// split cuts a part into pieces of at most n ids.
func (p part) split(n int) []part {
	var out []part
	for ids := p.ids; len(ids) > 0; {
		k := min(n, len(ids))
		out = append(out, part{of: p.of, ids: ids[:k], tries: p.tries})
		ids = ids[k:]
	}
	return out
}

// run puts every question and hands each row to its ask. Questions travel
// together, five to a composite request, which counts as one call. What the
// org finds too much is asked again in halves; a page that went stale with its
// session is asked for anew.
func (c *Client) run(ctx context.Context, asks ...*ask) error {
	var todo []part
	for _, a := range asks {
		fixed := len(a.where) + 100
		for _, col := range a.cols {
			fixed += len(col) + 2
		}
		n := max((longestQuery-fixed)/27, 50)
		todo = append(todo, part{of: a, ids: a.ids}.split(c.pace.ids(a.rows(), min(n, c.batch)))...)
	}
	r := &round{c: c}
	for len(todo) > 0 {
		again, err := r.put(ctx, todo)
		if err != nil {
			return err
		}
		todo = again
	}
	return nil
}

// round is one run's state.
type round struct {
	c  *Client
	mu sync.Mutex // guards again, and serialises row and refused of all asks
	// again are parts to put once more, smaller or simply anew.
	again []part
}

// put asks all parts at once and returns those to ask again.
func (r *round) put(ctx context.Context, parts []part) ([]part, error) {
	r.again = nil
	g, gctx := errgroup.WithContext(ctx)
	if len(parts) == 1 && len(parts[0].ids) <= plainIDs && len(parts[0].soql()) < longestPath/2 || r.c.plain.Load() {
		for _, p := range parts {
			for _, small := range p.split(plainIDs) {
				g.Go(func() error { return r.plain(gctx, small) })
			}
		}
	} else {
		for i := 0; i < len(parts); i += queriesPerComposite {
			group := parts[i:min(i+queriesPerComposite, len(parts))]
			g.Go(func() error { return r.composite(gctx, group) })
		}
	}
	err := g.Wait()
	return r.again, err
}

// plain asks one part by itself.
func (r *round) plain(ctx context.Context, p part) error {
	v, err := r.c.get(ctx, r.c.queryPath(p.soql(), p.of.all))
	if err != nil {
		return r.failed(ctx, p, err, whole, 0)
	}
	return r.pages(ctx, p, pageOf(transport.Over(v)), r.c.session.generation())
}

// composite asks several parts in one request.
func (r *round) composite(ctx context.Context, parts []part) error {
	type sub struct {
		Method string `json:"method"`
		URL    string `json:"url"`
		Ref    string `json:"referenceId"`
	}
	subs := make([]sub, len(parts))
	for i, p := range parts {
		subs[i] = sub{"GET", r.c.queryPath(p.soql(), p.of.all), ref(i)}
	}
	body, _, err := r.c.do(ctx, "POST", r.c.data("composite"), map[string]any{"allOrNone": false, "compositeRequest": subs})
	if err != nil {
		return r.compositeFailed(ctx, parts, err)
	}
	gen := r.c.session.generation()
	answers := resultsOf(transport.Over(transport.Parse(body)))
	if len(answers) != len(parts) {
		return malformed("composite", "the answer does not hold one result a question")
	}
	byRef := make(map[string]result, len(answers))
	for _, a := range answers {
		byRef[a.ref.String()] = a
	}
	for i, p := range parts {
		a, ok := byRef[ref(i)]
		if !ok {
			return malformed("composite", "the answer does not hold one result a question")
		}
		if status := int(a.status.Int()); status < 200 || status > 299 {
			err = r.failed(ctx, p, subError("query", status, a.body), inside, gen)
		} else {
			err = r.pages(ctx, p, a.page, gen)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func ref(i int) string { return "q" + string(rune('0'+i)) }

// compositeFailed deals with a composite request refused as a whole.
func (r *round) compositeFailed(ctx context.Context, parts []part, err error) error {
	switch {
	case crm.KindOf(err) == crm.NotFound:
		r.c.plain.Store(true) // this org has no composite resource: ask one by one
		r.add(parts...)
		return nil
	case crm.KindOf(err) == crm.Malformed && codeOf(err) != codeNotJSON:
		// Too large to take: half of the deals, or half of the questions.
		for _, p := range parts {
			if err := r.failed(ctx, p, err, whole, 0); err != nil {
				return err
			}
		}
		return nil
	}
	return err
}

// subError is the error of one result within a composite answer.
func subError(op string, status int, body gjson.Result) error {
	v := body
	if v.IsArray() {
		v = v.Get("0")
	}
	f := faultIn(v)
	if f.Code == "" && f.Message == "" {
		f.Message = "no reason given"
	}
	if status < 300 {
		status = 500
	}
	verdict := verdict(status, nil, f)
	return &crm.Error{
		Op: "salesforce." + op, Kind: verdict.Kind, Code: verdict.Code, After: verdict.After, Fix: verdict.Fix,
		Err: errText(verdict.Message),
	}
}

type errText string

func (e errText) Error() string { return string(e) }

// pages takes the rows of an answer and of all its further pages.
func (r *round) pages(ctx context.Context, p part, first page, gen uint64) error {
	pages := [][]gjson.Result{first.rows}
	n := len(first.rows)
	for at := first; !at.done.Bool(); {
		next, err := nextPage(at.next)
		if err != nil {
			return err
		}
		if r.c.session.generation() != gen {
			return r.failed(ctx, p, &crm.Error{Op: "salesforce.query", Kind: crm.Auth, Code: codeLocator, Err: errText("the session changed between two pages")}, further, 0)
		}
		v, err := r.c.get(ctx, next)
		if err != nil {
			return r.failed(ctx, p, err, further, 0)
		}
		at = pageOf(transport.Over(v))
		n += len(at.rows)
		pages = append(pages, at.rows)
	}
	r.c.pace.noted(p.of.rows(), len(p.ids), len(pages[0]), n, len(pages) == 1)
	if first.total.Exists() && int64(n) < first.total.Int() {
		return malformed("query", "fewer rows of "+p.of.object+" came than were announced")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, rows := range pages {
		for _, row := range rows {
			p.of.row(row)
		}
	}
	return nil
}

// nextPage is the path of the page at an address. Only path and query of it are
// taken: a session goes to no other host.
func nextPage(at gjson.Result) (string, error) {
	next := at.String()
	if i := strings.Index(next, "/services/data/"); i >= 0 {
		return next[i:], nil
	}
	return "", malformed("query", "a page is not the last one and names no next one")
}

// where tells how far a question got before it failed.
type where uint8

const (
	whole   where = iota // the request was refused, after the transport did what it could
	inside               // one result within a composite answer, which the transport does not see
	further              // a page after the first
)

// failed decides what becomes of a part that was not answered: asked again
// smaller, asked again anew, passed over, or the end of the run. gen is the
// session that was refused, where it matters.
func (r *round) failed(ctx context.Context, p part, err error, at where, gen uint64) error {
	p.tries++
	kind, code := crm.KindOf(err), codeOf(err)
	switch {
	case ctx.Err() != nil:
		return err
	case p.tries > mostTries:
	case tooMuch(kind, code) && len(p.ids) > 1:
		r.add(p.split((len(p.ids) + 1) / 2)...)
		return nil
	case at == further && (code == codeLocator || code == codeSession):
		r.add(p)
		return nil
	case at == inside && code == codeSession:
		if err := r.c.session.Renew(ctx, gen); err != nil {
			return err
		}
		r.add(p)
		return nil
	case at == inside && (kind == crm.Unavailable || kind == crm.RateLimited || code == "PROCESSING_HALTED"):
		if err := pause(ctx, time.Duration(p.tries)*250*time.Millisecond); err != nil {
			return err
		}
		r.add(p)
		return nil
	}
	if p.of.optional && (kind == crm.Invalid || kind == crm.Permission || kind == crm.NotFound) {
		r.mu.Lock()
		defer r.mu.Unlock()
		p.of.refused = err
		return nil
	}
	return err
}

// tooMuch tells the refusals that a smaller question may not meet.
func tooMuch(kind crm.ErrorKind, code string) bool {
	return code == codeTimeout || code == codeTooBig || code == codeComplicated ||
		kind == crm.Malformed && code == ""
}

func (r *round) add(parts ...part) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.again = append(r.again, parts...)
}

// pause waits, or ends with the caller's context.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return &crm.Error{Op: "salesforce.query", Kind: crm.Unavailable, Err: ctx.Err()}
	}
}
