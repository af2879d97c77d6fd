package salesforce

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/transport"
)

// Provide creates one part. A create that was not answered is never sent again:
// the org is asked whether it was done.
func (c *Client) Provide(ctx context.Context, p crm.Part) error {
	defer c.forgetSchema()
	fields := neededFields(c.setup)
	switch p.Kind {
	case partField:
		for i := range fields {
			if fields[i].fullName() == p.Name {
				return c.makeField(ctx, &fields[i])
			}
		}
	case partObject:
		if c.setup.Attempts && p.Name == attemptObject {
			return c.makeObject(ctx, attemptMetadata())
		}
	case partObjectUse:
		for _, u := range objectUses(c.setup) {
			if u.name() == p.Name {
				return c.makeUse(ctx, u)
			}
		}
	case partSet:
		for _, set := range permissionSets() {
			if set.name == p.Name {
				return c.makeSet(ctx, set)
			}
		}
	case partPermission:
		for _, a := range allowances(fields) {
			if a.name() == p.Name {
				return c.makePermission(ctx, a)
			}
		}
	}
	return &crm.Error{Op: "salesforce.provide", Kind: crm.Invalid, Err: fmt.Errorf("the set-up needs no %s %s", p.Kind, p.Name)}
}

func (c *Client) makeField(ctx context.Context, w *wanted) error {
	found := func() (bool, error) {
		table := w.object
		if table == attemptObject {
			var err error
			if table, err = c.attemptsID(ctx); err != nil {
				return false, err
			}
		}
		rows, err := c.everyRow(ctx, "tooling/query", fmt.Sprintf("SELECT Id FROM CustomField WHERE TableEnumOrId = '%s' AND DeveloperName = '%s' AND NamespacePrefix = null",
			table, strings.TrimSuffix(w.native, "__c")))
		return len(rows) > 0, err
	}
	post := func(m metadata) error {
		return c.create(ctx, "tooling/sobjects/CustomField", map[string]any{"FullName": w.fullName(), "Metadata": m}, found)
	}
	err := post(w.metadata().byValueName())
	if w.kind == crm.Picklist && codeOf(err) == "JSON_PARSER_ERROR" {
		err = post(w.metadata()) // not understood, so nothing was done
	}
	return refusedSetup(err, needsCustomize)
}

const needsCustomize = `give the integration user "Customize Application" and "View Setup and Configuration" while fields are created, or let an admin deploy what "syncd fields export" writes`

// makeObject makes a custom object, which the Tooling API shows and does not make.
func (c *Client) makeObject(ctx context.Context, o objectMetadata) error {
	code, err := c.session.createObject(ctx, attemptObject, o)
	switch kind := crm.KindOf(err); {
	case err == nil, code == "DUPLICATE_DEVELOPER_NAME":
		return nil
	case kind == crm.Unavailable || kind == crm.Malformed:
		if id, why := c.attemptsID(ctx); why == nil && id != "" {
			return nil
		}
	}
	return refusedSetup(err, `give the integration user "Customize Application" and "Modify Metadata Through Metadata API Functions" while fields are created, or let an admin deploy what "syncd fields export" writes`)
}

// makeUse allows what a permission set is to allow with the object.
func (c *Client) makeUse(ctx context.Context, u objectUse) error {
	id, err := c.setFor(ctx, u.set)
	if err != nil {
		return err
	}
	found := func() (bool, error) {
		rows, err := c.everyRow(ctx, "query", fmt.Sprintf("SELECT Id FROM ObjectPermissions WHERE ParentId = '%s' AND SobjectType = '%s'", id, u.object))
		return len(rows) > 0, err
	}
	err = c.create(ctx, "sobjects/ObjectPermissions", map[string]any{
		"ParentId": id, "SobjectType": u.object, "PermissionsRead": true, "PermissionsViewAllRecords": true,
		"PermissionsCreate": u.edit, "PermissionsEdit": u.edit, "PermissionsDelete": false, "PermissionsModifyAllRecords": false,
	}, found)
	return refusedSetup(err, needsManage)
}

