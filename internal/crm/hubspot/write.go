package hubspot

import (
	"context"
	"errors"
	"slices"

	"github.com/tidwall/gjson"
	"go.uber.org/zap"

	"github.com/handoffscore/syncd/internal/crm"
)

// Write sets properties on deals, 100 in a request. What became of each is
// read from the answer's body. A request that is refused as a whole for one
// bad record is halved until that record stands alone.
func (c *Client) Write(ctx context.Context, updates []crm.Update) ([]crm.Outcome, error) {
	out := make([]crm.Outcome, len(updates))
	for i, u := range updates {
		out[i].ID = u.ID
	}
	s, err := c.current(ctx, nil)
	if err != nil {
		return out, err
	}
	w := &writing{c: c, object: "deals", word: "deal", out: out, made: make([]string, len(out)), bad: map[value]refusedValue{}, logical: s.logical}
	at := map[crm.DealID]int{} // the last update of a deal counts
	for i, u := range updates {
		at[u.ID] = i
	}
	var jobs []job
	for i, u := range updates {
		if at[u.ID] == i {
			if j, ok := w.prepare(s, i, u); ok {
				jobs = append(jobs, j)
			}
		}
	}
	err = w.all(ctx, jobs)
	for i, u := range updates {
		if last := at[u.ID]; last != i {
			out[i] = out[last]
		}
	}
	return out, err
}

// writing makes or changes records of one kind, each with an outcome.
type writing struct {
	c       *Client
	object  string // "deals"
	word    string // what people call one of them
	out     []crm.Outcome
	made    []string               // ids of made records, by position in out
	bad     map[value]refusedValue // values that were refused once
	logical func(string) string    // the logical name of a property
}

// job is one record as it travels.
type job struct {
	at    int    // in updates and outcomes
	id    string // how answers name it: the record's id, or the key of a task to be made
	props map[string]string
	links []linkTo // of a record to be made
}

// creates reports whether the job makes a record.
func (j job) creates() bool { return len(j.links) > 0 }

func (j job) input() input {
	in := input{id: j.id, properties: j.props, trace: j.id, links: j.links}
	if j.creates() {
		in.id = ""
	}
	return in
}

type value struct{ property, text string }

// prepare turns logical fields into properties, leaving out what cannot be
// written; a deal of which nothing is left is rejected here.
func (w *writing) prepare(s *schema, i int, u crm.Update) (job, bool) {
	j := job{at: i, id: string(u.ID), props: make(map[string]string, len(u.Fields))}
	var left []string
	for name, text := range u.Fields {
		e := s.mapping.byName[name]
		if e == nil || !e.writable {
			left = append(left, name)
			continue
		}
		j.props[e.native] = e.write(text, s.account.zone)
	}
	switch {
	case !digits(j.id):
		w.reject(i, crm.ClassInvalid, "", "the deal's id is not one of HubSpot's", nil)
		return j, false
	case len(j.props) == 0:
		w.reject(i, crm.ClassPermission, "", "none of the fields can be written in this portal", left)
		return j, false
	case len(left) > 0:
		w.c.log.Debug("fields left out of a write", zap.String("deal", j.id), zap.Strings("fields", left))
	}
	return j, true
}

func (w *writing) reject(i int, class crm.Class, code, message string, fields []string) {
	o := &w.out[i]
	o.Status, o.Class, o.Code, o.Message, o.Fields = crm.Rejected, class, code, message, fields
}

func (w *writing) mark(jobs []job, status crm.Status, code string) {
	for _, j := range jobs {
		if o := &w.out[j.at]; o.Status == crm.NotSent {
			o.Status, o.Code = status, code
		}
	}
}

// all writes jobs, batch by batch.
func (w *writing) all(ctx context.Context, jobs []job) error {
	for batch := range slices.Chunk(jobs, objectBatch) {
		if err := w.send(ctx, batch); err != nil {
			return err
		}
	}
	return nil
}

