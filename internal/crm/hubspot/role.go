package hubspot

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/handoffscore/syncd/internal/crm"
)

// buyingRole is the contact property that may say which part somebody plays.
const buyingRole = "hs_buying_role"

// links are the labels an association from a deal to a contact may carry.
type links struct {
	labels []label
	denied *crm.Error // why labels cannot be read, nil if they can
}

// label is one association type; its number differs from portal to portal.
type label struct {
	typ  typeKey
	text string
}

type typeKey struct {
	category string
	id       int64
}

// role is how one configured role is recognised.
type role struct {
	state crm.State
	types map[typeKey]bool // labels
	texts map[string]bool  // accepted names, folded
	buys  map[string]bool  // values of the buying role property
}

// readLabels reads the labels on offer. A portal that has none, or a token
// that may not see them, leaves the buying role.
func (c *Client) readLabels(ctx context.Context, s *schema) error {
	r, _, err := c.get(ctx, "/crm/v4/associations/deals/contacts/labels", nil)
	if e, refused := refusedKind(err); refused {
		if e.Kind == crm.Permission {
			s.links.denied = e
		}
		return nil
	}
	if err != nil {
		return err
	}
	r.Get("results").ForEach(func(_, t gjson.Result) bool {
		if text := strings.TrimSpace(t.Get("label").String()); text != "" {
			s.links.labels = append(s.links.labels, label{typeOf(t), strings.Clone(text)})
		}
		return true
	})
	return nil
}

func typeOf(t gjson.Result) typeKey {
	return typeKey{strings.Clone(t.Get("category").String()), t.Get("typeId").Int()}
}

// mapRoles works out what stands behind each configured role.
func (s *schema) mapRoles(setup crm.Setup) {
	s.roles = map[string]*role{}
	keys := make([]string, 0, len(setup.Roles))
	for key := range setup.Roles {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	for _, key := range keys {
		r := &role{types: map[typeKey]bool{}, texts: map[string]bool{}, buys: map[string]bool{}}
		s.roles[key] = r
		for _, name := range setup.Roles[key] {
			r.texts[fold(name)] = true
		}
		s.recognise(r)
		switch {
		case len(r.types) > 0 || len(r.buys) > 0:
			r.state = crm.Read
		case s.links.denied != nil || s.denied != nil:
			r.state = crm.Unreadable
		default:
			s.problem(crm.Fail, "roles."+key, fmt.Sprintf("the portal offers none of the names %s, neither as an association label nor as a buying role", quoted(setup.Roles[key])),
				"name one of those on offer: "+quoted(s.rolesOnOffer()))
		}
	}
	if e := s.links.denied; e != nil && len(keys) > 0 {
		s.problem(crm.Fail, "roles", "association labels cannot be read", e.Fix)
	}
}

func (s *schema) recognise(r *role) {
	for _, l := range s.links.labels {
		if r.texts[fold(l.text)] {
			r.types[l.typ] = true
		}
	}
	if p := s.contacts[buyingRole]; p != nil {
		for _, o := range p.options {
			if r.texts[fold(o.label)] || r.texts[fold(o.value)] || r.texts[fold(spaced(o.value))] {
				r.buys[o.value] = true
			}
		}
	}
}

// spaced turns an internal value, as EXECUTIVE_SPONSOR, into words.
func spaced(value string) string { return strings.ReplaceAll(value, "_", " ") }

// rolesOnOffer are labels and buying roles, each once.
func (s *schema) rolesOnOffer() []string {
	var out []string
	for _, l := range s.links.labels {
		if !slices.Contains(out, l.text) {
			out = append(out, l.text)
		}
	}
	if p := s.contacts[buyingRole]; p != nil {
		for _, v := range p.values() {
			if text := p.optionLabel(v); !slices.Contains(out, text) {
				out = append(out, text)
			}
		}
	}
	return out
}

// holders finds who plays a role on a deal: by label, and where the deal has no
// such label, by the buying role of its contacts.
func (r *role) holders(linked []link, contacts map[string]*person) (ids []crm.ContactID, unknown bool) {
	for _, l := range linked {
		for _, t := range l.types {
			if r.types[t.typ] || t.text != "" && r.texts[fold(t.text)] {
				ids = append(ids, crm.ContactID(l.to))
				break
			}
		}
	}
	if len(ids) > 0 || len(r.buys) == 0 {
		return ids, false
	}
	for _, l := range linked {
		p := contacts[l.to]
		if p == nil {
			continue
		}
		unknown = unknown || !p.buysKnown
		for _, v := range p.buys {
			if r.buys[v] {
				ids = append(ids, crm.ContactID(l.to))
				break
			}
		}
	}
	return ids, unknown && len(ids) == 0
}
