package sfsim

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
)

// seed turns the world into records. Their stamps are those that the vendor
// would have left: none is later than the world's Now.
func (s *Server) seed(w *world.World) {
	sd := &seeder{s: s, w: w, now: stampOf(w.Now), start: stampOf(w.Now) - 3*365*day}
	for _, d := range w.Deals {
		if at := stampOf(d.CreatedAt); !d.CreatedAt.IsZero() && at-60*day < sd.start {
			sd.start = at - 60*day
		}
	}
	sd.org()
	sd.people()
	sd.admin()
	sd.customers()
	for i := range w.Deals {
		sd.deal(i)
	}
}

type seeder struct {
	s          *Server
	w          *world.World
	now, start stamp
	recordType string // the default one of Opportunity
	profiles   map[string]string
	noteSeq    int
	dealFields map[string]*field
}

// fresh makes a record with its audit columns.
func (sd *seeder) fresh(t *table, by string, at stamp) *record {
	r := sd.s.newRecord(t)
	sd.stamp(r, by, at, at)
	return r
}

func (sd *seeder) stamp(r *record, by string, created, touched stamp) {
	t := r.t
	created, touched = min(created, sd.now), min(touched, sd.now)
	for pos, v := range map[int]any{t.created: created, t.createdBy: by, t.modified: touched, t.modifiedBy: by, t.mod: touched} {
		if pos >= 0 {
			r.vals[pos] = v
		}
	}
}

func (r *record) fill(values map[string]any) *record {
	for name, v := range values {
		if v == "" {
			v = nil
		}
		r.vals[r.t.at(name)] = v
	}
	return r
}

func (sd *seeder) org() {
	s := sd.s
	r := sd.fresh(s.table("Organization"), "", sd.start).fill(map[string]any{
		"Name": clip(sd.w.Company, 80), "InstanceName": "SIM1", "IsSandbox": s.o.Sandbox, "OrganizationType": "Enterprise Edition",
		"TimeZoneSidKey": s.zone.String(), "DefaultLocaleSidKey": "en_US", "LanguageLocaleKey": "en_US", "FiscalYearStartMonth": 1.0,
	})
	s.add(r)
	s.orgID = r.id
}

// titles are what the words for jobs read like in a CRM.
func title(job string) (text, profile string) {
	switch job {
	case world.AE:
		return "Account Executive", standardProfile
	case world.SalesManager:
		return "Sales Manager", standardProfile
	case world.CSM:
		return "Customer Success Manager", standardProfile
	case world.CSManager:
		return "Customer Success Team Lead", standardProfile
	case world.RevOps:
		return "Revenue Operations", adminProfile
	case world.Integration:
		return "Integration", integrationProfile
	}
	return "", standardProfile
}

func (sd *seeder) people() {
	s, w := sd.s, sd.w
	profiles, roles := map[string]string{}, map[string]string{}
	sd.profiles = profiles
	for _, name := range []string{adminProfile, standardProfile, integrationProfile} {
		r := sd.fresh(s.table("Profile"), "", sd.start).fill(map[string]any{"Name": name, "UserType": "Standard"})
		s.add(r)
		profiles[name] = r.id
	}
	users := s.table("User")
	records := make([]*record, len(w.Users))
	for i, u := range w.Users {
		job, profile := title(u.Job)
		if roles[job] == "" && job != "" {
			r := sd.fresh(s.table("UserRole"), "", sd.start).fill(map[string]any{"Name": job, "DeveloperName": strings.ReplaceAll(job, " ", "_")})
			s.add(r)
			roles[job] = r.id
		}
		first, last := splitName(u.Name)
		r := sd.fresh(users, "", sd.start).fill(map[string]any{
			"Username": strings.ToLower(u.Email), "Email": strings.ToLower(u.Email), "FirstName": first, "LastName": last, "Name": u.Name,
			"Alias": clip(strings.ToLower(strings.ReplaceAll(last, " ", "")), 8), "Title": job, "Department": u.Team, "CompanyName": w.Company,
			"IsActive": u.Active, "UserRoleId": roles[job], "ProfileId": profiles[profile], "UserType": "Standard",
			"TimeZoneSidKey": s.zone.String(), "LocaleSidKey": "en_US", "LanguageLocaleKey": "en_US", "EmailEncodingKey": "UTF-8",
		})
		records[i] = r
		s.users = append(s.users, r.id)
		switch {
		case u.Job == world.Integration && s.me == "":
			s.me = r.id
		case u.Job == world.RevOps && s.admin == "" && u.Active:
			s.admin = r.id
		}
	}
	if s.me == "" { // a world without one still needs somebody to sign in as
		r := sd.fresh(users, "", sd.start).fill(map[string]any{
			"Username": "integration@" + s.domain, "Email": "integration@" + s.domain, "LastName": "Integration", "Name": "Integration",
			"Alias": "integ", "ProfileId": profiles[integrationProfile], "UserType": "Standard",
			"TimeZoneSidKey": s.zone.String(), "LocaleSidKey": "en_US", "LanguageLocaleKey": "en_US", "EmailEncodingKey": "UTF-8",
		})
		records = append(records, r)
		s.me = r.id
	}
	if s.admin == "" {
		s.admin = s.me
	}
	for i, r := range records {
		if i < len(w.Users) {
			r.fill(map[string]any{"ManagerId": sd.user(w.Users[i].Manager, "")})
		}
		sd.stamp(r, s.admin, sd.start, sd.start)
		s.add(r)
	}
}

func splitName(name string) (first, last string) {
	name = strings.TrimSpace(name)
	if i := strings.LastIndexByte(name, ' '); i >= 0 {
		return clip(name[:i], 40), clip(name[i+1:], 80)
	}
	return "", clip(name, 80)
}

