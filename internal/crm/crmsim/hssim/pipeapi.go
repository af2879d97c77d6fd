package hssim

import (
	"net/http"
	"strconv"
)

func (s *Server) pipelineRoutes(c *call, seg []string) (methods, *apiError) {
	if len(seg) == 0 {
		return nil, nil
	}
	t, e := s.tableIn(seg[0])
	if e != nil {
		return nil, e
	}
	if t.plural != "deals" {
		return nil, invalid("%s have no pipelines", t.plural)
	}
	c.kind = t.plural
	read, write := [][]string{anyRead}, [][]string{schemaScope(t)}
	with := func(f func(*call, *pipeline) (any, *apiError)) func(*call) (any, *apiError) {
		return func(c *call) (any, *apiError) {
			for _, p := range s.pipelines {
				if p.ID == seg[1] && !p.Archived {
					return f(c, p)
				}
			}
			return nil, notFound("Pipeline %s does not exist", seg[1])
		}
	}
	switch {
	case len(seg) == 1:
		return methods{
			"GET":  {op: "pipelines", handle: s.pipelineList, scopes: read},
			"POST": {op: "pipeline_create", handle: s.pipelineCreate, scopes: write, writes: true},
		}, nil
	case len(seg) == 2:
		return methods{
			"GET":    {op: "pipeline", handle: with(func(_ *call, p *pipeline) (any, *apiError) { return *p, nil }), scopes: read},
			"PATCH":  {op: "pipeline_update", handle: with(s.pipelineUpdate), scopes: write, writes: true},
			"DELETE": {op: "pipeline_delete", handle: with(s.pipelineDelete), scopes: write, writes: true},
		}, nil
	case len(seg) == 3 && seg[2] == "stages":
		return methods{
			"GET":  {op: "stages", handle: with(func(_ *call, p *pipeline) (any, *apiError) { return map[string]any{"results": p.Stages}, nil }), scopes: read},
			"POST": {op: "stage_create", handle: with(s.stageCreate), scopes: write, writes: true},
		}, nil
	case len(seg) == 4 && seg[2] == "stages":
		return methods{
			"GET":   {op: "stage", handle: with(func(c *call, p *pipeline) (any, *apiError) { return p.stage(seg[3]) }), scopes: read},
			"PATCH": {op: "stage_update", handle: with(func(c *call, p *pipeline) (any, *apiError) { return s.stageUpdate(c, p, seg[3]) }), scopes: write, writes: true},
		}, nil
	}
	return nil, nil
}

func (s *Server) pipelineList(*call) (any, *apiError) {
	rows := []*pipeline{}
	for _, p := range s.pipelines {
		if !p.Archived {
			rows = append(rows, p)
		}
	}
	return map[string]any{"results": rows}, nil
}

type stageInput struct {
	Label    *string           `json:"label"`
	Order    *int              `json:"displayOrder"`
	Metadata map[string]string `json:"metadata"`
	StageID  string            `json:"stageId"`
}

type pipelineInput struct {
	Label  *string      `json:"label"`
	Order  *int         `json:"displayOrder"`
	Stages []stageInput `json:"stages"`
}

func (in stageInput) check() *apiError {
	if in.Label == nil || in.Order == nil || in.Metadata == nil {
		return invalid("Invalid input JSON: Some required fields were not set: [label, displayOrder, metadata]")
	}
	p, err := strconv.ParseFloat(in.Metadata["probability"], 64)
	if err != nil || p < 0 || p > 1 {
		return invalid("Stage probability must be between 0 and 1, not %q", in.Metadata["probability"])
	}
	return nil
}

// metadata completes what a stage request sends: 0.0 and 1.0 are closed.
func (in stageInput) metadata() map[string]string {
	p, _ := strconv.ParseFloat(in.Metadata["probability"], 64)
	return map[string]string{"probability": strconv.FormatFloat(p, 'f', 1, 64), "isClosed": strconv.FormatBool(p == 0 || p == 1)}
}

func (s *Server) freshID() string {
	s.madeIDs++
	return strconv.FormatInt(990_000_000+s.madeIDs*13, 10)
}

