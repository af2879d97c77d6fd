package syncer

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/handoffscore/syncd/internal/autoscore"
	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/handoff"
	"github.com/handoffscore/syncd/internal/scorecard"
	"github.com/handoffscore/syncd/internal/store"
)

// Kept is what the store holds of one handoff, beside its columns.
type Kept struct {
	State handoff.State `json:"state"`
	// Snapshot and Judgement are the hashes of the last stored ones, so that
	// history grows only when something differs.
	Snapshot  string `json:"snapshot"`
	Judgement string `json:"judgement"`
}

// Judged is one step of one handoff as kept in history.
type Judged struct {
	Status   handoff.Status   `json:"status"`
	Attempt  int              `json:"attempt"`
	Result   autoscore.Result `json:"result"`
	Warnings []string         `json:"warnings,omitempty"`
	CSM      crm.UserID       `json:"csm,omitempty"`
	Kickoff  time.Time        `json:"kickoff,omitzero"`
	Due      time.Time        `json:"due,omitzero"`
	Final    *handoff.Final   `json:"final,omitempty"`
	// The life beside the score: earlier finals, what was asked of whom, what
	// the record escalates, who has had the ball since when.
	Earlier     []handoff.Final  `json:"earlier,omitempty"`
	Notices     []handoff.Notice `json:"notices,omitempty"`
	Flag        string           `json:"flag,omitempty"`
	EscalatedAt time.Time        `json:"escalated_at,omitzero"`
	ResolvedAt  time.Time        `json:"resolved_at,omitzero"`
	Dispute     handoff.Dispute  `json:"dispute,omitzero"`
	Turns       []handoff.Turn   `json:"turns,omitempty"`
	Listed      []string         `json:"listed,omitempty"`
	// Of a partner handoff.
	Motion     string             `json:"motion,omitempty"`
	Reading    handoff.Reading    `json:"reading,omitzero"`
	Acceptance handoff.Acceptance `json:"acceptance,omitzero"`
}

// step judges one deal on a card and advances its handoff, of which kept is
// what is remembered.
func (p *pass) step(d *crm.Deal, card *scorecard.Card, kept Kept, twin string, now time.Time) handoff.Output {
	c := p.c
	sheet := handoff.Read(card, d, kept.State)
	start, _ := sheet.Kickoff(c.Settings.Zone)
	in := handoff.Input{Card: card, Deal: d, Now: now, Settings: c.Settings, Twin: twin, Since: p.since, Disputed: p.disputed[card.Field("status")]}
	in.Result = c.Judge.Score(card, d, sheet.Entered, autoscore.At{Now: now, Kickoff: start.At})
	if partner := d.Field("partner"); card.PartnerOnly && c.Judge.Named(partner) {
		in.Partner = partner.Text
	}
	return handoff.Advance(in, kept.State)
}

// card chooses the deal's card; one by which somebody has begun to score, or
// that is final, stays. Where the store knows of none, the record may.
func (c *Connection) card(d *crm.Deal, prev map[string]Kept) (*scorecard.Card, string) {
	keep := ""
	for id, k := range prev {
		if !c.partners(id) && (k.State.Started || k.State.Final != nil) {
			keep = id
		}
	}
	if keep == "" {
		keep = handoff.Named(c.Cards, d, func(card string) bool { _, ok := prev[card]; return ok })
	}
	return handoff.Choose(c.Cards, d, c.Settings, keep)
}

// Own is one of syncd's own fields as the CRM has it.
type Own struct {
	Kind   crm.Kind
	Length int // of texts, in UTF-16 units; 0 if not limited
}

// own lists syncd's own fields that exist and may be written. What may not is
// a Problem of the description, told once and not once a record.
func (c *Connection) own(desc crm.Description) map[string]Own {
	own := map[string]Own{}
	for _, f := range c.Setup.Fields {
		if s := desc.Fields[f.Name]; f.Writer == crm.Ours && s.Writable {
			own[f.Name] = Own{f.Kind, s.Length}
		}
	}
	return own
}

// fit cuts text to a field's length, as an adapter does when it writes it; what
// is compared is what can stand there.
func fit(text string, length int) string {
	if length <= 0 || len(text) <= length {
		return text // a UTF-16 unit takes a byte at least
	}
	units := utf16.Encode([]rune(text))
	if len(units) <= length {
		return text
	}
	units = units[:length-1]
	if n := len(units); n > 0 && utf16.IsSurrogate(rune(units[n-1])) && units[n-1] < 0xDC00 {
		units = units[:n-1]
	}
	return string(utf16.Decode(units)) + "…"
}

