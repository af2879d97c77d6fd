package hubspot

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tidwall/gjson"
	"golang.org/x/sync/errgroup"

	"github.com/handoffscore/syncd/internal/crm"
)

// schemaLife is how long the portal's schema is believed, doubtedLife one in which
// something is amiss: a person may have mended it, or the vendor was not well
// when it was read.
const (
	schemaLife  = time.Hour
	doubtedLife = 5 * time.Minute
)

// fresh reports whether the schema may be believed.
func (s *schema) fresh() bool {
	life := schemaLife
	if slices.ContainsFunc(s.problems, func(p crm.Problem) bool { return p.Severity == crm.Fail }) {
		life = doubtedLife
	}
	return time.Since(s.at) < life
}

// property is a property definition that the token can see.
type property struct {
	name     string
	label    string
	typ      string // "string", "number", "enumeration", ...
	field    string // how it is edited: "text", "select", ...
	refType  string // "OWNER" for people
	readOnly bool   // through the API; so is all that is calculated
	counted  bool   // calculated: nobody fills it in
	unique   bool   // no two records may hold the same value
	options  []choice
}

type choice struct {
	value, label string
	hidden       bool
}

// kind is the canonical kind of the property's values.
func (p *property) kind() crm.Kind {
	switch p.typ {
	case "bool":
		return crm.Bool
	case "number":
		return crm.Number
	case "date":
		return crm.Date
	case "datetime":
		return crm.DateTime
	case "enumeration":
		switch {
		case p.refType == "OWNER" || p.name == "hubspot_owner_id":
			return crm.User
		case p.field == "booleancheckbox" && p.offersOnly("true", "false"):
			return crm.Bool
		}
		return crm.Picklist
	}
	if p.field == "textarea" || p.field == "html" {
		return crm.LongText
	}
	return crm.Text
}

func (p *property) offersOnly(values ...string) bool {
	for _, o := range p.options {
		if o.value != values[0] && o.value != values[1] {
			return false
		}
	}
	return len(p.options) > 0
}

// values are the options on offer, hidden ones left out.
func (p *property) values() []string {
	var out []string
	for _, o := range p.options {
		if !o.hidden && o.value != "" {
			out = append(out, o.value)
		}
	}
	return out
}

// optionLabel is how people call a value of an enumeration.
func (p *property) optionLabel(value string) string {
	if p != nil {
		for _, o := range p.options {
			if o.value == value && o.label != "" {
				return o.label
			}
		}
	}
	return value
}

// stage is a step of a pipeline.
type stage struct {
	label       string
	closed, won bool
}

// schema is what the portal has, as the token sees it.
type schema struct {
	at       time.Time
	account  account
	deals    map[string]*property
	contacts map[string]*property
	denied   *crm.Error // why contacts cannot be read, nil if they can
	stages   map[string]stage
	won      []string // ids of won stages
	links    links
	mapping  mapping
	roles    map[string]*role
	ask      asked
	problems []crm.Problem
	// uncounted: the portal does not filter contacts by how many deals they have.
	uncounted atomic.Bool
}

// schemaCache keeps a schema for up to schemaLife.
type schemaCache struct {
	mu    sync.Mutex // guards value; held while it is read anew
	value *schema
}

// current gives the schema, read anew if it is missing or old.
func (c *Client) current(ctx context.Context, a *account) (*schema, error) {
	c.schema.mu.Lock()
	defer c.schema.mu.Unlock()
	if s := c.schema.value; s != nil && s.fresh() && (a == nil || a.same(s.account)) {
		return s, nil
	}
	if a == nil {
		read, _, err := c.readAccount(ctx)
		if err != nil {
			return nil, err
		}
		a = &read
	}
	var s *schema
	err := c.served(func() (err error) {
		s, err = c.readSchema(ctx, *a)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.checkVersion(c.api)
	c.schema.value = s
	return s, nil
}

// forget drops a schema that proved to be out of date.
func (c *Client) forget() {
	c.schema.mu.Lock()
	defer c.schema.mu.Unlock()
	c.schema.value = nil
}

// readSchema asks the portal what it has.
func (c *Client) readSchema(ctx context.Context, a account) (*schema, error) {
	s := &schema{at: time.Now(), account: a, stages: map[string]stage{}}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		s.deals, err = c.properties(gctx, "deals")
		return err
	})
	g.Go(func() error {
		props, err := c.properties(gctx, "contacts")
		if e, refused := refusedKind(err); refused {
			s.denied = e
			return nil
		}
		s.contacts = props
		return err
	})
	g.Go(func() error { return c.readStages(gctx, s) })
	g.Go(func() error { return c.readLabels(gctx, s) })
	if err := g.Wait(); err != nil {
		return nil, err
	}
	s.checkAccount()
	s.checkContacts()
	s.mapFields(c.setup)
	s.mapRoles(c.setup)
	s.choose(c.setup)
	return s, nil
}

func (c *Client) properties(ctx context.Context, object string) (map[string]*property, error) {
	answer, err := c.vendor.definitions(ctx, object)
	if err != nil {
		return nil, err
	}
	out := map[string]*property{}
	answer.Get("results").ForEach(func(_, r gjson.Result) bool {
		if p := readProperty(r); p.name != "" && !r.Get("archived").Bool() {
			out[p.name] = p
		}
		return true
	})
	if len(out) == 0 {
		return nil, malformed("properties", "the portal lists no property of "+object)
	}
	return out, nil
}

// readProperty takes over one definition of an answer.
func readProperty(r gjson.Result) *property {
	p := &property{
		name: strings.Clone(r.Get("name").String()), label: strings.Clone(r.Get("label").String()),
		typ: strings.Clone(r.Get("type").String()), field: strings.Clone(r.Get("fieldType").String()),
		refType: strings.Clone(r.Get("referencedObjectType").String()),
		counted: r.Get("calculated").Bool(), unique: r.Get("hasUniqueValue").Bool(),
	}
	p.readOnly = p.counted || r.Get("modificationMetadata.readOnlyValue").Bool()
	r.Get("options").ForEach(func(_, o gjson.Result) bool {
		p.options = append(p.options, choice{strings.Clone(o.Get("value").String()), strings.Clone(o.Get("label").String()), o.Get("hidden").Bool()})
		return true
	})
	return p
}

// readStages learns which stages are won: closed with a probability of 1. The
// metadata are strings.
func (c *Client) readStages(ctx context.Context, s *schema) error {
	answer, err := c.vendor.dealPipelines(ctx)
	if err != nil {
		return err
	}
	answer.Get("results").ForEach(func(_, p gjson.Result) bool {
		p.Get("stages").ForEach(func(_, r gjson.Result) bool {
			closed := strings.EqualFold(r.Get("metadata.isClosed").String(), "true")
			st := stage{
				label: strings.Clone(r.Get("label").String()), closed: closed,
				won: closed && number(r.Get("metadata.probability").String()) == "1",
			}
			id := idOf(r.Get("id"))
			s.stages[id] = st
			if st.won {
				s.won = append(s.won, id)
			}
			return true
		})
		return true
	})
	return nil
}

func (s *schema) problem(severity crm.Severity, place, message, fix string) {
	s.problems = append(s.problems, crm.Problem{Severity: severity, Place: place, Message: message, Fix: fix})
}

// checkContacts says what it means that contacts cannot be read.
func (s *schema) checkContacts() {
	if s.denied == nil {
		return
	}
	fix := s.denied.Fix
	if fix == "" {
		fix = "give the token the scope crm.objects.contacts.read"
	}
	s.problem(crm.Fail, "contacts", "contacts cannot be read, so every item about people stays open", fix)
}
