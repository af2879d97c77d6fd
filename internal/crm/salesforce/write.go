package salesforce

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/transport"
)

// record is one record on its way.
type record struct {
	id      string // "" of one to be made
	values  values
	logical map[string]string // API name -> logical name, shared by all
	skipped []string          // logical names that cannot be written
	to      []int             // positions of its updates
}

// Write sets fields on up to 200 deals with one call, or 1,000 where writes may
// travel together. Results are matched by position. A field that the org turns
// out not to know is left out and the rest sent again; a request refused as a
// whole for another reason is sent again in halves until the record at fault is
// alone. Fields left out of a confirmed update are named in its outcome.
func (c *Client) Write(ctx context.Context, updates []crm.Update) ([]crm.Outcome, error) {
	out := make([]crm.Outcome, len(updates))
	for i, u := range updates {
		out[i].ID = u.ID
	}
	most := writeBatch
	if c.composite {
		most *= writesPerComposite
	}
	if len(updates) > most {
		return out, &crm.Error{Op: "salesforce.Write", Kind: crm.Invalid, Err: fmt.Errorf("%d updates at once, at most %d", len(updates), most)}
	}
	s, _, err := c.current(ctx)
	if err != nil {
		return out, err
	}
	w := c.writing(http.MethodPatch, "Opportunity", out)
	w.packs = true
	err = w.send(ctx, w.prepare(s, updates))
	return out, err
}

// writing makes or changes records of one object, each with an outcome.
type writing struct {
	c       *Client
	method  string // PATCH changes records, POST makes them
	object  string
	upsert  string // the external id by which PATCH changes records or makes them; "" goes by their ids
	packs   bool   // several calls may travel in one request
	out     []crm.Outcome
	made    []string                // ids of made records, by position in out
	halves  int                     // requests left for finding records that spoil a whole one
	logical map[string]string       // API name -> logical name of what is written
	spare   func(field string) bool // whether a record is worth writing without a field; nil means any
}

func (c *Client) writing(method, object string, out []crm.Outcome) *writing {
	return &writing{
		c: c, method: method, object: object, out: out, made: make([]string, len(out)),
		halves: mostHalves * (len(out)/writeBatch + 1), logical: map[string]string{},
	}
}

// mostHalves bounds that search for each 200: three bad records take about 40.
const mostHalves = 64

// prepare translates updates to records. What can be told to fail is rejected
// here and never sent.
func (w *writing) prepare(s *schema, updates []crm.Update) []*record {
	var records []*record
	byID := map[string]*record{}
	for i, u := range updates {
		o := &w.out[i]
		if !isID(string(u.ID)) {
			o.Status, o.Class, o.Code, o.Message = crm.Rejected, crm.ClassInvalid, "MALFORMED_ID", "not a Salesforce record id"
			continue
		}
		r, why := w.record(s, u)
		if why != "" {
			o.Status, o.Class, o.Message, o.Fields = crm.Rejected, crm.ClassInvalid, why, r.skipped
			continue
		}
		if len(r.values) == 0 {
			if len(r.skipped) == 0 {
				o.Status = crm.Confirmed // nothing to do
				continue
			}
			o.Status, o.Class, o.Code, o.Fields = crm.Rejected, crm.ClassPermission, "FIELD_NOT_WRITABLE", r.skipped
			o.Message = "none of the fields can be written by the integration user"
			continue
		}
		if first := byID[r.id]; first != nil { // one record twice in a call fails: the later update wins
			for _, v := range r.values {
				first.values.set(v.native, v.content)
			}
			first.skipped = append(first.skipped, r.skipped...)
			first.to = append(first.to, i)
			continue
		}
		r.to = []int{i}
		byID[r.id] = r
		records = append(records, r)
	}
	return records
}

