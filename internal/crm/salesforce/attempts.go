package salesforce

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/handoffscore/syncd/internal/crm"
)

var _ crm.AttemptBook = (*Client)(nil)

// The object that keeps a record of every attempt, and what finds a record again.
const (
	attemptObject = "Handoff_Attempt__c"
	attemptKey    = "Key__c"
	attemptDeal   = "Opportunity__c"
	// attemptPlace is where the configuration asks for it.
	attemptPlace = "attempt_object"
	noAttempts   = "no records of attempts are kept: %v"
)

// attemptField is a field of that object.
type attemptField struct {
	native, label, help string
	kind                crm.Kind
	to                  string // the object that it refers to, "" if it is no lookup
	restricted          bool   // it tells a number or a band
	get                 func(*crm.Attempt) string
	set                 func(*crm.Attempt, string)
}

func textField(native, label, help string, part func(*crm.Attempt) *string) attemptField {
	return attemptField{
		native: native, label: label, help: help, kind: crm.Text,
		get: func(a *crm.Attempt) string { return *part(a) }, set: func(a *crm.Attempt, text string) { *part(a) = text },
	}
}

func numberField(native, label, help string, part func(*crm.Attempt) *int) attemptField {
	return attemptField{
		native: native, label: label, help: help, kind: crm.Number,
		get: func(a *crm.Attempt) string { return strconv.Itoa(*part(a)) },
		set: func(a *crm.Attempt, text string) { *part(a), _ = strconv.Atoi(text) },
	}
}

func (f attemptField) seals() attemptField { f.restricted = true; return f }

// attemptFields are what a record holds, beside its number in a row.
var attemptFields = func() []attemptField {
	deal := textField(attemptDeal, "Opportunity", "The deal that was handed over.", func(a *crm.Attempt) *string { return (*string)(&a.Deal) })
	deal.to = "Opportunity"
	gaps := textField("Gaps__c", "Gaps", "What was missing, with the question to ask.", func(a *crm.Attempt) *string { return &a.Gaps })
	gaps.kind = crm.LongText
	return []attemptField{
		textField(attemptKey, "Key", "Filled by syncd: finds the record again.", func(a *crm.Attempt) *string { return &a.Key }),
		deal,
		textField("Scorecard__c", "Scorecard", "The card that it was scored by.", func(a *crm.Attempt) *string { return &a.Scorecard }),
		textField("Version__c", "Scorecard Version", "The content of the card at the time.", func(a *crm.Attempt) *string { return &a.Version }),
		numberField("Attempt__c", "Attempt", "1 for the first handoff, one more for each handoff after it.", func(a *crm.Attempt) *int { return &a.Number }),
		numberField("Score__c", "Score", "Points when it became final, or as corrected since.", func(a *crm.Attempt) *int { return &a.Score }).seals(),
		numberField("Out_Of__c", "Out of", "The points there are.", func(a *crm.Attempt) *int { return &a.OutOf }),
		textField("Band__c", "Band", "What the score means.", func(a *crm.Attempt) *string { return &a.Band }).seals(),
		textField("Categories__c", "Categories", "Points by category; blank if nobody knows them any more.", func(a *crm.Attempt) *string { return &a.Categories }).seals(),
		gaps,
		textField("Notes__c", "Notes", "What was missing when it became final.", func(a *crm.Attempt) *string { return &a.Notes }),
		{
			native: "Final_At__c", label: "Final at", help: "When the score was settled.", kind: crm.DateTime,
			get: func(a *crm.Attempt) string {
				if a.FinalAt.IsZero() {
					return ""
				}
				return a.FinalAt.Format(canonicalStamp)
			},
			set: func(a *crm.Attempt, text string) {
				if t, err := time.Parse(canonicalStamp, text); err == nil {
					a.FinalAt = t.UTC()
				}
			},
		},
	}
}()

// AttemptBatch is how many records one call takes.
func (c *Client) AttemptBatch() int { return writeBatch }

