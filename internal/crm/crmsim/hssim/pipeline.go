package hssim

import (
	"fmt"
	"sort"
	"strconv"
)

type pipeline struct {
	ID           string       `json:"id"`
	Label        string       `json:"label"`
	DisplayOrder int          `json:"displayOrder"`
	Archived     bool         `json:"archived"`
	CreatedAt    string       `json:"createdAt"`
	UpdatedAt    string       `json:"updatedAt"`
	Stages       []*dealStage `json:"stages"`
}

type dealStage struct {
	ID               string            `json:"id"`
	Label            string            `json:"label"`
	DisplayOrder     int               `json:"displayOrder"`
	Archived         bool              `json:"archived"`
	CreatedAt        string            `json:"createdAt"`
	UpdatedAt        string            `json:"updatedAt"`
	Metadata         map[string]string `json:"metadata"` // every value is a string
	WritePermissions string            `json:"writePermissions"`

	home *pipeline
}

func (g *dealStage) closed() bool { return g.Metadata["isClosed"] == "true" }
func (g *dealStage) won() bool    { return g.closed() && g.Metadata["probability"] == "1.0" }
func (g *dealStage) lost() bool   { return g.closed() && g.Metadata["probability"] == "0.0" }

// seedPipelines makes the default pipeline, with a second won stage such as
// billing teams add, and one whose ids are numbers, as all later ones have.
func (s *Server) seedPipelines(at int64) {
	s.addPipeline("default", "Sales Pipeline", at, [][3]string{
		{"appointmentscheduled", "Appointment Scheduled", "0.2"},
		{"qualifiedtobuy", "Qualified To Buy", "0.4"},
		{"presentationscheduled", "Presentation Scheduled", "0.6"},
		{"contractsent", "Contract Sent", "0.9"},
		{"closedwon", "Closed Won", "1.0"},
		{"148230511", "Closed Won - billing confirmed", "1.0"},
		{"closedlost", "Closed Lost", "0.0"},
	})
	s.addPipeline("75201846", "Enterprise", at, [][3]string{
		{"148230640", "Discovery", "0.2"},
		{"148230641", "Procurement", "0.7"},
		{"148230642", "Signed", "1.0"},
		{"148230643", "Signed and countersigned", "1.0"},
		{"148230644", "No decision", "0.0"},
	})
}

func (s *Server) addPipeline(id, label string, at int64, stages [][3]string) *pipeline {
	p := &pipeline{ID: id, Label: label, DisplayOrder: len(s.pipelines), CreatedAt: isoTime(at), UpdatedAt: isoTime(at)}
	s.pipelines = append(s.pipelines, p)
	for i, g := range stages {
		closed := g[2] == "1.0" || g[2] == "0.0"
		p.Stages = append(p.Stages, &dealStage{
			ID: g[0], Label: g[1], DisplayOrder: i, CreatedAt: isoTime(at), UpdatedAt: isoTime(at), home: p,
			Metadata: map[string]string{"isClosed": strconv.FormatBool(closed), "probability": g[2]}, WritePermissions: "CRM_PERMISSIONS_ENFORCEMENT",
		})
	}
	s.restage(at)
	return p
}

// restage brings everything that depends on the stages up to date: the lookup,
// the options of two properties, and the entry and exit dates of each stage.
func (s *Server) restage(at int64) {
	deals := s.table("deals")
	s.stages = map[string]*dealStage{}
	var pipes, stages []option
	for _, p := range s.pipelines {
		if p.Archived {
			continue
		}
		pipes = append(pipes, option{Label: p.Label, Value: p.ID, DisplayOrder: p.DisplayOrder})
		sort.SliceStable(p.Stages, func(i, j int) bool { return p.Stages[i].DisplayOrder < p.Stages[j].DisplayOrder })
		for _, g := range p.Stages {
			s.stages[g.ID] = g
			stages = append(stages, option{Label: g.Label + " (" + p.Label + ")", Value: g.ID, DisplayOrder: len(stages)})
			for _, way := range []string{"entered", "exited"} {
				name := "hs_v2_date_" + way + "_" + g.ID
				if deals.props[name] == nil {
					deals.define(&property{
						name: name, label: "Date " + way + " \"" + g.Label + "\"", typ: "datetime", field: "date", group: deals.group, order: -1, builtin: true,
						calculated: true, readOnly: true, created: at, updated: at,
					})
				}
			}
		}
	}
	deals.props["pipeline"].offer(pipes)
	deals.props["dealstage"].offer(stages)
}

// enterStage books what follows from a deal's move to another stage. closeSet
// tells that the same write names a close date itself.
func (s *Server) enterStage(t *table, st *state, from, to string, now int64, closeSet bool) {
	was, is := s.stages[from], s.stages[to]
	put := func(name, text string) {
		if p := t.props[name]; p != nil {
			st.set(p.slot, text)
		}
	}
	if was != nil {
		put("hs_v2_date_exited_"+from, isoTime(now))
	}
	put("hs_v2_date_entered_"+to, isoTime(now))
	put("hs_v2_date_exited_"+to, "")
	wasClosed, wasWon := was != nil && was.closed(), was != nil && was.won()
	if is == nil {
		return
	}
	if is.closed() && !closeSet && (!wasClosed || wasWon != is.won()) {
		put("closedate", isoTime(now))
	}
	switch {
	case is.won() && !wasWon:
		put("hs_closed_won_date", isoTime(now))
	case !is.won():
		put("hs_closed_won_date", "")
	}
}

// RenameStage is an admin's new label for a stage of a pipeline of deals. Its
// id and what it stands for stay.
func (s *Server) RenameStage(id, label string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.stages[id]
	if st == nil {
		return fmt.Errorf("no stage %s", id)
	}
	st.Label = label
	s.edited(st.home, s.now())
	return nil
}