// record translates one update. why names a fault of the update itself.
func (w *writing) record(s *schema, u crm.Update) (r *record, why string) {
	r = &record{id: id18(string(u.ID)), values: make(values, 0, len(u.Fields)), logical: w.logical}
	for _, name := range sortedKeys(u.Fields) {
		m := s.mapping.byName[name]
		switch {
		case m == nil:
			r.skipped = append(r.skipped, name)
			return r, "no field is mapped to " + name
		case m.logical.Writer != crm.Ours:
			r.skipped = append(r.skipped, name)
			return r, name + " belongs to people, syncd does not write it"
		case m.state() == crm.Unmapped:
			continue // optional and absent: not written
		case !m.writable, w.c.isLost(w.object, m.native):
			r.skipped = append(r.skipped, name)
			continue
		}
		v, err := m.on.wire(u.Fields[name], w.c.setup.Zone)
		if err != nil {
			r.skipped = append(r.skipped, name)
			return r, fmt.Sprintf("%s: the value for %s is %v", name, m.native, err)
		}
		r.values.set(m.native, v)
		r.logical[m.native] = name
	}
	return r, ""
}

// send sends records until each has an outcome or the connection cannot go on.
func (w *writing) send(ctx context.Context, records []*record) (err error) {
	for len(records) > 0 && err == nil {
		if w.packs && len(records) > writeBatch && w.c.WriteBatch() > writeBatch {
			records, err = w.together(ctx, records)
		} else {
			records, err = w.each(ctx, records)
		}
	}
	return err
}

// each sends records in calls of their own, one after the other, and returns
// those to send once more.
func (w *writing) each(ctx context.Context, records []*record) (left []*record, err error) {
	for chunk := range slices.Chunk(records, writeBatch) {
		again, err := w.took(ctx, chunk, w.call(ctx, chunk))
		left = append(left, again...)
		if err != nil {
			return left, err
		}
	}
	return left, nil
}

// reply is what came back for some records.
type reply struct {
	answer gjson.Result
	err    error
}

// call sends at most 200 records in a call of their own.
func (w *writing) call(ctx context.Context, records []*record) reply {
	resource := collections
	if w.upsert != "" {
		resource += "/" + w.object + "/" + w.upsert
	}
	body, _, err := w.c.do(ctx, w.method, w.c.data(resource), w.collection(records))
	return reply{transport.Parse(body), err}
}

// collections is the resource that takes many records.
const collections = "composite/sobjects"

// collection is the body that makes or changes records, the largest that is
// sent: it is written by hand, without copies and reflection.
func (w *writing) collection(records []*record) json.RawMessage {
	b := append(make([]byte, 0, 2048*len(records)), `{"allOrNone":false,"records":[`...)
	for _, r := range records {
		b = append(crm.AppendText(append(crm.Comma(b), `{"attributes":{"type":`...), w.object), '}')
		b = crm.AppendSome(b, "id", r.id)
		for _, v := range r.values {
			b = v.append(crm.AppendKey(b, v.native))
		}
		b = append(b, '}')
	}
	return append(b, `]}`...)
}

// took gives records their outcomes by what came back for them, and returns
// those to send once more.
func (w *writing) took(ctx context.Context, records []*record, r reply) (left []*record, err error) {
	if r.err != nil {
		return w.refused(ctx, records, r.err)
	}
	return w.results(records, r.answer)
}

// results matches the answer to the records by position: a failed record need
// not carry its id. Records refused for a field that our user may not write are
// to be sent once more without it.
func (w *writing) results(records []*record, answer gjson.Result) (left []*record, err error) {
	list := answer.Array()
	fault := ""
	switch {
	case !answer.IsArray():
		fault = "the answer to a write is not a list"
	case len(list) != len(records):
		fault = fmt.Sprintf("%d records were sent and %d results came back", len(records), len(list))
	default:
		for i, v := range list {
			switch id, ok := v.Get("id").String(), v.Get("success"); {
			case ok.Type != gjson.True && ok.Type != gjson.False:
				fault = "a result of a write does not say whether it succeeded"
			case records[i].id != "" && isID(id) && id18(id) != records[i].id:
				fault = "the results of a write are in another order than the records"
			case records[i].id == "" && ok.Bool() && !isID(id):
				fault = "a record was made and its id is not told"
			}
		}
	}
	if fault != "" {
		w.all(records, crm.Outcome{Status: crm.Unknown})
		return nil, malformed("write", fault)
	}
	for i, v := range list {
		r := records[i]
		if v.Get("success").Bool() {
			w.all(records[i:i+1], crm.Outcome{Status: crm.Confirmed, Fields: r.skipped})
			for _, at := range r.to {
				w.made[at] = id18(v.Get("id").String())
			}
			continue
		}
		w.all(records[i:i+1], rejection(r, v.Get("errors.0")))
		if names := unwritable(v.Get("errors.0")); w.drop(records[i:i+1], names) && len(r.values) > 0 {
			left = append(left, r)
		}
	}
	return left, nil
}

