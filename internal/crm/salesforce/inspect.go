package salesforce

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/transport"
)

// findings gathers what an inspection finds, in the order of asking.
type findings []crm.Finding

func (f *findings) add(area, subject string, grade crm.Grade, fix, format string, args ...any) {
	*f = append(*f, crm.Finding{Area: area, Subject: subject, Grade: grade, Message: fmt.Sprintf(format, args...), Fix: fix})
}

func (f *findings) fine(area, subject, format string, args ...any) {
	f.add(area, subject, crm.Fine, "", format, args...)
}

// refused notes that the org does not answer a question, or passes an error on
// that has nothing to do with it.
func (f *findings) refused(err error, area, subject, what, fix string) error {
	switch kind := crm.KindOf(err); {
	case err == nil, kind == crm.Auth, kind == crm.Quota, kind == crm.RateLimited:
		return err
	}
	f.add(area, subject, crm.Doubt, fix, "%s is not known: %v", what, err)
	return nil
}

const (
	seeSetup  = `give the integration user "View Setup and Configuration"`
	fieldList = "Setup > Object Manager > Opportunity > Fields & Relationships"
)

// Inspect looks at the sign-in, the API's version, permissions, fields, who can
// see them, roles, stages, rules and the day's requests.
func (c *Client) Inspect(ctx context.Context, o crm.Inspection) ([]crm.Finding, error) {
	var f findings
	offered, _, err := c.versions(ctx)
	if err != nil {
		return nil, err
	}
	if err := c.checkVersion(offered); err != nil {
		return nil, err
	}
	c.forgetSchema()
	s, _, err := c.current(ctx)
	if err != nil {
		return nil, err
	}
	f.fine("credentials", string(s.self), "signed in to %s (%s) by %s as user %s", or(s.org.name, "the org"), or(s.org.id, "id not told"), c.session.auth.Flow, or(string(s.self), "not told"))
	f.version(c, offered)
	listed, err := c.readListed(ctx)
	if err != nil {
		return f, err
	}
	f.permissions(s, listed)
	if err := c.lookForHidden(ctx, &f, s); err != nil {
		return f, err
	}
	tracked, untold := c.readTracked(ctx)
	if err := f.refused(untold, "fields", "history", "which fields are tracked", seeSetup); err != nil {
		return f, err
	}
	f.fields(s, listed, tracked)
	f.notes(c.setup.Notes, s, listed)
	f.taskKey(s, listed)
	if c.setup.Attempts {
		f.attempts(s, listed)
	}
	f.visibility(s)
	for _, look := range []func(context.Context, *findings, *schema) error{c.lookAtRoles, c.lookAtStages, c.lookAtRules} {
		if err := look(ctx, &f, s); err != nil {
			return f, err
		}
	}
	if o.Probe != "" {
		if err := c.probe(ctx, &f, s, o.Probe); err != nil {
			return f, err
		}
	}
	return f, c.lookAtQuota(ctx, &f)
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// version tells how far the configured version is from those on offer. When
// the vendor retires one is not in any answer of the API's.
func (f *findings) version(c *Client, offered gjson.Result) {
	var list []float64
	for _, v := range offered.Array() {
		if n, err := strconv.ParseFloat(v.Get("version").String(), 64); err == nil {
			list = append(list, n)
		}
	}
	if len(list) == 0 {
		f.add("api", c.version, crm.Doubt, "look at GET /services/data of the org", "the org does not say which versions it offers")
		return
	}
	slices.Sort(list)
	ours, _ := strconv.ParseFloat(c.version, 64)
	first, last := list[0], list[len(list)-1]
	says := fmt.Sprintf("api_version %s of %.1f to %.1f on offer", c.version, first, last)
	if ours < first+(last-first)/3 {
		f.add("api", c.version, crm.Doubt, fmt.Sprintf("set api_version to one of the newer two thirds, %s or above", defaultVersion),
			"%s: it is among the oldest third, which the vendor retires first", says)
	} else {
		f.fine("api", c.version, "%s", says)
	}
	if c.session.auth.Flow == Password {
		f.add("api", "flow password", crm.Doubt, "move to an External Client App with auth.flow client_credentials or jwt",
			"SOAP login() is retired with Summer '27, and no version above 64.0 has it")
	}
}

// permissions tells which objects our user may use, and what else the schema
// could not be asked.
func (f *findings) permissions(s *schema, listed *listedFields) {
	object := func(name, what string, can *bool, fix string) {
		if can != nil && !*can {
			f.add("permissions", name, crm.Fault, fix, "%s cannot be %s by the integration user", name, what)
			return
		}
		f.fine("permissions", name, "%s can be read and %s", name, what)
	}
	object("Opportunity", "edited", s.objects["Opportunity"].Updateable,
		`grant Read and Edit on Opportunities, and "View All Records", in a permission set of the integration user`)
	if t := s.objects["Task"]; t != nil {
		object("Task", "created", t.Createable, `grant "Edit Tasks" and "Access Activities" in a permission set of the integration user`)
	} else {
		f.add("permissions", "Task", crm.Fault, `grant "Access Activities" and "Edit Tasks" in a permission set of the integration user`, "tasks cannot be read, so none can be made")
	}
	for _, p := range s.problems {
		if strings.HasPrefix(p.Place, "fields.") || p.Place == attemptPlace || p.Place == "roles" || strings.HasPrefix(p.Place, "roles.") {
			continue // told with the fields and roles
		}
		f.add("permissions", p.Place, gradeOf(p), p.Fix, "%s", p.Message)
	}
	if listed.refused != nil {
		f.add("permissions", "Setup", crm.Doubt, seeSetup,
			"the org does not list its custom fields, so one that is hidden cannot be told from one that does not exist")
	} else {
		f.fine("permissions", "Setup", "custom fields are listed, so hidden ones can be told from missing ones")
	}
}

// lookForHidden asks of each kind of note that the org does not offer our user
// whether there is such an object: what is written there does not count, and
// no pass can tell that from nobody having written. The list of objects is for
// those who may see Setup; whether it shows them what they may not read is not
// written down (read 2026-11-21), so its silence proves nothing.
func (c *Client) lookForHidden(ctx context.Context, f *findings, s *schema) error {
	var absentOnes []string
	for _, n := range noteObjects {
		if s.noteState(n) == crm.Unmapped {
			absentOnes = append(absentOnes, n.object)
		}
	}
	if s.fileState() == crm.Unmapped {
		absentOnes = append(absentOnes, "ContentNote")
	}
	if len(absentOnes) == 0 {
		return nil
	}
	rows, err := c.everyRow(ctx, "tooling/query", "SELECT QualifiedApiName FROM EntityDefinition WHERE QualifiedApiName IN ('"+strings.Join(absentOnes, "','")+"')")
	if fatal := tolerable(err); fatal != nil {
		return fatal
	}
	there := map[string]bool{}
	for _, r := range rows {
		there[r.Get("QualifiedApiName").String()] = true
	}
	for _, name := range absentOnes {
		grant := "give the integration user read access to " + name + ", if people write about deals there"
		switch {
		case there[name]:
			f.add("permissions", name, crm.Doubt, grant, "%s is there and hidden from the integration user: what is written there after the close does not count", name)
		case err != nil:
			f.add("permissions", name, crm.Doubt, seeSetup+", or "+grant, "%s is not offered to the integration user: hidden, or not in the org; nothing written there counts", name)
		default:
			f.fine("permissions", name, "the org lists no %s, so no notes are looked for there", name)
		}
	}
	return nil
}

func gradeOf(p crm.Problem) crm.Grade {
	if p.Severity == crm.Fail {
		return crm.Fault
	}
	return crm.Doubt
}

// fields tells how each mapped field stands.
func (f *findings) fields(s *schema, listed *listedFields, tracked map[string]bool) {
	for i := range s.mapping.all {
		e := &s.mapping.all[i]
		name := e.object + "." + strings.TrimPrefix(e.native, e.object+".")
		place := "fields." + e.logical.Name
		switch {
		case e.native == "" || e.on == nil && e.state() == crm.Unmapped && !listed.has(e.object, e.native):
			continue // optional, and nobody asked for it
		case e.on == nil && listed.has(e.object, strings.TrimPrefix(e.native, e.object+".")):
			f.add("fields", name, crm.Fault, fmt.Sprintf("assign %s to the integration user, or grant%s access to the field in one of its permission sets (%s > Set Field-Level Security)", syncSet, readOrEdit(e.logical), fieldList),
				"is there, and field-level security hides it from the integration user")
			continue
		case e.on == nil && listed.refused == nil:
			fix := "create the field under " + fieldList + ", or map " + place + " to another"
			if e.logical.Native == "" {
				fix = "run syncd fields apply, or deploy the project that syncd fields export writes"
			}
			if !strings.HasSuffix(e.native, "__c") { // the list is of custom fields
				fix = "let the integration user read" + orEdit(e.logical) + " the field, or correct " + place
			}
			f.add("fields", name, crm.Fault, fix, "does not exist")
			continue
		}
		told := false
		for _, p := range s.problems {
			if p.Place == place {
				told = true
				f.add("fields", name, gradeOf(p), p.Fix, "%s", p.Message)
			}
		}
		if !told && e.on != nil {
			f.field(e, name, tracked)
		}
	}
}

// notes tells whether the CSM's notes are there. Our user need not see them, and
// nothing that syncd does waits for them.
func (f *findings) notes(all []crm.Field, s *schema, listed *listedFields) {
	var missing []string
	for _, n := range all {
		native := nativeName(n)
		if s.objects["Opportunity"].field(native) == nil && !listed.has("Opportunity", native) {
			missing = append(missing, native)
		}
	}
	switch {
	case len(all) == 0:
	case len(missing) == 0:
		f.fine("fields", "notes", "CSMs have a field for a note on each of %s", crm.Count(len(all), "item"))
	case listed.refused != nil:
		f.add("fields", "notes", crm.Doubt, seeSetup+", or look for the fields under "+fieldList,
			"%s for the CSM's notes: missing, or hidden from the integration user, as may be: %s", crm.Count(len(missing), "field"), crm.Some(missing))
	default:
		f.add("fields", "notes", crm.Doubt, "run syncd fields apply, or deploy the project that syncd fields export writes",
			"%s for the CSM's notes: not there, so nobody can say beside a score why it was given: %s", crm.Count(len(missing), "field"), crm.Some(missing))
	}
}

// taskKey tells how tasks can be found again. The field is a convenience: the
// mark at the end of a task's text does as well, until a person takes it out.
func (f *findings) taskKey(s *schema, listed *listedFields) {
	const name, brings = "Activity." + keyField, "tasks are found again by the mark in their text alone, and one whose text a person rewrites is no longer known"
	t := s.objects["Task"]
	if t == nil {
		return // permissions has said so
	}
	switch on := t.field(keyField); {
	case on == nil && listed.has("Activity", keyField):
		f.add("fields", name, crm.Doubt, "assign "+syncSet+" to the integration user", "is there, and hidden from the integration user: %s", brings)
	case on == nil && listed.refused != nil:
		f.add("fields", name, crm.Doubt, "assign "+syncSet+" to the integration user, or run syncd fields apply", "is not there, or hidden from the integration user: %s", brings)
	case on == nil:
		f.add("fields", name, crm.Doubt, "run syncd fields apply, or deploy the project that syncd fields export writes", "does not exist: %s", brings)
	case !on.Createable:
		f.add("fields", name, crm.Doubt, "grant edit access to Task."+keyField+" in a permission set of the integration user", "cannot be filled by the integration user: %s", brings)
	case on.Length > 0 && on.Length < keyLength:
		f.add("fields", name, crm.Doubt, fmt.Sprintf("lengthen the field to %d characters", keyLength), "holds %d characters, and keys that are longer are left out: of those %s", on.Length, brings)
	default:
		f.fine("fields", name, "%s, readable, writable: tasks are found again by it", on.Type)
	}
}

// attempts tells whether records of attempts can be kept.
func (f *findings) attempts(s *schema, listed *listedFields) {
	err := s.attemptable()
	switch {
	case err == nil:
		f.fine("fields", attemptObject, "%s, readable, writable: a record is kept of every attempt that is final", crm.Count(len(attemptFields), "field"))
	case s.objects[attemptObject] == nil && listed.attempts != "":
		f.add("fields", attemptObject, crm.Fault, "assign "+syncSet+" to the integration user", "is there, and hidden from the integration user: no record of an attempt is kept")
	case slices.Contains(s.seen.Withheld, crm.AttemptsField): // visibility tells the leak
	default:
		var e *crm.Error
		errors.As(err, &e)
		f.add("fields", attemptObject, crm.Fault, e.Fix, noAttempts, e.Err)
	}
}

func readOrEdit(f crm.Field) string {
	if f.Writer == crm.Ours {
		return " read and edit"
	}
	return " read"
}

// field tells of a field that can be used.
func (f *findings) field(e *mapped, name string, tracked map[string]bool) {
	says := e.on.Type + ", readable"
	if e.logical.Writer == crm.Ours {
		says += ", writable"
	}
	if n := len(e.on.options()); n > 0 {
		says += fmt.Sprintf(", %d values", n)
	}
	if e.on.Length > 0 && (e.on.Type == "string" || e.on.Type == "textarea") {
		says += fmt.Sprintf(", %d characters", e.on.Length)
	}
	short := map[crm.Kind]int{crm.Text: textLength, crm.LongText: enoughText}[e.logical.Kind]
	switch {
	case e.logical.Writer == crm.Ours && e.on.Length > 0 && e.on.Length < short:
		f.add("fields", name, crm.Doubt, fmt.Sprintf("lengthen the field to %d characters under %s", short, fieldList),
			"%s holds %d characters: longer texts are cut", name, e.on.Length)
	case e.logical.Kind == crm.Number && e.logical.Writer == crm.Ours && e.on.Precision > 0 && e.on.Precision-e.on.Scale < enoughDigits:
		f.add("fields", name, crm.Doubt, fmt.Sprintf("give the field %d digits before the point under %s", enoughDigits, fieldList),
			"%s holds %d digits before the point", name, e.on.Precision-e.on.Scale)
	case e.logical.Track && tracked != nil && e.object == "Opportunity" && !tracked[strings.ToLower(e.on.Name)]:
		f.add("fields", name, crm.Doubt, "turn on history under "+fieldList+" > Set History Tracking (20 fields an object at most)",
			"its changes are not tracked, so their times are those that syncd saw")
	default:
		if e.logical.Track && tracked != nil {
			says += ", history tracked"
		}
		f.fine("fields", name, "%s", says)
	}
}

// enoughText is what the longest text that syncd writes is happy with.
const enoughText = 2_000

// readTracked lists the fields of Opportunity with history, in lower case; nil
// if the org does not say.
func (c *Client) readTracked(ctx context.Context) (map[string]bool, error) {
	rows, err := c.everyRow(ctx, "tooling/query", "SELECT QualifiedApiName FROM FieldDefinition WHERE EntityDefinitionId = 'Opportunity' AND IsFieldHistoryTracked = true")
	if err != nil {
		return nil, err
	}
	out := map[string]bool{}
	for _, r := range rows {
		out[strings.ToLower(r.Get("QualifiedApiName").String())] = true
	}
	return out, nil
}

// visibility tells which sellers can read what they should not.
func (f *findings) visibility(s *schema) {
	v := s.seen
	blind := ""
	if v.Known && v.owners > 0 && !v.wholesale {
		blind = fmt.Sprintf("; a permission set with View All Fields would not be noticed, which takes an api_version above %.1f and read access to ObjectPermissions", withoutAllFields)
	}
	if v.Untold != "" {
		f.add("visibility", "Opportunity", crm.Doubt, seeSetup+", or look at the fields' field-level security by hand", "%s", v.Untold)
	}
	for _, l := range v.Leaks {
		subject := l.Native
		if l.Field != crm.AttemptsField {
			subject = "Opportunity." + subject
		}
		f.add("visibility", subject, crm.Doubt, "take Read access to the field from "+l.By+" ("+fieldList+" > Set Field-Level Security)",
			"%d people who own deals can read %s, by %s", l.Sellers, l.Native, l.By)
	}
	switch {
	case v.Known && v.owners == 0:
		f.fine("visibility", "Opportunity", "no field that tells a number or a band is seen")
	case v.Known && len(v.Leaks) == 0:
		f.fine("visibility", "Opportunity", "no seller among %d owners of deals can read a number or a band%s", v.owners, blind)
	}
	if v.csms > 0 {
		f.fine("visibility", csmSet, "%s of deals with %s, taken for CSMs: none of them should sell (Setup > Permission Sets > %s > Manage Assignments lists who holds it)",
			crm.Count(v.csms, "owner"), csmSet, strings.ReplaceAll(csmSet, "_", " "))
	}
}

// lastYear is the deals by which an inspection counts.
const lastYear = "IsWon = true AND CloseDate = LAST_N_DAYS:365"

// lookAtRoles tells how often each role is filled.
func (c *Client) lookAtRoles(ctx context.Context, f *findings, s *schema) error {
	if len(c.setup.Roles) == 0 {
		return nil
	}
	for _, p := range s.problems {
		if p.Place == "roles" || strings.HasPrefix(p.Place, "roles.") {
			f.add("roles", p.Place, gradeOf(p), p.Fix, "%s", p.Message)
		}
	}
	if len(s.roles) == 0 {
		return nil
	}
	rows, err := c.everyRow(ctx, "query", "SELECT Role, COUNT(Id) n FROM OpportunityContactRole WHERE Opportunity.IsWon = true AND Opportunity.CloseDate = LAST_N_DAYS:365 GROUP BY Role")
	if err != nil {
		return f.refused(err, "roles", "OpportunityContactRole", "how often roles are filled", "give the integration user read access to Opportunities, Contacts and their roles")
	}
	for _, key := range sortedKeys(s.roles) {
		n := int64(0)
		for _, r := range rows {
			if s.roles[key][fold(r.Get("Role").String())] {
				n += r.Get("n").Int()
			}
		}
		if n == 0 {
			f.add("roles", key, crm.Doubt, "see that Contact Roles are kept on opportunities, or map roles."+key+" to names that are in use: "+quoted(s.offered),
				"no deal won in the last year has a contact as %s", key)
			continue
		}
		f.fine("roles", key, "%d contacts of deals won in the last year", n)
	}
	return nil
}

// lookAtStages tells which stages mean won, and what was won by type.
func (c *Client) lookAtStages(ctx context.Context, f *findings, s *schema) error {
	if len(s.won) == 0 {
		f.add("stages", "OpportunityStage", crm.Doubt, "check the stages under Setup > Object Manager > Opportunity > Fields & Relationships > Stage: one must be Closed/Won", "no stage is known to mean won")
	} else {
		f.fine("stages", "OpportunityStage", "won means %s", quoted(sortedKeys(s.won)))
	}
	column, by := "Type", "type"
	if s.objects["Opportunity"].field(column) == nil {
		column, by = "StageName", "stage"
	}
	rows, err := c.everyRow(ctx, "query", "SELECT "+column+", COUNT(Id) n FROM Opportunity WHERE "+lastYear+" GROUP BY "+column)
	if err != nil {
		return f.refused(err, "stages", "Opportunity", "how many deals were won", "give the integration user read access to Opportunities")
	}
	var parts []string
	total := int64(0)
	for _, r := range rows {
		total += r.Get("n").Int()
		parts = append(parts, fmt.Sprintf("%s %d", or(r.Get(column).String(), "(blank)"), r.Get("n").Int()))
	}
	slices.Sort(parts)
	if total == 0 {
		f.add("stages", "Opportunity", crm.Doubt, `check that deals reach a won stage, and grant "View All Records" on Opportunities to the integration user`, "no deal was won in the last year that the integration user can read")
		return nil
	}
	f.fine("stages", "Opportunity", "%d deals won in the last year by %s: %s", total, by, clean(strings.Join(parts, ", ")))
	f.fine("stages", "full pass", "the first pass over so many deals takes about %d requests", fixedCalls+total*callsPerThousand/1000)
	return nil
}

// What a first pass takes, as syncd bench counts it on deals with three contacts
// and two notes each: for the schema, and for a thousand deals.
const (
	fixedCalls       = 30
	callsPerThousand = 12
)

// lookAtRules lists what could refuse a write: validation rules, and fields that
// must not be blank.
func (c *Client) lookAtRules(ctx context.Context, f *findings, s *schema) error {
	var required []string
	for i := range s.objects["Opportunity"].Fields {
		if e := &s.objects["Opportunity"].Fields[i]; e.Custom && e.Nillable != nil && !*e.Nillable && e.Type != "boolean" && !e.Defaulted {
			required = append(required, e.Name)
		}
	}
	if len(required) > 0 {
		f.add("rules", "required fields", crm.Doubt, "fill the fields on won deals, or require them on the page layout instead of on the field",
			"deals where %s is blank cannot be written", quoted(required))
	}
	rows, err := c.everyRow(ctx, "tooling/query", "SELECT ValidationName FROM ValidationRule WHERE EntityDefinitionId = 'Opportunity' AND Active = true")
	if err != nil {
		return f.refused(err, "rules", "validation rules", "which validation rules could refuse a write", seeSetup+", or check one deal with --probe")
	}
	var names []string
	for _, r := range rows {
		names = append(names, clean(r.Get("ValidationName").String()))
	}
	if len(names) == 0 {
		f.fine("rules", "validation rules", "no active validation rule on Opportunity")
		return nil
	}
	slices.Sort(names)
	f.add("rules", "validation rules", crm.Doubt, "let the rules pass for the integration user ($User.Id or a custom permission in the formula), or check one deal with --probe",
		"active validation rules on Opportunity can refuse writes: %s", quoted(names))
	return nil
}

// probe sets one of our fields to the value that it has.
func (c *Client) probe(ctx context.Context, f *findings, s *schema, deal crm.DealID) error {
	if !isID(string(deal)) || !strings.HasPrefix(string(deal), "006") {
		f.add("rules", string(deal), crm.Fault, "name the id of an opportunity, 006…", "the deal to probe is no id of an opportunity")
		return nil
	}
	var e *mapped
	for i := range s.mapping.all {
		if m := &s.mapping.all[i]; m.writable && (e == nil || m.logical.Name == "updated_at") {
			e = m
		}
	}
	if e == nil {
		f.add("rules", string(deal), crm.Doubt, `run "syncd fields apply" first`, "no field of syncd's can be written, so none was tried")
		return nil
	}
	path := c.data("sobjects/Opportunity/" + string(deal))
	now, err := c.get(ctx, path+"?fields="+e.on.Name)
	if err == nil {
		value := now.Get(e.on.Name)
		if !value.Exists() {
			return malformed("probe", "the record lacks the field that was asked for")
		}
		_, _, err = c.do(counted(ctx, "write"), http.MethodPatch, path, map[string]any{e.on.Name: rawValue(value)})
	}
	switch kind := crm.KindOf(err); {
	case err == nil:
		f.fine("rules", string(deal), "a write of %s to the value it has was taken", e.on.Name)
	case kind == crm.Auth, kind == crm.Quota, kind == crm.RateLimited, kind == crm.Unavailable:
		return err
	default:
		f.add("rules", string(deal), crm.Fault, "let the rule or permission named here pass for the integration user", "a write of %s to the value it has was refused: %v", e.on.Name, err)
	}
	return nil
}

// rawValue is a JSON value as it came.
func rawValue(v gjson.Result) any { return rawJSON(v.Raw) }

type rawJSON string

// MarshalJSON gives the value unchanged.
func (r rawJSON) MarshalJSON() ([]byte, error) { return []byte(r), nil }

// lookAtQuota tells how many requests are left of the rolling day's.
func (c *Client) lookAtQuota(ctx context.Context, f *findings) error {
	body, _, err := c.do(ctx, http.MethodGet, c.data("limits"), nil)
	if err != nil {
		return f.refused(err, "quota", "DailyApiRequests", "how many requests are left", seeSetup)
	}
	v := transport.Parse(body).Get("DailyApiRequests")
	most, left := v.Get("Max").Int(), v.Get("Remaining").Int()
	switch {
	case most <= 0:
		f.add("quota", "DailyApiRequests", crm.Doubt, "look at Setup > Company Information > API Requests, Last 24 Hours", "the org does not say how many requests are left")
	case left <= 0:
		f.add("quota", "DailyApiRequests", crm.Fault, "wait until enough of them have aged, or buy more requests", "all %d requests of the last 24 hours are used up", most)
	case left*10 < most:
		f.add("quota", "DailyApiRequests", crm.Doubt, "find out who uses them under Setup > Company Information > API Requests, Last 24 Hours", "%d of %d requests are left", left, most)
	default:
		f.fine("quota", "DailyApiRequests", "%d of %d requests are left", left, most)
	}
	return nil
}
