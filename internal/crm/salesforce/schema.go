package salesforce

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/handoffscore/syncd/internal/crm"
)

// schemaLife is how long the org's schema is believed, doubtedLife one in which
// something is amiss: a person may have mended it, or the vendor was not well
// when it was read.
const (
	schemaLife  = time.Hour
	doubtedLife = 5 * time.Minute
)

// fresh reports whether the schema may be believed.
func (s *schema) fresh() bool {
	life := schemaLife
	if len(s.seen.Withheld) > 0 || slices.ContainsFunc(s.problems, func(p crm.Problem) bool { return p.Severity == crm.Fail }) {
		life = doubtedLife
	}
	return time.Since(s.at) < life
}

// field is a described field: one that exists and that our user may read.
type field struct {
	Name        string   `json:"name"`
	Label       string   `json:"label"`
	Type        string   `json:"type"`
	Length      int      `json:"length"`
	Precision   int      `json:"precision"`
	Scale       int      `json:"scale"`
	ExternalID  bool     `json:"externalId"`
	Custom      bool     `json:"custom"`
	Nillable    *bool    `json:"nillable"`
	Defaulted   bool     `json:"defaultedOnCreate"`
	Updateable  bool     `json:"updateable"`
	Createable  bool     `json:"createable"`
	Calculated  bool     `json:"calculated"`
	Filterable  *bool    `json:"filterable"`
	Restricted  bool     `json:"restrictedPicklist"`
	ReferenceTo []string `json:"referenceTo"`
	Picklist    []choice `json:"picklistValues"`
}

type choice struct {
	Value  string `json:"value"`
	Label  string `json:"label"`
	Active *bool  `json:"active"`
}

func (ch choice) active() bool { return ch.Active == nil || *ch.Active }

// options are the active values of a picklist.
func (f *field) options() []string {
	var out []string
	for _, ch := range f.Picklist {
		if ch.active() && ch.Value != "" {
			out = append(out, ch.Value)
		}
	}
	return out
}

func (f *field) filterable() bool { return f.Filterable == nil || *f.Filterable }

// object is a kind of record as our user sees it.
type object struct {
	Name        string  `json:"name"`
	Updateable  *bool   `json:"updateable"`
	Createable  *bool   `json:"createable"`
	Fields      []field `json:"fields"`
	RecordTypes []struct {
		ID            string `json:"recordTypeId"`
		DeveloperName string `json:"developerName"`
		Name          string `json:"name"`
		Master        bool   `json:"master"`
	} `json:"recordTypeInfos"`

	byName map[string]*field // lower-case name
}

// field finds a field by name, whatever its case; nil if our user sees none.
// It is fine to ask an object that is nil.
func (o *object) field(name string) *field {
	if o == nil {
		return nil
	}
	return o.byName[strings.ToLower(name)]
}

// having keeps those of names that our user can see.
func (o *object) having(names ...string) []string {
	var out []string
	for _, n := range names {
		if f := o.field(n); f != nil {
			out = append(out, f.Name)
		}
	}
	return out
}

// standing is what is known of an object before its records are asked for.
type standing uint8

const (
	absent   standing = iota // the org does not offer it to our user
	denied                   // it is there, our user may not read it
	readable                 // it can be asked for
)

// schema is what the org has, as our user sees it.
type schema struct {
	at       time.Time
	known    map[string]bool // object -> may be queried; nil if the org gave no list
	objects  map[string]*object
	refused  map[string]bool // objects whose description was refused
	org      organisation
	self     crm.UserID
	won      map[string]bool // stage names that mean won; empty if unknown
	labels   map[string]string
	types    map[string]string // record type id -> developer name
	mapping  mapping
	roles    map[string]map[string]bool // role key -> folded role values; nil: none on offer
	plays    map[string][]string        // folded role value -> role keys
	offered  []string
	problems []crm.Problem
	seen     seen
	forms    sync.Map // watched stream -> the form in which the org takes it
	statuses statusCache
}

// standing tells whether an object can be asked for.
func (s *schema) standing(name string) standing {
	if s.refused[name] {
		return denied
	}
	if s.known == nil {
		if s.objects[name] == nil {
			return absent
		}
		return readable
	}
	queryable, ok := s.known[name]
	switch {
	case !ok:
		return absent
	case !queryable:
		return denied
	}
	return readable
}

// schemaCache keeps a schema for up to schemaLife.
type schemaCache struct {
	mu    sync.Mutex // guards value; held while it is read anew
	value *schema
}

// current gives the schema, read anew if it is missing or old.
func (c *Client) current(ctx context.Context) (*schema, bool, error) {
	c.schema.mu.Lock()
	defer c.schema.mu.Unlock()
	if s := c.schema.value; s != nil && s.fresh() {
		return s, false, nil
	}
	s, err := c.readSchema(ctx)
	if err != nil {
		return nil, false, err
	}
	c.schema.value = s
	c.forgetPeople()
	c.lostMu.Lock()
	clear(c.lost)
	c.lostMu.Unlock()
	return s, true, nil
}

// withSchema does what needs the schema, once more if the schema changed since
// it was read.
func (c *Client) withSchema(ctx context.Context, do func(*schema) error) error {
	s, fresh, err := c.current(ctx)
	if err != nil {
		return err
	}
	err = do(s)
	if code := codeOf(err); err != nil && !fresh && (code == codeField || code == codeType) {
		c.forget(s)
		if s, _, err = c.current(ctx); err != nil {
			return err
		}
		err = do(s)
	}
	return err
}

// forget drops a schema that proved to be out of date.
func (c *Client) forget(s *schema) {
	c.schema.mu.Lock()
	defer c.schema.mu.Unlock()
	if c.schema.value == s {
		c.schema.value = nil
	}
}