// send writes one batch. Its error says why nothing more can be written.
func (w *writing) send(ctx context.Context, jobs []job) error {
	jobs = w.withoutBad(jobs)
	if len(jobs) == 0 {
		return nil
	}
	inputs := make([]input, len(jobs))
	for i, j := range jobs {
		inputs[i] = j.input()
	}
	r, f, err := w.c.change(ctx, w.object, inputs)
	if err == nil {
		return w.decide(ctx, jobs, r)
	}
	var never unwritten
	if errors.As(err, &never) {
		return never.error
	}
	switch kind := crm.KindOf(err); {
	case kind == crm.Auth, kind == crm.Permission, kind == crm.NotFound:
		return err // nothing was written; the outcome stays NotSent
	case kind == crm.Invalid && f.Category+f.Message == "":
		return err // not HubSpot's words: nothing at this address takes writes
	case kind == crm.Invalid:
		return w.refused(ctx, jobs, f, err)
	}
	w.mark(jobs, crm.Unknown, codeOf(err)) // it may have been written
	w.c.log.Warn("outcome of a write is not known", zap.Int("records", len(jobs)), zap.Error(err))
	return cancelled(ctx)
}

// cancelled is the error of a run that was told to stop, nil while it may go on.
func cancelled(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	return &crm.Error{Op: "hubspot.write", Kind: crm.Unavailable, Err: ctx.Err()}
}

// refused deals with a request that was refused as a whole.
func (w *writing) refused(ctx context.Context, jobs []job, f fault, err error) error {
	if len(jobs) == 1 {
		w.refuse(jobs[0], f, err)
		return nil
	}
	if w.learn(f, jobs) {
		return w.send(ctx, jobs)
	}
	half := len(jobs) / 2
	if err := w.send(ctx, jobs[:half]); err != nil {
		return err
	}
	return w.send(ctx, jobs[half:])
}

// decide reads the outcome of every record from the answer's body.
func (w *writing) decide(ctx context.Context, jobs []job, r gjson.Result) error {
	results, faults := listsOf(r)
	if !results.IsArray() {
		w.mark(jobs, crm.Unknown, codeNotJSON)
		return nil
	}
	byID := make(map[string]job, len(jobs))
	for _, j := range jobs {
		byID[j.id] = j
	}
	var loose []fault // errors that name no record
	faults.ForEach(func(_, e gjson.Result) bool {
		f := readFault(e)
		named := false
		for _, id := range append(f.IDs, f.Trace...) {
			if j, ok := byID[id]; ok {
				named = true
				if w.out[j.at].Status == crm.NotSent {
					w.refuse(j, f, nil)
				}
			}
		}
		if !named {
			loose = append(loose, f)
		}
		return true
	})
	results.ForEach(func(_, o gjson.Result) bool {
		id := idOf(o.Get("id"))
		j, ok := byID[id]
		if jobs[0].creates() {
			j, ok = madeBy(byID, o)
		}
		// What was made is there, whatever else is said of it.
		if o := &w.out[j.at]; ok && digits(id) && (o.Status == crm.NotSent || j.creates()) {
			*o, w.made[j.at] = crm.Outcome{ID: o.ID, Status: crm.Confirmed}, id
		}
		return true
	})
	var silent []job
	for _, j := range jobs {
		if w.out[j.at].Status == crm.NotSent {
			silent = append(silent, j)
		}
	}
	if len(silent) == 1 && len(loose) == 1 && loose[0].Category != "" {
		w.refuse(silent[0], loose[0], nil)
		return nil
	}
	if jobs[0].creates() {
		w.mark(silent, crm.Unknown, "")
		return nil
	}
	return w.trace(ctx, silent)
}

// madeBy finds which job made the record of an answer: by the trace id, or by
// the mark in what came back. Nothing else tells.
func madeBy(byID map[string]job, o gjson.Result) (job, bool) {
	if j, ok := byID[o.Get("objectWriteTraceId").String()]; ok {
		return j, true
	}
	j, ok := byID[crm.MarkedKey(o.Get("properties.hs_task_body").String())]
	return j, ok
}

// trace finds out about records that an answer does not speak of: those of
// merged or deleted deals are dropped without a word.
func (w *writing) trace(ctx context.Context, silent []job) error {
	for i, j := range silent {
		f, err := w.c.fateOf(ctx, w.object, j.id)
		switch {
		case err != nil:
			w.mark(silent[i:], crm.Unknown, codeOf(err))
			if k := crm.KindOf(err); k == crm.Auth || k == crm.Quota || k == crm.RateLimited {
				return err
			}
			return cancelled(ctx)
		case f.survivor != "":
			w.reject(j.at, crm.ClassGone, "MERGED", "the "+w.word+" was merged into "+f.survivor, nil)
		case f.gone:
			w.reject(j.at, crm.ClassGone, "OBJECT_NOT_FOUND", "the "+w.word+" was deleted", nil)
		default:
			w.mark(silent[i:i+1], crm.Unknown, "")
		}
	}
	return nil
}