func (s *Server) pipelineCreate(c *call) (any, *apiError) {
	var in pipelineInput
	if e := c.decode(&in); e != nil {
		return nil, e
	}
	if in.Label == nil || in.Order == nil || in.Stages == nil {
		return nil, invalid("Invalid input JSON: Some required fields were not set: [label, displayOrder, stages]")
	}
	for _, g := range in.Stages {
		if e := g.check(); e != nil {
			return nil, e
		}
	}
	p := s.addPipeline(s.freshID(), *in.Label, c.ms(), nil)
	for _, g := range in.Stages {
		s.newStage(c, p, g)
	}
	s.restage(c.ms())
	c.status = http.StatusCreated
	return *p, nil
}

func (s *Server) newStage(c *call, p *pipeline, in stageInput) *dealStage {
	id := in.StageID
	if id == "" || s.stages[id] != nil {
		id = s.freshID()
	}
	g := &dealStage{
		ID: id, Label: *in.Label, DisplayOrder: *in.Order, CreatedAt: isoTime(c.ms()), UpdatedAt: isoTime(c.ms()),
		Metadata: in.metadata(), WritePermissions: "CRM_PERMISSIONS_ENFORCEMENT", home: p,
	}
	p.Stages = append(p.Stages, g)
	return g
}

func (s *Server) stageCreate(c *call, p *pipeline) (any, *apiError) {
	var in stageInput
	if e := c.decode(&in); e != nil {
		return nil, e
	}
	if e := in.check(); e != nil {
		return nil, e
	}
	if len(p.Stages) >= 100 {
		return nil, invalid("A pipeline can have at most 100 stages")
	}
	g := s.newStage(c, p, in)
	s.edited(p, c.ms())
	c.status = http.StatusCreated
	return *g, nil
}

func (p *pipeline) stage(id string) (any, *apiError) {
	for _, g := range p.Stages {
		if g.ID == id {
			return *g, nil
		}
	}
	return nil, notFound("Stage %s does not exist", id)
}

func (s *Server) stageUpdate(c *call, p *pipeline, id string) (any, *apiError) {
	var in stageInput
	if e := c.decode(&in); e != nil {
		return nil, e
	}
	g := s.stages[id]
	if g == nil || g.home != p {
		return nil, notFound("Stage %s does not exist", id)
	}
	if in.Metadata != nil {
		if e := (stageInput{Label: new(""), Order: new(0), Metadata: in.Metadata}).check(); e != nil {
			return nil, e
		}
		g.Metadata = in.metadata()
	}
	assign(&g.Label, in.Label)
	assign(&g.DisplayOrder, in.Order)
	g.UpdatedAt = isoTime(c.ms())
	s.edited(p, c.ms())
	return *g, nil
}

func (s *Server) pipelineUpdate(c *call, p *pipeline) (any, *apiError) {
	var in pipelineInput
	if e := c.decode(&in); e != nil {
		return nil, e
	}
	assign(&p.Label, in.Label)
	assign(&p.DisplayOrder, in.Order)
	s.edited(p, c.ms())
	return *p, nil
}

// pipelineDelete checks for deals only where the caller or version 2026-09 asks
// for it.
func (s *Server) pipelineDelete(c *call, p *pipeline) (any, *apiError) {
	validate := c.version == "2026-09" || c.r.URL.Query().Get("validateReferencesBeforeDelete") == "true"
	t := s.table("deals")
	slot := t.props["pipeline"].slot
	for _, r := range t.order {
		if validate && r.live() && r.cur.text(slot) == p.ID {
			return nil, invalid("Pipeline %s still has deals", p.ID)
		}
	}
	p.Archived = true
	s.restage(c.ms())
	t.ix.forget()
	c.status = http.StatusNoContent
	return nil, nil
}

// edited books a pipeline's change: every deal in it gets one and the same
// modified date.
func (s *Server) edited(p *pipeline, now int64) {
	p.UpdatedAt = isoTime(now)
	s.restage(now)
	t := s.table("deals")
	slot := t.props["pipeline"].slot
	for _, r := range t.order {
		if r.live() && r.cur.text(slot) == p.ID {
			s.touch(r, now)
		}
	}
	t.ix.forget()
}