// described are the objects whose fields differ from org to org; the others
// that syncd reads are asked for by their fixed fields.
var described = []string{
	"Opportunity", "Contact", "OpportunityContactRole", "Organization",
	"Task", "Event", "Note", "ContentNote", "EmailMessage",
	"OpportunityHistory", "OpportunityFieldHistory", "OpportunityStage", "ContentDocumentLink",
}

// readSchema asks the org what it has.
func (c *Client) readSchema(ctx context.Context) (*schema, error) {
	s := &schema{at: time.Now(), objects: map[string]*object{}, refused: map[string]bool{}}
	if err := c.readObjects(ctx, s); err != nil {
		return nil, err
	}
	var mu sync.Mutex // guards s.objects and s.refused
	g, gctx := errgroup.WithContext(ctx)
	objects := described
	if c.setup.Posts {
		objects = append(slices.Clone(objects), postObject)
	}
	if c.setup.Attempts {
		objects = append(slices.Clone(objects), attemptObject)
	}
	for _, name := range objects {
		if s.known != nil && !s.known[name] {
			continue
		}
		g.Go(func() error {
			o, err := c.describe(gctx, name)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				s.objects[name] = o
			case name == "Opportunity":
				return opportunityError(err)
			case crm.KindOf(err) == crm.NotFound && s.known == nil:
			case crm.KindOf(err) == crm.NotFound, crm.KindOf(err) == crm.Permission, crm.KindOf(err) == crm.Invalid:
				s.refused[name] = true
			default:
				return err
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	if s.objects["Opportunity"] == nil {
		return nil, opportunityError(&crm.Error{Op: "salesforce.describe", Kind: crm.Permission, Code: codeType})
	}
	for _, name := range []string{"IsWon", "IsClosed", "CreatedDate", "SystemModstamp"} {
		if s.objects["Opportunity"].field(name) == nil {
			return nil, opportunityError(&crm.Error{
				Op: "salesforce.describe", Kind: crm.Permission, Err: errText("field " + name + " of Opportunity cannot be read"),
			})
		}
	}
	if err := c.readOrganisation(ctx, s); err != nil {
		return nil, err
	}
	if err := c.readStages(ctx, s); err != nil {
		return nil, err
	}
	s.indexRecordTypes()
	s.mapFields(c.setup)
	s.mapRoles(c.setup)
	s.checkObjects(c.setup)
	if err := c.readVisibility(ctx, s); err != nil {
		return nil, err
	}
	s.withhold(c.setup, c.theirNow())
	if err := s.attemptable(); c.setup.Attempts && err != nil && !slices.Contains(s.seen.Withheld, crm.AttemptsField) {
		var e *crm.Error
		errors.As(err, &e)
		s.problem(crm.Fail, attemptPlace, fmt.Sprintf(noAttempts, e.Err), e.Fix)
	}
	return s, nil
}

// theirNow is the org's clock as it was last read.
func (c *Client) theirNow() time.Time {
	if now := c.now.Load(); now != nil {
		return *now
	}
	return time.Now()
}

// withhold has fields that leak told, and treated, as not writable.
func (s *schema) withhold(setup crm.Setup, now time.Time) {
	s.seen.Withhold(setup, now)
	for _, name := range s.seen.Withheld {
		if e := s.mapping.byName[name]; e != nil {
			e.writable = false
		}
	}
}

func opportunityError(err error) error {
	if k := crm.KindOf(err); k != crm.NotFound && k != crm.Permission && k != crm.Invalid {
		return err
	}
	return &crm.Error{
		Op: "salesforce.describe", Kind: crm.Permission, Code: codeOf(err), Err: err,
		Fix: "give the integration user read and edit access to Opportunities, and check api_version",
	}
}

// readObjects asks which objects our user may query.
func (c *Client) readObjects(ctx context.Context, s *schema) error {
	body, err := c.raw(ctx, "sobjects")
	if err != nil {
		if crm.KindOf(err) == crm.NotFound {
			return nil // no list: every object is asked about by itself
		}
		return err
	}
	var list struct {
		Objects []struct {
			Name      string `json:"name"`
			Queryable *bool  `json:"queryable"`
		} `json:"sobjects"`
	}
	if err := json.Unmarshal(body, &list); err != nil || len(list.Objects) == 0 {
		return malformed("describe", "the org's list of objects is empty or cannot be read")
	}
	s.known = make(map[string]bool, len(list.Objects))
	for _, o := range list.Objects {
		s.known[o.Name] = o.Queryable == nil || *o.Queryable
	}
	return nil
}

func (c *Client) describe(ctx context.Context, name string) (*object, error) {
	body, err := c.raw(ctx, "sobjects/"+url.PathEscape(name)+"/describe")
	if err != nil {
		return nil, err
	}
	var o object
	if err := json.Unmarshal(body, &o); err != nil {
		return nil, malformed("describe", "the description of "+name+" cannot be read")
	}
	if len(o.Fields) == 0 {
		return nil, malformed("describe", "the description of "+name+" holds no fields")
	}
	o.byName = make(map[string]*field, len(o.Fields))
	for i := range o.Fields {
		o.byName[strings.ToLower(o.Fields[i].Name)] = &o.Fields[i]
	}
	return &o, nil
}

func (s *schema) indexRecordTypes() {
	s.types = map[string]string{}
	for _, rt := range s.objects["Opportunity"].RecordTypes {
		name := rt.DeveloperName
		if name == "" {
			name = rt.Name
		}
		if rt.Master {
			name = "" // the record type of records without one
		}
		s.types[id18(rt.ID)] = name
	}
}
