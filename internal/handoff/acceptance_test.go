package handoff_test

import (
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/handoff"
)

// moment reads a time in Berlin.
func moment(s string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04", s, settings().Zone)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

func TestAcceptance(t *testing.T) {
	for _, c := range []struct {
		name                 string
		sent                 string // Berlin, or a date
		days, yes, no        string
		now                  string // Berlin
		want, state, changes string
	}{
		{"just sent", "2026-11-03 10:00", "5", "", "", "2026-11-03 10:00", "waiting, day 1 of 5", handoff.Waiting, "2026-11-04 10:00"},
		{"a minute before the second day", "2026-11-03 10:00", "5", "", "", "2026-11-04 09:59", "waiting, day 1 of 5", handoff.Waiting, "2026-11-04 10:00"},
		{"the second day", "2026-11-03 10:00", "5", "", "", "2026-11-04 10:00", "waiting, day 2 of 5", handoff.Waiting, "2026-11-05 10:00"},
		{"the last minute", "2026-11-03 10:00", "5", "", "", "2026-11-08 09:59", "waiting, day 5 of 5", handoff.Waiting, "2026-11-08 10:00"},
		{"silence", "2026-11-03 10:00", "5", "", "", "2026-11-08 10:00", "no response in 5 days", handoff.NoResponse, ""},
		{"accepted at once", "2026-11-03 10:00", "5", "2026-11-03 12:00", "", "2026-11-04 10:00", "accepted within a day", handoff.Accepted, ""},
		{"accepted", "2026-11-03 10:00", "5", "2026-11-05 09:00", "", "2026-11-06 10:00", "accepted after 1 day", handoff.Accepted, ""},
		{"declined", "2026-11-03 10:00", "5", "", "2026-11-05 10:00", "2026-11-06 10:00", "declined after 2 days", handoff.Declined, ""},
		{"accepted late is still an answer", "2026-11-03 10:00", "5", "2026-11-10 11:00", "", "2026-11-12 10:00", "accepted after 7 days", handoff.Accepted, ""},
		{"the first answer is the answer", "2026-11-03 10:00", "5", "2026-11-06 11:00", "2026-11-04 11:00", "2026-11-12 10:00", "declined after 1 day", handoff.Declined, ""},
		{"an answer to an earlier sending", "2026-11-03 10:00", "5", "2026-11-02 11:00", "", "2026-11-04 10:00", "waiting, day 2 of 5", handoff.Waiting, "2026-11-05 10:00"},
		{"an answer in the future", "2026-11-03 10:00", "5", "2026-11-06 11:00", "", "2026-11-04 10:00", "waiting, day 2 of 5", handoff.Waiting, "2026-11-05 10:00"},
		{"no window", "2026-11-03 10:00", "", "", "", "2026-11-04 10:00", "not measured: no response window", handoff.NotMeasured, ""},
		{"a window of nothing", "2026-11-03 10:00", "0", "", "", "2026-11-04 10:00", "not measured: no response window", handoff.NotMeasured, ""},
		{"a window that is no number", "2026-11-03 10:00", "soon", "", "", "2026-11-04 10:00", "not measured: no response window", handoff.NotMeasured, ""},
		{"a begun day is a day", "2026-11-03 10:00", "2.5", "", "", "2026-11-04 10:00", "waiting, day 2 of 3", handoff.Waiting, "2026-11-05 10:00"},
		{"the clock goes back: a day of 25 hours", "2026-10-24 10:00", "2", "", "", "2026-10-25 09:59", "waiting, day 1 of 2", handoff.Waiting, "2026-10-25 10:00"},
		{"and the window with it", "2026-10-24 10:00", "1", "", "", "2026-10-25 09:59", "waiting, day 1 of 1", handoff.Waiting, "2026-10-25 10:00"},
		{"the clock goes forward: a day of 23 hours", "2027-03-27 10:00", "1", "", "", "2027-03-28 10:00", "no response in a day", handoff.NoResponse, ""},
		{"an answer after 23 hours that are a day", "2027-03-27 10:00", "3", "2027-03-28 10:00", "", "2027-03-29 10:00", "accepted after 1 day", handoff.Accepted, ""},
		{"dates: the same day", "2026-11-03", "5", "2026-11-03", "", "2026-11-03 15:00", "accepted within a day", handoff.Accepted, ""},
		{"a date and a time: the same day", "2026-11-03", "5", "2026-11-03 11:00", "", "2026-11-03 15:00", "accepted within a day", handoff.Accepted, ""},
		{"a time and a date: the next day", "2026-11-03 10:00", "5", "2026-11-04", "", "2026-11-04 08:00", "accepted after 1 day", handoff.Accepted, ""},
		{"a date waits to the end of its last day", "2026-11-03", "2", "", "", "2026-11-05 23:59", "waiting, day 2 of 2", handoff.Waiting, "2026-11-06 00:00"},
		{"and no longer", "2026-11-03", "2", "", "", "2026-11-06 00:00", "no response in 2 days", handoff.NoResponse, ""},
		{"not sent yet", "2026-11-10 10:00", "5", "", "", "2026-11-04 10:00", "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := with(lead(), map[string]string{"days.8": c.days})
			for name, v := range map[string]string{"sent_at": c.sent, "accepted_at": c.yes, "declined_at": c.no} {
				if len(v) > len(time.DateOnly) {
					v = moment(v).Format("2006-01-02T15:04:05.000Z")
				}
				d.Fields.Set(name, text(v))
			}
			card, s := partnerCard(t), settings()
			s.GoLive = at("01 00:00").AddDate(0, -3, 0)
			out := handoff.Advance(handoff.Input{Card: card, Deal: d, Now: moment(c.now), Settings: s, Partner: "Cobalt Analytics"}, handoff.State{})
			a := out.State.Acceptance
			if a.String() != c.want || a.State != c.state {
				t.Errorf("%q (%s), want %q", a, a.State, c.want)
			}
			changes := time.Time{}
			if c.changes != "" {
				changes = moment(c.changes)
			}
			if a.State == handoff.Waiting && (out.Wake.IsZero() || out.Wake.After(changes)) {
				t.Errorf("looked at again %v, the words change %v", out.Wake, changes)
			}
		})
	}
}

func TestAcceptanceIsNotMeasuredWithoutFields(t *testing.T) {
	d := lead()
	d.Fields.Set("accepted_at", crm.Cell{})
	if a := hand(t, d, handoff.State{}, at("10 09:00")).State.Acceptance; a.State != handoff.NoResponse {
		t.Errorf("one field is enough to tell silence: %v", a)
	}
	d.Fields.Set("declined_at", crm.Cell{})
	if a := hand(t, d, handoff.State{}, at("10 09:00")).State.Acceptance; a.String() != "not measured: no field is mapped for the answer" {
		t.Errorf("%v", a)
	}
}

// What cannot be read is no silence, and an answer that was read stands.
func TestAcceptanceThatCannotBeRead(t *testing.T) {
	d := with(lead(), map[string]string{"accepted_at": "2026-11-05T09:00:00.000Z"})
	known := hand(t, d, handoff.State{}, at("06 09:00"))
	d.Fields.Set("accepted_at", crm.Cell{State: crm.Unreadable})
	if a := hand(t, d, handoff.State{}, at("10 09:00")).State.Acceptance; a.String() != "not measured: the answer cannot be read" {
		t.Errorf("%v", a)
	}
	if a := hand(t, d, known.State, at("10 09:00")).State.Acceptance; a.String() != "accepted after 2 days" {
		t.Errorf("%v", a)
	}
}
