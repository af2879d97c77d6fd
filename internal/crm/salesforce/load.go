package salesforce

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
)

// Load reads whole snapshots. Records that do not come back are Gone: deleted,
// or no longer shared with the integration user. Opportunities are never merged.
func (c *Client) Load(ctx context.Context, ids []crm.DealID) (out crm.Loaded, err error) {
	err = c.withSchema(ctx, func(s *schema) (err error) {
		out, err = c.load(ctx, s, ids)
		return err
	})
	if err != nil {
		return crm.Loaded{}, err
	}
	return out, nil
}

func (c *Client) load(ctx context.Context, s *schema, ids []crm.DealID) (crm.Loaded, error) {
	l := newLoading(c.setup, s, ids)
	if len(l.ids) > 0 {
		if err := c.run(ctx, l.asks()...); err != nil {
			return crm.Loaded{}, err
		}
		if more := l.contentNotes(); more != nil {
			if err := c.run(ctx, more); err != nil {
				return crm.Loaded{}, err
			}
		}
	}
	if l.outdated() && time.Since(s.at) > time.Minute {
		c.forget(s)
	}
	return l.loaded(), nil
}

// loading is one Load: drafts that rows of all objects are put into.
type loading struct {
	setup  crm.Setup
	s      *schema
	asked  []crm.DealID
	ids    []string          // of asked, 18 characters, each once
	drafts map[string]*draft // of each id asked for, nil until something of it has come

	roles   *ask
	stages  *ask
	changes *ask
	notes   []*ask
	links   *ask                // files linked to the deals
	files   map[string][]string // note document -> deals it is linked to
	sure    map[string]bool     // documents that are notes, by their file type
	preview *ask

	notesState crm.State
	contact    contactColumns
	row        row      // the one being read
	blank      crm.Deal // a deal as it is before it is read
}

// draft is a deal in the making.
type draft struct {
	found   bool
	deal    crm.Deal
	stage   string // stored value
	people  []crm.Contact
	played  []played
	stages  []stageRow
	changes []change
	notes   []crm.Note
	emailed map[string]bool // tasks that stand for an e-mail that is read by itself
}

func newLoading(setup crm.Setup, s *schema, ids []crm.DealID) *loading {
	l := &loading{
		setup: setup, s: s, asked: ids, drafts: make(map[string]*draft, len(ids)),
		files: map[string][]string{}, sure: map[string]bool{}, blank: s.blank(setup),
	}
	l.contact = s.contactColumns(setup)
	for _, id := range ids {
		if !isID(string(id)) {
			continue
		}
		id := id18(string(id))
		if _, known := l.drafts[id]; !known {
			l.drafts[id] = nil
			l.ids = append(l.ids, id)
		}
	}
	return l
}

// asks are all questions that only need the deals' ids.
func (l *loading) asks() []*ask {
	asks := []*ask{l.opportunities()}
	if l.s.standing("OpportunityContactRole") == readable {
		l.roles = l.contactRoles()
		asks = append(asks, l.roles)
	}
	if a := l.stageHistory(); a != nil {
		l.stages = a
		asks = append(asks, a)
	}
	if a := l.fieldHistory(); a != nil {
		l.changes = a
		asks = append(asks, a)
	}
	l.notes = l.noteAsks()
	asks = append(asks, l.notes...)
	if l.links = l.fileLinks(); l.links != nil {
		asks = append(asks, l.links)
	}
	return asks
}

// outdated reports whether a question was refused for a field or object that
// the schema promised.
func (l *loading) outdated() bool {
	for _, a := range append([]*ask{l.roles, l.stages, l.changes, l.links, l.preview}, l.notes...) {
		if a == nil || a.refused == nil {
			continue
		}
		if code := codeOf(a.refused); code == codeField || code == codeType {
			return true
		}
	}
	return false
}

// at is the draft of a deal, nil for one that was not asked for.
func (l *loading) at(id string) *draft {
	d, asked := l.drafts[id]
	if !asked {
		id = id18(id)
		d, asked = l.drafts[id]
	}
	if asked && d == nil {
		d = &draft{}
		l.drafts[id] = d
	}
	return d
}

// loaded turns the drafts into the answer.
func (l *loading) loaded() crm.Loaded {
	out := crm.Loaded{Merged: map[crm.DealID]crm.DealID{}}
	l.settleNotes()
	out.Deals = make([]crm.Deal, 0, len(l.drafts))
	seen := make(map[string]bool, len(l.asked))
	for _, id := range l.asked {
		key := id18(string(id))
		if seen[key] {
			continue
		}
		seen[key] = true
		d := l.drafts[key]
		if d == nil || !d.found {
			out.Gone = append(out.Gone, id)
			continue
		}
		l.finish(d)
		out.Deals = append(out.Deals, d.deal)
	}
	return out
}

// finish works out what needs all rows of a deal.
func (l *loading) finish(d *draft) {
	deal := &d.deal
	l.finishRoles(d)
	l.settleMoments(d)
	deal.Notes = d.notes
	slices.SortFunc(deal.Notes, func(a, b crm.Note) int {
		if n := a.At.Compare(b.At); n != 0 {
			return n
		}
		return strings.Compare(a.ID, b.ID)
	})
}
