package salesforce

import (
	"context"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/watched"
)

// Touched yields pages of the Opportunities to which something moved in the
// window: a contact role or its contact, an activity, a note. Deleted rows
// count, with two exceptions that the vendor makes: a contact role that is
// deleted by itself is gone at once, and so may be the links of a deleted note
// that is a file. The full read finds both.
func (c *Client) Touched(ctx context.Context, w crm.Window, after string) iter.Seq2[crm.Page, error] {
	return func(yield func(crm.Page, error) bool) {
		s, _, err := c.current(ctx)
		if err != nil {
			yield(crm.Page{}, err)
			return
		}
		for page, err := range c.watched.Pages(ctx, c.streams(s, w), after) {
			if !yield(page, err) {
				return
			}
		}
	}
}

// form is a way to ask for a stream: what is to be found, one after another.
// Orgs differ in the conditions they take; what one form is refused for the
// next does without.
type form []sought

// streams are the kinds of record that Load reads beside the Opportunities.
// Their names are part of cursors.
func (c *Client) streams(s *schema, w crm.Window) []watched.Stream {
	stream := func(name string, forms []form) watched.Stream {
		x := watched.Stream{Name: name}
		if len(forms) > 0 {
			x.Pages = func(ctx context.Context, after string) iter.Seq2[crm.Page, error] {
				return func(yield func(crm.Page, error) bool) {
					r := &reading{c: c, s: s, name: name, forms: forms, window: w}
					r.pages(ctx, after, yield)
				}
			}
		}
		return x
	}
	list := []watched.Stream{stream("contact roles", s.roleForms(c.setup.Partner))}
	for _, n := range noteObjects {
		list = append(list, stream(n.object, s.noteForms(n)))
	}
	return append(list, stream("ContentNote", c.fileForms(s)))
}

// roleForms find roles that moved, and roles whose contact did: both at once,
// or one after the other where the org does not take OR across a relationship.
func (s *schema) roleForms(partner string) []form {
	o, contact := s.objects["OpportunityContactRole"], s.objects["Contact"]
	if s.standing("OpportunityContactRole") != readable {
		return nil
	}
	own := sought{
		object: "OpportunityContactRole", cols: []string{"OpportunityId"}, stamp: stampColumn(o),
		where: s.ofInterest(partner), deal: dealIn("OpportunityId"),
	}
	if s.standing("Contact") != readable {
		return []form{{own}, {own.without()}}
	}
	people := own
	people.stamp = "Contact." + stampColumn(contact)
	both := own
	both.also = people.stamp
	return []form{{both}, {own, people}, {own.without(), people.without()}}
}

// ofInterest is the condition on the deal behind a row that spares those which
// nobody scores: neither won nor a partner's.
func (s *schema) ofInterest(partner string) string {
	const won = "Opportunity.IsWon = true"
	on := s.partner(partner)
	switch {
	case on == nil:
		return won
	case !on.filterable():
		return ""
	case on.kind() == crm.Bool:
		return "(" + won + " OR Opportunity." + on.Name + " = true)"
	}
	return "(" + won + " OR Opportunity." + on.Name + " != null)"
}

func (s *schema) noteForms(n noteObject) []form {
	if s.noteState(n) != crm.Read {
		return nil
	}
	of := sought{
		object: n.object, cols: []string{n.parent}, stamp: stampColumn(s.objects[n.object]),
		where: strings.TrimSuffix(n.parent, "Id") + ".Type = 'Opportunity'", deal: dealIn(n.parent),
	}
	return []form{{of}, {of.without()}}
}

// fileForms find notes of the Lightning kind, and then what they are linked to.
func (c *Client) fileForms(s *schema) []form {
	if s.fileState() != crm.Read {
		return nil
	}
	return []form{{{
		object: "ContentNote", stamp: stampColumn(s.objects["ContentNote"]), deals: c.linkedDeals,
		deal: func(r gjson.Result) crm.Moved { return crm.Moved{ID: crm.DealID(id18(r.Get("Id").String()))} },
	}}}
}

// without does without the condition that only spares rows.
func (of sought) without() sought {
	of.where = ""
	return of
}