// drop takes fields out of records, and remembers them, if any record had them.
func (w *writing) drop(records []*record, names []string) bool {
	if w.spare != nil && slices.ContainsFunc(names, func(n string) bool { return !w.spare(n) }) {
		return false
	}
	if len(names) == 0 || !without(records, names) {
		return false
	}
	for _, native := range names {
		w.c.lose(w.object, native)
	}
	return true
}

// refused deals with a request that was not carried out, or may have been.
func (w *writing) refused(ctx context.Context, records []*record, err error) (left []*record, _ error) {
	kind, code := crm.KindOf(err), codeOf(err)
	switch {
	case kind == crm.Invalid && code != "" && code != "UNSUPPORTED_API_VERSION":
		return w.invalid(ctx, records, err)
	case processed(err):
		w.all(records, crm.Outcome{Status: crm.Unknown, Code: code})
	default:
		w.all(records, crm.Outcome{Status: crm.NotSent, Code: code})
	}
	return nil, err
}

// processed reports whether a request that ended in err may have been carried out.
func processed(err error) bool {
	kind := crm.KindOf(err)
	never := transport.Unsent(err)
	return kind == crm.Malformed || !never && kind == crm.Unavailable
}

var (
	noColumn = regexp.MustCompile(`No such column '([A-Za-z0-9_]+)'`)
	noEdit   = regexp.MustCompile(`Unable to create/update fields: ([A-Za-z0-9_, ]+)`)
)

// invalid deals with a request that the org refused to read: nothing of it
// was carried out, so it is safe to send what is left.
func (w *writing) invalid(ctx context.Context, records []*record, err error) (left []*record, _ error) {
	if w.drop(records, named(err.Error())) {
		return w.kept(records, err), nil
	}
	if w.halves--; len(records) > 1 && w.halves > 0 {
		half := (len(records) + 1) / 2
		if err := w.send(ctx, records[:half]); err != nil {
			return nil, err // the other half stays not sent
		}
		return nil, w.send(ctx, records[half:])
	}
	message := err.Error()
	if e := (*crm.Error)(nil); errors.As(err, &e) && e.Err != nil {
		message = e.Err.Error()
	}
	w.all(records, crm.Outcome{Status: crm.Rejected, Class: crm.ClassInvalid, Code: codeOf(err), Message: clean(message)})
	return nil, nil
}

// kept are the records that still have something to write after fields were
// taken out of them; the others are rejected.
func (w *writing) kept(records []*record, err error) (left []*record) {
	for _, r := range records {
		if len(r.values) > 0 {
			left = append(left, r)
			continue
		}
		w.all([]*record{r}, crm.Outcome{
			Status: crm.Rejected, Class: crm.ClassPermission, Code: codeOf(err),
			Message: "none of the fields can be written by the integration user", Fields: r.skipped,
		})
	}
	return left
}

// named are the fields that the org's words say are not there or not editable.
func named(text string) []string {
	if m := noColumn.FindStringSubmatch(text); m != nil {
		return m[1:]
	}
	if m := noEdit.FindStringSubmatch(text); m != nil {
		return strings.FieldsFunc(m[1], func(r rune) bool { return r == ',' || r == ' ' })
	}
	return nil
}

// unwritable are the fields that a record was refused for because our user may
// not write them.
func unwritable(v gjson.Result) []string {
	f := faultIn(v)
	if f.Code != codeField && f.Code != "INVALID_FIELD_FOR_INSERT_UPDATE" {
		return nil
	}
	if len(f.Fields) > 0 {
		return f.Fields
	}
	return named(f.Message)
}

// without takes fields out of all records and reports whether any had them.
func without(records []*record, names []string) bool {
	any := false
	for _, r := range records {
		r.values = slices.DeleteFunc(r.values, func(v value) bool {
			if !slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, v.native) }) {
				return false
			}
			r.skipped = append(r.skipped, r.logical[v.native])
			any = true
			return true
		})
	}
	return any
}

// all gives records one outcome.
func (w *writing) all(records []*record, o crm.Outcome) {
	for _, r := range records {
		for _, i := range r.to {
			o.ID = w.out[i].ID
			w.out[i] = o
		}
	}
}
