package hssim

import (
	"strings"
	"time"

	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
)

func (s *Server) seedDeals(w *world.World) {
	t := s.table("deals")
	fields := fieldsOn(w, "deal")
	for i := range w.Deals {
		d := &w.Deals[i]
		created := s.stampOf(w, d.CreatedAt)
		st := &state{created: created, modified: max(created, s.wonAt(w, d))}
		if !d.EditedAt.IsZero() {
			st.modified = max(st.modified, s.stampOf(w, d.EditedAt))
		}
		put(t, st, "dealname", d.Name)
		put(t, st, "amount", d.Amount)
		put(t, st, "deal_currency_code", d.Currency)
		put(t, st, "dealtype", dealType(d.Type))
		put(t, st, "hubspot_owner_id", s.ownerText(d.Owner))
		put(t, st, "hubspot_owner_assigneddate", isoTime(st.created))
		put(t, st, "closedate", s.closeDate(i, d.CloseDate))
		for name, v := range d.Fields {
			s.putField(t, st, fields[name], v)
		}
		r := t.add(st)
		s.seedStage(w, i, d, r, st)
		s.seedSeller(d, r, st)
		s.seedLinks(w, d, r, st)
		s.seedNotes(w, d, r, st)
		s.seeded.deals = append(s.seeded.deals, r)
	}
}

func (s *Server) wonAt(w *world.World, d *world.Deal) int64 {
	if d.WonAt.IsZero() {
		return 0
	}
	return s.stampOf(w, d.WonAt)
}

// closeDate turns a day in the portal's zone into the instant HubSpot keeps.
// People close deals early, late and by typing a day, so the UTC day often is
// another one.
func (s *Server) closeDate(i int, day string) string {
	at, err := time.ParseInLocation("2006-01-02", day, s.zone)
	if err != nil {
		return ""
	}
	hour := []int{9, 0, 23, 14}[i%4]
	return isoTime(time.Date(at.Year(), at.Month(), at.Day(), hour, 20*(i%3), 0, 0, s.zone).UnixMilli())
}

// seedStage spreads deals over the pipelines and their several won stages, and
// writes the history of the stage.
func (s *Server) seedStage(w *world.World, i int, d *world.Deal, r *record, st *state) {
	home := "default"
	first, open, lost := "appointmentscheduled", "presentationscheduled", "closedlost"
	won := []string{"closedwon", "closedwon", "148230511"}[i%3]
	if i%7 == 3 {
		home, first, open, lost = "75201846", "148230640", "148230641", "148230644"
		won = []string{"148230642", "148230643"}[i%2]
	}
	stage := first
	switch d.Stage {
	case world.Engaging:
		stage = open
	case world.Won:
		stage = won
	case world.Lost:
		stage = lost
	}
	put(r.t, st, "pipeline", home)
	put(r.t, st, "dealstage", stage)
	slot := r.t.props["dealstage"].slot
	by := source{kind: "CRM_UI", id: "userId:9100017", user: 9_100_017}
	r.hist = append(r.hist, past{slot, first, st.created, by})
	put(r.t, st, "hs_v2_date_entered_"+first, isoTime(st.created))
	if stage == first {
		return
	}
	at := s.wonAt(w, d)
	if at == 0 {
		at = min(st.created+86_400_000, w.Now.UnixMilli())
	}
	r.hist = append(r.hist, past{slot, stage, at, by})
	put(r.t, st, "hs_v2_date_exited_"+first, isoTime(at))
	put(r.t, st, "hs_v2_date_entered_"+stage, isoTime(at))
	if d.Stage == world.Won {
		put(r.t, st, "hs_closed_won_date", isoTime(at))
	}
	st.modified = max(st.modified, at)
}

// seedSeller writes the owner's history when the deal changed hands after it
// was won.
func (s *Server) seedSeller(d *world.Deal, r *record, st *state) {
	if d.Seller < 0 || d.Seller == d.Owner || d.WonAt.IsZero() {
		return
	}
	slot := r.t.props["hubspot_owner_id"].slot
	by := source{kind: "CRM_UI", id: "userId:9100017", user: 9_100_017}
	handed := min(d.WonAt.Add(time.Hour).UnixMilli(), s.now())
	r.hist = append(r.hist, past{slot, s.ownerText(d.Seller), st.created, by})
	r.hist = append(r.hist, past{slot, s.ownerText(d.Owner), handed, by})
	put(r.t, st, "hubspot_owner_assigneddate", isoTime(handed))
	st.modified = max(st.modified, handed)
}

// seedLinks associates company and contacts; a role is a label, and one contact
// may have several.
func (s *Server) seedLinks(w *world.World, d *world.Deal, r *record, st *state) {
	if d.Account >= 0 && d.Account < len(s.seeded.companies) {
		co := s.seeded.companies[d.Account]
		s.tie(r, co).primary = true
		co.cur.deals++
	}
	p := pair{"deals", "contacts"}
	have := map[int]*link{}
	for _, role := range d.Roles {
		if role.Contact < 0 || role.Contact >= len(s.seeded.contacts) {
			continue
		}
		l := have[role.Contact]
		if l == nil {
			c := s.seeded.contacts[role.Contact]
			l = s.tie(r, c)
			have[role.Contact] = l
			st.contacts++
			c.cur.deals++
		}
		if lb := s.labelNamed(p, role.Name); lb != nil {
			l.mark(lb)
		}
	}
}

// seedNotes logs what people wrote, each as the kind of activity it was.
func (s *Server) seedNotes(w *world.World, d *world.Deal, r *record, st *state) {
	for _, n := range d.Notes {
		at := s.stampOf(w, n.At)
		body := &state{created: at, modified: at}
		t := s.activityTable(n.Kind)
		put(t, body, "hs_timestamp", isoTime(at))
		put(t, body, "hubspot_owner_id", s.ownerText(n.By))
		switch t.plural {
		case "notes":
			put(t, body, "hs_note_body", asHTML(n.Title, n.Body))
			put(t, body, "hs_body_preview", plain(asHTML(n.Title, n.Body)))
		case "calls":
			put(t, body, "hs_call_title", n.Title)
			put(t, body, "hs_call_body", asHTML("", n.Body))
			put(t, body, "hs_call_direction", "OUTBOUND")
			put(t, body, "hs_call_status", "COMPLETED")
		case "emails":
			put(t, body, "hs_email_subject", n.Title)
			put(t, body, "hs_email_text", n.Body)
			put(t, body, "hs_email_html", asHTML("", n.Body))
			put(t, body, "hs_email_direction", "EMAIL")
			put(t, body, "hs_email_status", "SENT")
		case "meetings":
			put(t, body, "hs_meeting_title", n.Title)
			put(t, body, "hs_meeting_body", asHTML("", n.Body))
			put(t, body, "hs_meeting_start_time", isoTime(at))
			put(t, body, "hs_meeting_end_time", isoTime(at+1_800_000))
			put(t, body, "hs_meeting_outcome", "COMPLETED")
		case "tasks":
			put(t, body, "hs_task_subject", n.Title)
			put(t, body, "hs_task_body", asHTML("", n.Body))
			put(t, body, "hs_task_status", "COMPLETED")
			put(t, body, "hs_task_type", "TODO")
			put(t, body, "hs_task_completion_date", isoTime(at))
		}
		s.tie(t.add(body), r)
		st.logged++
		st.lastLog = max(st.lastLog, at)
		st.modified = max(st.modified, at)
	}
}

func (s *Server) activityTable(kind string) *table {
	if t := s.table(strings.ToLower(kind)); t != nil && t.activity {
		return t
	}
	return s.table("notes")
}
