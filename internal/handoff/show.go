package handoff

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/handoffscore/syncd/internal/autoscore"
	"github.com/handoffscore/syncd/internal/scorecard"
)

// What the escalation field holds.
const (
	NoEscalation = "None"
	CSManager    = "CS manager"
	SalesManager = "Sales manager"
)

// textLimit is the length of syncd's plain text fields.
const textLimit = 255

// show says what syncd's own fields on the record should hold, ball among them.
// Status, gaps, action and ball are read by AEs and hold no score. updated_at is
// not among them: it moves only when something else does.
func show(in Input, out Output, ball string) map[string]string {
	s, card := out.State, in.Card
	filled := func(place int) bool {
		return s.Final != nil && filledAfter(in, s.Final, out.Result.Items[place].ID, place)
	}
	v := shown{make(map[string]string, 28), card}
	v.set("status", string(s.Status))
	v.set("attempt", strconv.Itoa(s.Attempt))
	v.set("score_out_of", strconv.Itoa(card.OutOf))
	v.set("range", rangeText(card, out.Result, s.Final != nil))
	v.set("gaps", Gaps(card, out.Result, filled))
	v.set("ball", ball)
	v.set("key", Key(in.Deal.Ref.ID, card, s))
	v.set("scorecard_version", s.Version)
	v.set("sync_message", message(card, out))
	v.set("due_at", stamp(s.Due))
	v.set("hold", "false")
	v.set("escalation", NoEscalation)
	v.set("escalated_at", stamp(s.EscalatedAt))
	v.set("resolved_at", stamp(s.ResolvedAt))
	if s.Elder {
		v.unknown("escalated_at", s.EscalatedAt)
		v.unknown("resolved_at", s.ResolvedAt)
		if s.CSM != "" && s.CSMSince.IsZero() && !s.Kickoff.At.IsZero() {
			v.unknown("due_at", s.Due)
		}
	}
	for _, base := range []string{"score", "band", "health", "action"} {
		v.set(base, "")
	}
	if s.Status == Disputed && !in.Disputed {
		v.set("status", string(IsFinal))
	}
	for i := range card.Categories {
		v.set(card.Categories[i].Cell, "")
	}
	for item := range card.Items() {
		if item.Auto {
			v.set(item.Cell, scoreText(out.Result.Item(item.ID)))
		}
	}
	switch {
	case s.Final != nil:
		showFinal(in, s, v)
	case in.Settings.EarlyWarning && card.Start == scorecard.StartKickoff && s.Status != Closed && s.Status != Overdue && s.Status != ScoringOpen:
		if out.Result.Ceiling <= card.LowestBand().Max {
			v.set("hold", "true")
		}
	}
	return v.texts
}

// shown is what a card's own fields should hold, by logical name.
type shown struct {
	texts map[string]string
	card  *scorecard.Card
}

func (v shown) set(base, text string) { v.texts[v.card.Field(base)] = text }

// unknown leaves a moment alone that nobody knows any more.
func (v shown) unknown(base string, at time.Time) {
	if at.IsZero() {
		delete(v.texts, v.card.Field(base))
	}
}

// showFinal fills in what only a final has.
func showFinal(in Input, s State, v shown) {
	v.set("score", strconv.Itoa(s.Final.Total))
	v.set("band", s.Final.Band)
	for i, cat := range in.Card.Sums(s.Final.points()).Categories {
		v.set(in.Card.Categories[i].Cell, strconv.Itoa(cat.Points))
	}
	band := in.Card.Band(s.Final.Total)
	if band == nil {
		return
	}
	v.set("health", band.Health)
	v.set("action", cut(actionOf(band, s, in.Now), textLimit))
	if s.Status == Closed {
		return
	}
	v.set("hold", strconv.FormatBool(band.Hold))
	if s.Flag != "" {
		v.set("escalation", s.Flag)
	}
}

// actionOf: once the kickoff has passed, a kickoff can no longer be delayed.
func actionOf(b *scorecard.Band, s State, now time.Time) string {
	if b.ActionLate != "" && !s.Kickoff.At.IsZero() && !now.Before(s.Kickoff.At) {
		return b.ActionLate
	}
	return b.Action
}

// rangeText is "8-34 of 40, 14 items open", or the total once final.
func rangeText(card *scorecard.Card, r autoscore.Result, final bool) string {
	switch {
	case final:
		return fmt.Sprintf("%d of %d", r.Floor, card.OutOf)
	case r.OpenN == 1:
		return fmt.Sprintf("%d-%d of %d, 1 item open", r.Floor, r.Ceiling, card.OutOf)
	}
	return fmt.Sprintf("%d-%d of %d, %d items open", r.Floor, r.Ceiling, card.OutOf, r.OpenN)
}

func turnText(who, what string) string {
	if what == "" {
		return who
	}
	return who + ": " + what
}

// message tells what syncd could not take in.
func message(card *scorecard.Card, out Output) string {
	var parts []string
	for _, item := range out.Result.Items {
		switch {
		case item.NotUnderstood != "":
			parts = append(parts, fmt.Sprintf("%s: %q is not 0, 1 or 2", item.ID, cut(item.NotUnderstood, 20)))
		case item.Unknown:
			parts = append(parts, item.ID+": cannot be read")
		}
	}
	parts = append(parts, out.Warnings...)
	if s := out.State; s.Status == Closed {
		parts = append(parts, "closed: "+s.Reason)
	} else if s.Final != nil && len(s.Final.Notes) > 0 {
		parts = append(parts, "final with "+strings.Join(s.Final.Notes, " and "))
	}
	if out.Reading.Advice != "" {
		parts = append(parts, out.Reading.Advice)
	}
	return cut(strings.Join(parts, "; "), textLimit)
}

func scoreText(item *autoscore.Item) string {
	if item == nil || item.Score == autoscore.Open {
		return ""
	}
	return strconv.Itoa(int(item.Score))
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

// cut shortens text to at most n characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}

// Unasked takes out of the key what there was nobody to ask for: where the store
// is lost before somebody is found, it is asked for anew.
func (o *Output) Unasked(card *scorecard.Card, id string, kinds []string) {
	name := card.Field("key")
	if _, shown := o.Show[name]; !shown || len(kinds) == 0 {
		return
	}
	s := o.State
	s.Notices = slices.DeleteFunc(slices.Clone(s.Notices), func(n Notice) bool { return n.Attempt == s.Attempt && slices.Contains(kinds, n.Kind) })
	o.Show[name] = Key(id, card, s)
}

// Tell adds a warning for people to what follows from a step, and to what the
// record shows of it.
func (o *Output) Tell(card *scorecard.Card, warning string) {
	o.Warnings = append(o.Warnings, warning)
	if o.Show != nil {
		o.Show[card.Field("sync_message")] = message(card, *o)
	}
}
