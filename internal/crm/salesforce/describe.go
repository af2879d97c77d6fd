package salesforce

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/handoffscore/syncd/internal/crm"
)

// Describe reads the org's schema, cached for an hour, and its clock, which is
// read each time.
func (c *Client) Describe(ctx context.Context) (crm.Description, error) {
	offered, date, err := c.versions(ctx)
	if err != nil {
		return crm.Description{}, err
	}
	now, err := http.ParseTime(date)
	if err != nil {
		return crm.Description{}, malformed("versions", "the answer carries no Date header, so the CRM's time is not known")
	}
	if err := c.checkVersion(offered); err != nil {
		return crm.Description{}, err
	}
	now = now.UTC()
	c.now.Store(&now)
	s, _, err := c.current(ctx)
	if err != nil {
		return crm.Description{}, err
	}
	if old := c.mute.Load(); old != nil && old != s {
		c.mute.Store(nil)
	}
	return c.description(s, now), nil
}

// checkVersion compares api_version with what the org offers, where it says.
func (c *Client) checkVersion(offered gjson.Result) error {
	var list []string
	for _, v := range offered.Array() {
		if version := v.Get("version").String(); version != "" {
			list = append(list, version)
		}
	}
	if len(list) == 0 || slices.Contains(list, c.version) {
		return nil
	}
	return &crm.Error{
		Op: "salesforce.versions", Kind: crm.Invalid,
		Err: fmt.Errorf("the org does not offer api_version %s", c.version),
		Fix: fmt.Sprintf("set api_version to one from %s to %s", list[0], list[len(list)-1]),
	}
}

func (c *Client) description(s *schema, now time.Time) crm.Description {
	d := crm.Description{
		OrgID: s.org.id, OrgName: s.org.name, Currency: s.org.currency, TimeZone: s.org.zone,
		Self: s.self, Now: now,
		Fields: make(map[string]crm.FieldStatus, len(s.mapping.all)),
		Roles:  slices.Clone(s.offered),

		Visibility: s.seen.Visibility,
		Problems:   append(slices.Clone(s.problems), c.watched.Problems()...),
	}
	if c.setup.Posts {
		if d.Posts = c.postable(s); !d.Posts {
			d.Problems = append(d.Problems, noPosts)
		}
	}
	if f := s.objects["Opportunity"].field("Type"); f != nil {
		d.Types = f.options()
	}
	for i := range s.mapping.all {
		m := &s.mapping.all[i]
		st := crm.FieldStatus{Native: m.native, Kind: m.logical.Kind}
		if m.on != nil {
			st.Exists, st.Kind, st.Writable = true, m.on.kind(), m.writable
			st.Options = m.on.options()
			if st.Kind == crm.Text || st.Kind == crm.LongText {
				st.Length = m.on.Length
			}
		}
		d.Fields[m.logical.Name] = st
	}
	return d
}

// mapRoles works out which of the CRM's role values stand behind each
// configured role.
func (s *schema) mapRoles(setup crm.Setup) {
	s.roles, s.plays = map[string]map[string]bool{}, map[string][]string{}
	f := s.objects["OpportunityContactRole"].field("Role")
	if f == nil {
		if len(setup.Roles) > 0 {
			s.problem(crm.Fail, "roles", "contact roles of opportunities cannot be read",
				"give the integration user read access to Opportunities, Contacts and the field Role of OpportunityContactRole")
		}
		return
	}
	value := map[string]string{} // folded label or value -> folded value
	for _, ch := range f.Picklist {
		value[fold(ch.Value)] = fold(ch.Value)
		if _, taken := value[fold(ch.Label)]; !taken {
			value[fold(ch.Label)] = fold(ch.Value)
		}
		if ch.active() && ch.Value != "" {
			s.offered = append(s.offered, ch.Value)
		}
	}
	for _, key := range sortedKeys(setup.Roles) {
		names := setup.Roles[key]
		set := map[string]bool{}
		for _, name := range names {
			if v, ok := value[fold(name)]; ok {
				set[v] = true
			} else if len(f.Picklist) == 0 {
				set[fold(name)] = true // the org does not list its roles
			}
		}
		for v := range set {
			s.plays[v] = append(s.plays[v], key)
		}
		if len(set) > 0 {
			s.roles[key] = set
			continue
		}
		s.problem(crm.Fail, "roles."+key,
			fmt.Sprintf("the org offers none of the role names %s", quoted(names)),
			"name one of the roles on offer: "+quoted(s.offered))
	}
}

// checkObjects reports what items cannot be judged on, beside mapped fields.
func (s *schema) checkObjects(setup crm.Setup) {
	grant := func(what string) string { return "give the integration user read access to " + what }
	for _, n := range noteObjects {
		if s.noteState(n) == crm.Unreadable {
			s.problem(crm.Fail, n.object, "notes of the kind "+n.object+" cannot be read, so it is not known whether anything was written",
				grant(n.object+" and its fields "+n.parent+" and "+n.body))
		}
	}
	if s.fileState() == crm.Unreadable {
		s.problem(crm.Fail, "ContentNote", "notes kept as files cannot be read, so it is not known whether anything was written",
			grant("ContentNote, its field TextPreview, and ContentDocumentLink"))
	}
	if len(setup.Roles) > 0 {
		facts := s.contactColumns(setup).fact
		for _, fact := range sortedKeys(contactFacts) {
			if native := contactFacts[fact]; native != "" && facts[fact].state == crm.Unreadable {
				s.problem(crm.Fail, "Contact."+native, "the "+fact+" of contacts cannot be read", grant("Contacts and their field "+native))
			}
		}
	}
	if s.standing("OpportunityHistory") != readable {
		s.problem(crm.Warn, "OpportunityHistory", "the stage history cannot be read: the day of the win is taken from the close date where field history does not tell",
			grant("Opportunities and their stage history"))
	}
	if s.standing("OpportunityFieldHistory") != readable {
		s.problem(crm.Warn, "OpportunityFieldHistory", "the org keeps no field history for us: the seller is the owner now, and times of change are those syncd saw",
			"turn on field history tracking of Opportunity for Owner and the mapped text fields")
	}
}

func (s *schema) problem(severity crm.Severity, place, message, fix string) {
	s.problems = append(s.problems, crm.Problem{Severity: severity, Place: place, Message: message, Fix: fix})
}

// fold makes role names comparable.
func fold(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

func quoted(names []string) string {
	if len(names) == 0 {
		return "(none)"
	}
	return `"` + strings.Join(names, `", "`) + `"`
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

var errNotDescribed = errors.New("no such field on the object, or hidden from the integration user by field-level security")