// dealIn reads the column that holds the Opportunity, or another kind of record.
func dealIn(column string) func(gjson.Result) crm.Moved {
	return func(r gjson.Result) crm.Moved { return crm.Moved{ID: opportunityID(r.Get(column).String())} }
}

// opportunityID is the id, if it is an Opportunity's.
func opportunityID(id string) crm.DealID {
	if id = id18(id); isID(id) && strings.HasPrefix(id, "006") {
		return crm.DealID(id)
	}
	return ""
}

// linkedDeals finds the Opportunities that documents are linked to.
func (c *Client) linkedDeals(ctx context.Context, docs []crm.Moved) ([]crm.Moved, error) {
	at := make(map[string]time.Time, len(docs))
	for _, d := range docs {
		at[string(d.ID)] = d.At
	}
	var out []crm.Moved
	err := c.run(ctx, &ask{
		object: "ContentDocumentLink", cols: []string{"Id", "LinkedEntityId", "ContentDocumentId"},
		key: "ContentDocumentId", ids: sortedKeys(at), all: true,
		row: func(r gjson.Result) {
			if id := opportunityID(r.Get("LinkedEntityId").String()); id != "" {
				out = append(out, crm.Moved{ID: id, At: at[id18(r.Get("ContentDocumentId").String())]})
			}
		},
	})
	return out, err
}

// reading is one way through a stream. Its place is the form it is in, which
// of the form's sweeps, and the sweep's own place.
type reading struct {
	c      *Client
	s      *schema
	name   string
	forms  []form
	window crm.Window
}

func (r *reading) pages(ctx context.Context, after string, yield func(crm.Page, error) bool) {
	form, nth, at, err := r.start(after)
	for err == nil {
		var more bool
		more, err = r.sweep(ctx, form, nth, at, yield)
		switch {
		case err == nil && !more:
			return
		case err == nil:
			nth, at = nth+1, place{}
		case form+1 < len(r.forms) && r.forms[form][nth].tooMuch(err):
			form, nth, at, err = form+1, 0, place{}, nil
			r.s.forms.Store(r.name, form)
		}
	}
	if codeOf(err) == codeTimeout {
		// However little is asked for: it is no use to come back for it.
		err = &crm.Error{Op: "salesforce.Touched", Kind: crm.Invalid, Code: codeTimeout, Err: err}
	}
	yield(crm.Page{}, err)
}

// sweep reads one part of a form; more tells that another follows and is wanted.
func (r *reading) sweep(ctx context.Context, form, nth int, at place, yield func(crm.Page, error) bool) (more bool, err error) {
	last, wanted := nth == len(r.forms[form])-1, true
	err = r.c.sweep("Touched", r.forms[form][nth], r.window, at).read(ctx, func(page crm.Page, err error) bool {
		switch {
		case page.Next != "":
			page.Next = cursor(form, nth, page.Next)
		case !last:
			page.Next = cursor(form, nth+1, "")
		}
		wanted = yield(page, err)
		return wanted
	})
	return wanted && !last, err
}

// tooMuch tells whether a plainer form may be answered where this one was not.
func (of sought) tooMuch(err error) bool {
	return crm.KindOf(err) == crm.Invalid || codeOf(err) == codeTimeout && of.also != ""
}

func cursor(form, nth int, place string) string { return fmt.Sprintf("%d.%d|%s", form, nth, place) }

// start is where the stream is read from: at its beginning in the form that
// the org takes, as far as that is known.
func (r *reading) start(after string) (form, nth int, at place, err error) {
	if after == "" {
		if known, ok := r.s.forms.Load(r.name); ok {
			form = known.(int)
		}
		return form, 0, place{}, nil
	}
	which, rest, ok := strings.Cut(after, "|")
	a, b, dotted := strings.Cut(which, ".")
	form, err1 := strconv.Atoi(a)
	nth, err2 := strconv.Atoi(b)
	if !ok || !dotted || err1 != nil || err2 != nil || form < 0 || form >= len(r.forms) || nth < 0 || nth >= len(r.forms[form]) {
		return 0, 0, place{}, foreignPlace("Touched")
	}
	at, err = placeOf("Touched", rest)
	return form, nth, at, err
}
