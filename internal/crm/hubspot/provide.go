package hubspot

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/handoffscore/syncd/internal/crm"
)

// scopeSchemas opens the making of properties and groups.
const scopeSchemas = "crm.schemas.deals.write"

const fixSchemas = "give the token the scope " + scopeSchemas +
	" (the app's or key's Scopes in HubSpot), or have the files of syncd fields export posted by somebody who has it"

// Provide makes a property or a group. A request that may have been processed
// is not sent again: whether the part is there decides what became of it.
func (c *Client) Provide(ctx context.Context, p crm.Part) error {
	for _, w := range wants(c.setup) {
		switch {
		case p.Kind == partProperty && p.Name == w.body.Name:
			if err := c.notArchived(ctx, p.Name); err != nil {
				return err
			}
			return c.define(ctx, "/crm/v3/properties/deals", p.Name, w.body)
		case p.Kind == partGroup && p.Name == w.body.Group:
			return c.define(ctx, "/crm/v3/properties/deals/groups", p.Name, groupOf(p.Name))
		}
	}
	return &crm.Error{
		Op: "hubspot.provide", Kind: crm.Invalid, Err: fmt.Errorf("syncd does not make the %s %q", p.Kind, p.Name),
		Fix: "create it by hand in HubSpot's Settings > Properties",
	}
}

// notArchived makes sure that no archived property has the name: making it
// anew would bring that one back, values and all.
func (c *Client) notArchived(ctx context.Context, name string) error {
	there, err := c.defined(ctx, "/crm/v3/properties/deals", name, url.Values{"archived": {"true"}})
	if err == nil && there {
		return &crm.Error{
			Op: "hubspot.provide", Kind: crm.Invalid, Err: fmt.Errorf("property %s was archived, and HubSpot keeps its name and values", name),
			Fix: fixArchived,
		}
	}
	return err
}

// define sends one definition.
func (c *Client) define(ctx context.Context, path, name string, body any) error {
	_, _, err := c.post(counted(ctx, "fields make"), path, body)
	c.forget()
	if err == nil {
		return nil
	}
	var e *crm.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Kind {
	case crm.Auth, crm.Quota, crm.RateLimited:
		return err
	case crm.Permission:
		e.Fix = fixSchemas
		return err
	}
	// Refused because it is there, or processed without an answer: either way
	// the portal knows.
	there, lookErr := c.defined(ctx, path, name, nil)
	if lookErr == nil && there {
		return nil
	}
	switch {
	case e.Fix != "":
	case e.Kind.Retryable() || e.Kind == crm.Malformed:
		e.Fix = "run syncd fields apply again: what is there already is left as it is"
	default:
		e.Fix = "look for " + name + " in HubSpot's Settings > Properties: it may be taken by a property out of sight, or HubSpot says what is wrong with it"
	}
	return err
}

// defined reports whether the portal has a definition of a name.
func (c *Client) defined(ctx context.Context, path, name string, query url.Values) (bool, error) {
	_, _, err := c.get(ctx, path+"/"+url.PathEscape(name), query)
	if err != nil && crm.KindOf(err) == crm.NotFound {
		return false, nil
	}
	return err == nil, err
}
