package sfsim

import (
	"hash/fnv"
	"strings"
	"sync"
	"time"

	"github.com/alecthomas/participle/v2"

	"github.com/handoffscore/syncd/internal/crm/crmsim/simclock"
	"github.com/handoffscore/syncd/internal/crm/crmsim/simfault"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
)

// Server is a simulated org. It is safe for concurrent use.
type Server struct {
	o      Options
	clock  *simclock.Clock
	zone   *time.Location // of the integration user
	pod    string         // two characters in every id
	base   uint64         // where the numbers in ids start
	auth   authority
	limits limits
	faults simfault.Plan[Mishap, Fault]
	log    ledger

	mu       sync.RWMutex // guards all below
	list     []*table
	tables   map[string]*table // by lower-case name
	prefixes map[string]*table
	hidden   map[string]bool // "opportunity.amount" or "opportunity": no read access
	locked   map[string]bool // "opportunity.amount": read, no edit
	denied   map[string]bool // rights that the integration user lacks
	tracked  map[string]bool // field names on Opportunity with history
	rules    []Rule
	pending  []pendingEdit
	bulk     bulkJobs
	objects  uint64 // custom ones made so far
	cleared  map[*record][]clearing
	undo     *[]func()
	schemaAt stamp
	described
	locators

	names                                    *table // what is readable of records of any kind
	grammar                                  *participle.Parser[statement]
	task, event, opp, role, contact, account *table
	taskClosed, taskDate, eventDate          int
	stages                                   map[string]stage
	closes                                   map[string]bool // task status -> it means closed

	currencies         []string // more than one means a multi-currency org
	orgID, me, admin   string   // ids: the org, the integration user, who acts in the browser
	users, deals       []string // ids by their position in the world
	accounts, contacts []string
	company, domain    string
}

// New builds an org with the content of w. It does not listen: serve it with
// any HTTP server.
func New(w *world.World, o Options) *Server {
	if o.Clock == nil {
		o.Clock = simclock.New(w.Now)
	}
	orElse := func(n *int, otherwise int) {
		if *n == 0 {
			*n = otherwise
		}
	}
	orElse(&o.PageSize, maxPage)
	orElse(&o.ChildPageSize, 199)
	orElse(&o.BulkPageSize, 50_000)
	if o.BulkWait == 0 {
		o.BulkWait = time.Second
	}
	if o.SessionTimeout == 0 {
		o.SessionTimeout = 2 * time.Hour
	}
	h := fnv.New64a()
	h.Write([]byte(w.Company + "\x00" + w.Domain))
	sum := h.Sum64()
	s := &Server{
		o: o, clock: o.Clock, zone: time.UTC, company: w.Company, domain: w.Domain,
		pod:    string([]byte{base62[10+sum%26], base62[36+sum>>8%26]}),
		base:   sum>>16%(62*62*62*62) + 62*62*62*62,
		tables: map[string]*table{}, prefixes: map[string]*table{},
		hidden: map[string]bool{}, locked: map[string]bool{}, denied: map[string]bool{}, tracked: map[string]bool{},
		cleared: map[*record][]clearing{},
	}
	if z, err := time.LoadLocation(w.TimeZone); err == nil && w.TimeZone != "" {
		s.zone = z
	}
	for _, t := range standard() {
		s.addTable(t)
	}
	if o.NoChatter {
		s.dropTable("FeedItem")
	}
	s.task, s.event, s.opp = s.table("Task"), s.table("Event"), s.table("Opportunity")
	s.role, s.contact, s.account = s.table("OpportunityContactRole"), s.table("Contact"), s.table("Account")
	s.taskClosed, s.taskDate, s.eventDate = s.task.at("IsClosed"), s.task.at("ActivityDate"), s.event.at("ActivityDate")
	s.names, s.grammar = nameTable(), newGrammar()
	s.described.start()
	s.locators.start()
	s.log.reset()
	s.addCustom(w)
	s.relate()
	s.seed(w)
	s.auth.start(s, sum)
	s.schemaAt = stampOf(w.Now) - 30*day
	return s
}

func (s *Server) addTable(t *table) {
	s.list = append(s.list, t)
	s.tables[strings.ToLower(t.name)] = t
	if s.prefixes[t.prefix] == nil {
		s.prefixes[t.prefix] = t
	}
}

func (s *Server) dropTable(name string) {
	t := s.table(name)
	delete(s.tables, strings.ToLower(name))
	for i, other := range s.list {
		if other == t {
			s.list = append(s.list[:i], s.list[i+1:]...)
			break
		}
	}
}

// relate tells parents which children point at them.
func (s *Server) relate() {
	for _, t := range s.list {
		for _, f := range t.fields {
			for _, target := range f.targets {
				if p := s.table(target); p != nil && f.children != "" {
					p.children = append(p.children, child{t: t, f: f, rel: f.children})
				}
			}
		}
	}
}

// Clock returns the clock that the org runs on.
func (s *Server) Clock() *simclock.Clock { return s.clock }

func (s *Server) now() stamp { return stampOf(s.clock.Now()) }

// DealID is the id of the opportunity made of world.Deals[i].
func (s *Server) DealID(i int) string { return s.deals[i] }

// ContactID is the id of the contact made of world.Contacts[i].
func (s *Server) ContactID(i int) string { return s.contacts[i] }

// AccountID is the id of the account made of world.Accounts[i].
func (s *Server) AccountID(i int) string { return s.accounts[i] }

// UserID is the id of the user made of world.Users[i].
func (s *Server) UserID(i int) string { return s.users[i] }

// multiCurrency reports whether records carry a currency of their own.
func (s *Server) multiCurrency() bool { return len(s.currencies) > 1 }

// nameTable is the vendor's Name object: the fields that can be read through a
// reference to one of several objects.
func nameTable() *table {
	t := newTable("Name", "", "Name/Names", "")
	for _, f := range []*field{
		{name: "Id", kind: "id"},
		{name: "Name", kind: "string"},
		{name: "Type", kind: "picklist"},
		{name: "FirstName", kind: "string"},
		{name: "LastName", kind: "string"},
		{name: "Email", kind: "email"},
		{name: "Phone", kind: "phone"},
		{name: "Title", kind: "string"},
		{name: "Username", kind: "string"},
		{name: "Alias", kind: "string"},
		{name: "IsActive", kind: "boolean"},
		{name: "UserRoleId", kind: "reference"},
		{name: "ProfileId", kind: "reference"},
	} {
		f.filter, f.sort, f.group, f.length, f.label = true, true, true, 255, label(f.name)
		t.addField(f)
	}
	return t
}