// attemptable says why records of attempts are not kept: the object, or one of
// its fields, is not there for our user, or sellers can read its numbers.
func (s *schema) attemptable() error {
	fail := func(fix, format string, args ...any) error {
		return &crm.Error{Op: "salesforce.attempts", Kind: crm.Permission, Err: fmt.Errorf(format, args...), Fix: fix}
	}
	const apply = "run syncd fields apply, or deploy the project that syncd fields export writes, and assign " + syncSet + " to the integration user"
	o := s.objects[attemptObject]
	switch {
	case s.standing(attemptObject) != readable || o == nil:
		return fail(apply, "there is no object %s, or the integration user may not read it", attemptObject)
	case o.Createable != nil && !*o.Createable, o.Updateable != nil && !*o.Updateable:
		return fail("assign "+syncSet+" to the integration user", "the integration user may not create and edit records of %s", attemptObject)
	}
	var missing, fixed []string
	for _, f := range attemptFields {
		switch on := o.field(f.native); {
		case on == nil:
			missing = append(missing, f.native)
		case !on.Createable, !on.Updateable:
			fixed = append(fixed, f.native)
		}
	}
	switch {
	case len(missing) > 0:
		return fail(apply, "%s lacks fields, or hides them from the integration user: %s", attemptObject, crm.Some(missing))
	case len(fixed) > 0:
		return fail("assign "+syncSet+" to the integration user", "fields of %s cannot be written by the integration user: %s", attemptObject, crm.Some(fixed))
	case slices.Contains(s.seen.Withheld, crm.AttemptsField):
		return fail("take the read access away from whoever sells, or have somebody answer for it under visibility_waiver", "sellers can read the numbers of %s", attemptObject)
	}
	return nil
}

// PutAttempts makes or changes up to 200 records with one call, and makes those
// that are made once with another.
func (c *Client) PutAttempts(ctx context.Context, list []crm.Attempt) ([]crm.Outcome, error) {
	out := make([]crm.Outcome, len(list))
	for i := range list {
		out[i].ID = list[i].Deal
	}
	s, _, err := c.current(ctx)
	if err == nil {
		err = s.attemptable()
	}
	if err != nil {
		return out, err
	}
	ctx = counted(ctx, "attempts put")
	put := c.writing(http.MethodPatch, attemptObject, out)
	put.upsert = attemptKey
	once := c.writing(http.MethodPost, attemptObject, out)
	var puts, onces []*record
	for i := range list {
		w := put
		if list[i].Once {
			w = once
		}
		r, why := w.attempt(s, &list[i])
		if why != "" {
			out[i].Status, out[i].Class, out[i].Message = crm.Rejected, crm.ClassInvalid, why
			continue
		}
		r.to = []int{i}
		if list[i].Once {
			onces = append(onces, r)
		} else {
			puts = append(puts, r)
		}
	}
	if err := put.send(ctx, puts); err != nil {
		return out, err
	}
	err = once.send(ctx, onces)
	for i := range out {
		if o := &out[i]; list[i].Once && o.Status == crm.Rejected && o.Code == "DUPLICATE_VALUE" {
			*o = crm.Outcome{ID: o.ID, Status: crm.Confirmed} // it stands there
		}
	}
	return out, err
}

// attempt translates one record. None of its fields may be left out.
func (w *writing) attempt(s *schema, a *crm.Attempt) (r *record, why string) {
	w.spare = func(string) bool { return false }
	if !isID(string(a.Deal)) {
		return nil, "not a Salesforce record id"
	}
	r = &record{values: make(values, 0, len(attemptFields)), logical: w.logical}
	for _, f := range attemptFields {
		on := s.objects[attemptObject].field(f.native)
		v, err := on.wire(f.get(a), w.c.setup.Zone)
		if err != nil {
			return nil, fmt.Sprintf("the value for %s is %v", f.native, err)
		}
		r.values.set(on.Name, v)
	}
	return r, ""
}

// FindAttempts reads the records of the deals that keys begin with.
func (c *Client) FindAttempts(ctx context.Context, keys []string) (map[string]crm.Attempt, error) {
	var ids []string
	for _, key := range keys {
		if id, _, _ := strings.Cut(key, "/"); isID(id) {
			ids = append(ids, id18(id))
		}
	}
	slices.Sort(ids)
	cols := make([]string, len(attemptFields))
	for i, f := range attemptFields {
		cols[i] = f.native
	}
	found := map[string]crm.Attempt{}
	err := c.withSchema(ctx, func(s *schema) error {
		if err := s.attemptable(); err != nil {
			return err
		}
		clear(found)
		return c.run(counted(ctx, "attempts find"), &ask{
			object: attemptObject, key: attemptDeal, ids: slices.Compact(ids), cols: cols,
			row: func(r gjson.Result) {
				var a crm.Attempt
				for _, f := range attemptFields {
					told := text(f.kind, r.Get(f.native))
					if f.to != "" {
						told = id18(told)
					}
					f.set(&a, strings.ReplaceAll(told, "\r\n", "\n"))
				}
				if slices.Contains(keys, a.Key) {
					found[a.Key] = a
				}
			},
		})
	})
	return found, err
}