// Diff compares what the record should show with what it shows. A field that
// is not mapped or cannot be read is left alone. updated_at is set only when
// something else differs. before holds what stood there; a name that is absent
// from it was blank.
func Diff(show map[string]string, d *crm.Deal, own map[string]Own, updatedAt string, now time.Time) (fields, before map[string]string) {
	for name, want := range show {
		f, ok := own[name]
		cell := d.Field(name)
		want = fit(want, f.Length)
		if !ok || !cell.Known() || same(f.Kind, cell.Text, want) {
			continue
		}
		if fields == nil {
			fields, before = make(map[string]string, len(show)+1), map[string]string{}
		}
		fields[name] = want
		if cell.Text != "" {
			before[name] = cell.Text
		}
	}
	if _, writable := own[updatedAt]; fields == nil || !writable {
		return fields, before
	}
	if cell := d.Field(updatedAt); cell.Known() {
		fields[updatedAt] = now.UTC().Format("2006-01-02T15:04:05.000Z")
		if cell.Text != "" {
			before[updatedAt] = cell.Text
		}
	}
	return fields, before
}

// same compares canonical texts as a CRM keeps them: it trims, it may store
// whole seconds, and it may end lines in its own way.
func same(kind crm.Kind, have, want string) bool {
	if have == want {
		return true
	}
	switch kind {
	case crm.Bool:
		return have == "" && want == "false"
	case crm.DateTime:
		if have == "" || want == "" {
			return false // it is no time, of which Parse would make an error
		}
		a, errA := time.Parse(time.RFC3339, have)
		b, errB := time.Parse(time.RFC3339, want)
		return errA == nil && errB == nil && a.Truncate(time.Second).Equal(b.Truncate(time.Second))
	case crm.Text, crm.LongText:
		return plainLines(have) == plainLines(want)
	}
	return false
}

func plainLines(s string) string {
	return strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n"))
}

// snapshotOf is what history keeps of a deal: everything judged, without the
// record's own stamp and without syncd's own cells and tasks, but for the key of
// a copy. The body stands until the next text is made.
func (p *pass) snapshotOf(d *crm.Deal) (body []byte, hash string) {
	kept := *d
	kept.ModifiedAt = time.Time{}
	kept.Fields = p.kept.of(d)
	if slices.ContainsFunc(d.Notes, ours) {
		kept.Notes = slices.DeleteFunc(slices.Clone(d.Notes), ours)
	}
	return p.text.deal(&kept)
}

func ours(n crm.Note) bool { return n.Ours }

// keeping picks the cells that history keeps. What deals that were read
// together have in common is worked out once.
type keeping struct {
	fields []crm.Field
	names  *crm.Names // that the places are of
	places []int      // of cells that are kept
	key    []int      // of keys, which are kept of a copy
}

func (k *keeping) of(d *crm.Deal) crm.Cells {
	names := d.Fields.Names()
	if names == nil {
		return d.Fields
	}
	if names != k.names {
		k.names, k.places, k.key = names, nil, nil
		for _, f := range k.fields {
			switch place := names.Place(f.Name); {
			case place < 0:
			case f.Writer != crm.Ours:
				k.places = append(k.places, place)
			case f.Base == "key":
				k.key = append(k.key, place)
			}
		}
	}
	places := slices.Clip(k.places)
	for _, place := range k.key {
		if handoff.IsCopy(d.Ref.ID, d.Fields.At(place).Text) {
			places = append(places, place)
		}
	}
	return d.Fields.Only(places)
}

// textual turns values into JSON in one buffer that is used again: whole deals
// pass through it. Most are known by their hash and not kept once more, so what
// has a hash stands in the buffer, until the next.
type textual struct{ buf []byte }

// deal returns a deal's JSON and the hash of it.
func (t *textual) deal(d *crm.Deal) (text []byte, hash string) {
	t.buf = d.AppendJSON(t.buf[:0])
	return t.buf, hashOf(t.buf)
}

// judgement returns a judgement's JSON and the hash of it.
func (t *textual) judgement(j *Judged) (text []byte, hash string) {
	t.buf = j.appendJSON(t.buf[:0])
	return t.buf, hashOf(t.buf)
}

// state returns a state's JSON.
func (t *textual) state(k *Kept) string {
	t.buf = k.appendJSON(t.buf[:0])
	return string(t.buf)
}

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:12])
}

// readKept groups stored states by deal and card.
func readKept(states []store.State) (map[string]map[string]Kept, map[string]map[string]store.State, error) {
	kept, rows := map[string]map[string]Kept{}, map[string]map[string]store.State{}
	for _, s := range states {
		var k Kept
		if err := json.Unmarshal([]byte(s.Body), &k); err != nil {
			return nil, nil, fmt.Errorf("stored state of %s: %w", s.Ref, err)
		}
		if kept[s.Ref.ID] == nil {
			kept[s.Ref.ID], rows[s.Ref.ID] = map[string]Kept{}, map[string]store.State{}
		}
		kept[s.Ref.ID][s.Card], rows[s.Ref.ID][s.Card] = k, s
	}
	return kept, rows, nil
}

// Same compares a field's text on the record with the text sent.
func (c *Connection) Same(field, have, want string) bool {
	for _, f := range c.Setup.Fields {
		if f.Name == field {
			return same(f.Kind, have, want)
		}
	}
	return have == want
}