// user is the id of a user of the world, otherwise if there is none.
func (sd *seeder) user(i int, otherwise string) string {
	if i < 0 || i >= len(sd.w.Users) {
		return otherwise
	}
	return sd.s.users[i]
}

// admin makes the rows of setup: stages, statuses, queues, permission sets.
func (sd *seeder) admin() {
	s := sd.s
	row := func(name string, values map[string]any) string {
		r := sd.fresh(s.table(name), s.admin, sd.start).fill(values)
		s.add(r)
		return r.id
	}
	for i, g := range stageList() {
		row("OpportunityStage", map[string]any{
			"MasterLabel": g.name, "ApiName": g.name, "IsActive": true, "SortOrder": float64(i + 1), "IsClosed": g.closed, "IsWon": g.won,
			"ForecastCategory": g.forecast, "ForecastCategoryName": g.forecastName, "DefaultProbability": g.probability,
		})
	}
	for i, g := range s.o.TaskStatuses {
		row("TaskStatus", map[string]any{
			"MasterLabel": g.Name, "ApiName": g.Name, "SortOrder": float64(i + 1), "IsDefault": g.Name == s.task.exact["Status"].def, "IsClosed": g.Closed,
		})
	}
	for i, name := range s.o.RecordTypes {
		id := row("RecordType", map[string]any{
			"Name": name, "DeveloperName": strings.ReplaceAll(name, " ", "_"), "SobjectType": "Opportunity", "IsActive": true,
		})
		if i == 0 {
			sd.recordType = id
		}
	}
	queue := row("Group", map[string]any{"Name": "Customer Success", "DeveloperName": "Customer_Success", "Type": "Queue", "OwnerId": s.orgID})
	row("QueueSobject", map[string]any{"QueueId": queue, "SobjectType": "Task", "CreatedById": s.admin})
	sd.permissions(sd.profiles)
	if s.multiCurrency() {
		for i, code := range s.currencies {
			row("CurrencyType", map[string]any{
				"IsoCode": code, "ConversionRate": 1 + float64(i)*0.17, "DecimalPlaces": 2.0, "IsActive": true, "IsCorporate": i == 0,
			})
		}
	}
	for _, t := range s.list {
		for _, f := range t.fields {
			if f.custom && t != s.event {
				s.listField(t, f, sd.start)
			}
		}
	}
	for _, f := range s.opp.fields {
		s.defineField(s.opp, f, "")
	}
	for _, t := range s.list {
		s.defineEntity(t)
	}
}

func (sd *seeder) customers() {
	s, w := sd.s, sd.w
	for i, a := range w.Accounts {
		at := sd.start + stamp(i%50)*day
		r := sd.fresh(s.account, s.admin, at).fill(map[string]any{
			"Name": clip(a.Name, 255), "Type": "Prospect", "OwnerId": sd.user(a.Owner, s.admin),
			"BillingCountry": clip(a.Country, 80), "Industry": a.Sector,
		})
		s.add(r)
		s.accounts = append(s.accounts, r.id)
	}
	fields := sd.custom("contact")
	for i, c := range w.Contacts {
		at := sd.start + stamp(i%55)*day
		r := sd.fresh(s.contact, s.admin, at)
		owner, account := s.admin, ""
		if c.Account >= 0 && c.Account < len(s.accounts) {
			account = s.accounts[c.Account]
			owner = sd.user(w.Accounts[c.Account].Owner, owner)
		}
		last := c.Last
		if last == "" {
			last = "[not provided]"
		}
		r.fill(map[string]any{
			"AccountId": account, "FirstName": clip(c.First, 40), "LastName": clip(last, 80), "Name": strings.TrimSpace(c.First + " " + last),
			"Title": clip(c.Title, 128), "Email": clip(c.Email, 80), "Phone": clip(c.Phone, 40), "MobilePhone": clip(c.Mobile, 40), "OwnerId": owner,
		})
		if c.Bounced {
			when := min(at+90*day, sd.now-day)
			r.fill(map[string]any{
				"IsEmailBounced": true, "EmailBouncedDate": when,
				"EmailBouncedReason": "550 5.1.1 The email account that you tried to reach does not exist",
			})
			r.vals[s.contact.mod] = when
		}
		sd.fields(r, fields, c.Fields)
		s.add(r)
		s.contacts = append(s.contacts, r.id)
	}
}

// custom lists the world's fields of one object with their columns.
func (sd *seeder) custom(object string) map[string]*field {
	out := map[string]*field{}
	for _, f := range sd.w.Fields {
		if objectOf(f.Object) == objectOf(object) && f.Salesforce != "" {
			out[f.Name] = sd.s.table(objectOf(object)).field(f.Salesforce)
		}
	}
	return out
}

func (sd *seeder) fields(r *record, columns map[string]*field, values map[string]string) {
	for name, text := range values {
		if f := columns[name]; f != nil {
			r.vals[f.pos] = sd.value(f, text)
		}
	}
}

// value turns canonical text into what is stored. Data that came into an org
// long ago may break rules that hold for writes today, so nothing is refused.
func (sd *seeder) value(f *field, text string) any {
	switch {
	case text == "":
		return f.def
	case f.kind == "boolean":
		return text == "true"
	case f.number():
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil
		}
		return round(n, f.scale)
	case f.kind == "datetime":
		t, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return nil
		}
		return stampOf(t)
	case f.kind == "reference":
		var i int
		if _, err := fmt.Sscanf(text, "user:%d", &i); err != nil || i < 0 || i >= len(sd.s.users) {
			return nil
		}
		return sd.s.users[i]
	case f.text() && f.length > 0:
		return clip(text, f.length)
	}
	return text
}
