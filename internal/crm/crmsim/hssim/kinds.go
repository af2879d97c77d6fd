package hssim

// A kind is one CRM object type.
type kind struct {
	id       string // object type id, as "0-3"
	plural   string
	singular string
	scope    string // the object name inside scope names
	modified string // property holding the modified stamp
	created  string // property holding the creation stamp
	defaults []string
	group    string // property group of the built-in properties
	firstID  int64
	activity bool // notes, calls and the like
}

// Order matters twice: record ids grow from firstID, and of two kinds that are
// associated the earlier one is the first side of the pair.
var kinds = []kind{
	{
		id: "0-3", plural: "deals", singular: "deal", scope: "deals", modified: "hs_lastmodifieddate", created: "createdate",
		defaults: []string{"dealname", "amount", "closedate", "pipeline", "dealstage", "createdate", "hs_lastmodifieddate", "hs_object_id"},
		group:    "dealinformation", firstID: 31_400_000_000,
	},
	{
		id: "0-1", plural: "contacts", singular: "contact", scope: "contacts", modified: "lastmodifieddate", created: "createdate",
		defaults: []string{"firstname", "lastname", "email", "lastmodifieddate", "hs_object_id", "createdate"},
		group:    "contactinformation", firstID: 88_100_000_000,
	},
	{
		id: "0-2", plural: "companies", singular: "company", scope: "companies", modified: "hs_lastmodifieddate", created: "createdate",
		defaults: []string{"name", "domain", "createdate", "hs_lastmodifieddate", "hs_object_id"},
		group:    "companyinformation", firstID: 24_700_000_000,
	},
	activity("0-46", "notes", "note", 61_000_000_000),
	activity("0-48", "calls", "call", 62_900_000_000),
	activity("0-49", "emails", "email", 65_300_000_000),
	activity("0-47", "meetings", "meeting", 68_200_000_000),
	activity("0-27", "tasks", "task", 71_500_000_000),
}

// activity describes an engagement kind. HubSpot has no scopes of their own for
// them: the contact scopes open them.
func activity(id, plural, singular string, firstID int64) kind {
	return kind{
		id: id, plural: plural, singular: singular, scope: "contacts", modified: "hs_lastmodifieddate", created: "hs_createdate",
		defaults: []string{"hs_createdate", "hs_lastmodifieddate", "hs_object_id"},
		group:    singular, firstID: firstID, activity: true,
	}
}

// defaultTypes are the unlabelled association types, by direction.
var defaultTypes = map[[2]string]int{
	{"deals", "deals"}: 451, {"contacts", "contacts"}: 449, {"companies", "companies"}: 450,
	{"deals", "contacts"}: 3, {"contacts", "deals"}: 4,
	{"deals", "companies"}: 341, {"companies", "deals"}: 342,
	{"contacts", "companies"}: 279, {"companies", "contacts"}: 280,
	{"deals", "notes"}: 213, {"notes", "deals"}: 214,
	{"contacts", "notes"}: 201, {"notes", "contacts"}: 202,
	{"companies", "notes"}: 189, {"notes", "companies"}: 190,
	{"deals", "tasks"}: 215, {"tasks", "deals"}: 216,
	{"contacts", "tasks"}: 203, {"tasks", "contacts"}: 204,
	{"companies", "tasks"}: 191, {"tasks", "companies"}: 192,
	{"deals", "calls"}: 205, {"calls", "deals"}: 206,
	{"contacts", "calls"}: 193, {"calls", "contacts"}: 194,
	{"companies", "calls"}: 181, {"calls", "companies"}: 182,
	{"deals", "emails"}: 209, {"emails", "deals"}: 210,
	{"contacts", "emails"}: 197, {"emails", "contacts"}: 198,
	{"companies", "emails"}: 185, {"emails", "companies"}: 186,
	{"deals", "meetings"}: 211, {"meetings", "deals"}: 212,
	{"contacts", "meetings"}: 199, {"meetings", "contacts"}: 200,
	{"companies", "meetings"}: 187, {"meetings", "companies"}: 188,
}

// primaryTypes mark the primary company of a record, and the way back.
var primaryTypes = map[[2]string]int{
	{"deals", "companies"}: 5, {"companies", "deals"}: 6,
	{"contacts", "companies"}: 1, {"companies", "contacts"}: 2,
}

// table finds the object type that a path names by plural, singular or id.
func (s *Server) table(name string) *table { return s.names[name] }