func (c *Client) makeSet(ctx context.Context, set permissionSet) error {
	found := func() (bool, error) {
		id, err := c.setID(ctx, set.name)
		return id != "", err
	}
	err := c.create(ctx, "sobjects/PermissionSet", map[string]any{"Name": set.name, "Label": set.label, "Description": set.about}, found)
	return refusedSetup(err, needsManage)
}

const needsManage = `give the integration user "Manage Profiles and Permission Sets" while permissions are created, or let an admin deploy what "syncd fields export" writes`

func (c *Client) setID(ctx context.Context, name string) (string, error) {
	rows, err := c.everyRow(ctx, "query", "SELECT Id FROM PermissionSet WHERE IsOwnedByProfile = false AND Name = '"+name+"'")
	if err != nil || len(rows) == 0 {
		return "", err
	}
	return rows[0].Get("Id").String(), nil
}

// setFor is the id of a permission set that is to be there.
func (c *Client) setFor(ctx context.Context, name string) (string, error) {
	id, err := c.setID(ctx, name)
	switch {
	case err != nil:
		return "", refusedSetup(err, needsManage)
	case !isID(id):
		return "", &crm.Error{
			Op: "salesforce.provide", Kind: crm.NotFound, Err: fmt.Errorf("there is no permission set %s", name),
			Fix: "create the permission set first: it comes before its permissions in the survey",
		}
	}
	return id, nil
}

func (c *Client) makePermission(ctx context.Context, a allowance) error {
	id, err := c.setFor(ctx, a.set)
	if err != nil {
		return err
	}
	found := func() (bool, error) {
		rows, err := c.everyRow(ctx, "query", fmt.Sprintf("SELECT Id FROM FieldPermissions WHERE ParentId = '%s' AND Field = '%s'", id, a.path))
		return len(rows) > 0, err
	}
	object, _, _ := strings.Cut(a.path, ".")
	err = c.create(ctx, "sobjects/FieldPermissions", map[string]any{
		"ParentId": id, "SobjectType": object, "Field": a.path, "PermissionsRead": true, "PermissionsEdit": a.edit,
	}, found)
	return refusedSetup(err, needsManage)
}

// create posts one record of Setup. That it is there already is as good as
// having made it; where the answer is missing, found tells.
func (c *Client) create(ctx context.Context, resource string, record map[string]any, found func() (bool, error)) error {
	body, _, err := c.do(counted(ctx, "setup"), http.MethodPost, c.data(resource), record)
	switch kind := crm.KindOf(err); {
	case err == nil:
		if v := transport.Parse(body); v.Get("success").Type == gjson.True {
			return nil
		}
		err = malformed("provide", "the answer does not say that the record was created")
	case strings.HasPrefix(codeOf(err), "DUPLICATE_"):
	case kind == crm.Unavailable || kind == crm.Malformed:
	default:
		return err
	}
	there, why := found()
	switch {
	case there:
		return nil
	case why != nil && codeOf(err) == "DUPLICATE_DEVELOPER_NAME":
		return nil // the org says so itself, and shows it to others only
	}
	return err
}

// activeOrg is what an org in production may say to the Tooling API, by the
// vendor's page on it (read 2026-11-22); with which code, it does not say.
const activeOrg = "not supported in active org"

// refusedSetup gives a refusal the fix that fits it.
func refusedSetup(err error, fix string) error {
	code := codeOf(err)
	if err != nil && strings.Contains(err.Error(), activeOrg) {
		return &crm.Error{
			Op: "salesforce.provide", Kind: crm.Permission, Code: code, Err: err,
			Fix: `let an admin deploy what "syncd fields export" writes: this org takes no fields from the Tooling API`,
		}
	}
	if err == nil || crm.KindOf(err) != crm.Permission && crm.KindOf(err) != crm.NotFound && code != codeType && !strings.HasPrefix(code, "INSUFFICIENT_ACCESS") {
		return err
	}
	return &crm.Error{Op: "salesforce.provide", Kind: crm.Permission, Code: code, Err: err, Fix: fix}
}
