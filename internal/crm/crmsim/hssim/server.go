package hssim

import (
	"hash/fnv"
	"sync"
	"time"

	"github.com/handoffscore/syncd/internal/crm/crmsim/simclock"
	"github.com/handoffscore/syncd/internal/crm/crmsim/simfault"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
)

// Options tunes a Server. The zero value is a portal without rate limits and
// with everything else as strict as the vendor.
type Options struct {
	Clock *simclock.Clock // nil means a new one at the world's Now

	EnforceLimits      bool // refuse with 429 as the vendor does
	BurstPer10s        int  // per app; 0 means 190, of OAuth tokens always 110
	DailyLimit         int  // per account; 0 means 650,000
	SearchPerSecond    int  // per account; 0 means 5
	AssociationsPer10s int  // association calls have a window of their own; 0 means 150

	SearchLag   time.Duration // the longest the search index lags; 0 means 5 s
	NoSearchLag bool          // searches see every write at once
	Latency     time.Duration // real time added to every request

	NumericToObjectID   bool // toObjectId as a JSON number, as older portals send it
	ValidationAs207     bool // bad values refuse single rows of a batch update, if each row has an objectWriteTraceId
	AssociationPageSize int  // rows per record in association batch reads; 0 means 100
	LabelMovesDate      bool // changing only a label moves the modified date
	LinkKeepsDate       bool // linking a contact, deal or company does not move the modified date
	UnchangedKeepsDate  bool // writing what is there already does not move the modified date
	MergeKeepsID        bool // the winner of a merge keeps its id; else a new one is minted
	NoHandoffFields     bool // the portal starts without the fields of syncd's field sets

	// ConditionalRequired are rules an admin made. Writes through API version
	// 2026-09 are refused when they leave one broken.
	ConditionalRequired []Requirement
}

// Requirement says that property Required must have a value on records of
// Object where When equals Equals; When "" means on all records.
type Requirement struct {
	Object   string // "deals"
	When     string
	Equals   string
	Required string
}

// Server is a simulated portal. It is safe for concurrent use.
type Server struct {
	o        Options
	clock    *simclock.Clock
	portal   int64
	zone     *time.Location
	currency string
	company  string
	domain   string
	auth     authority
	limits   limits
	faults   simfault.Plan[Mishap, Fault]
	log      ledger

	mu        sync.RWMutex // guards all below, except table.ix
	seq       uint64
	tables    []*table
	names     map[string]*table // by plural, singular and id
	rank      map[string]int    // plural to position in kinds
	pipelines []*pipeline
	stages    map[string]*dealStage
	owners    map[string]*owner // by id
	ownerList []*owner
	labels    map[pair][]*label
	nextType  int
	madeIDs   int64
	seeded    seeded
}

// New builds a portal with the content of w. It does not listen: serve it with
// any HTTP server.
func New(w *world.World, o Options) *Server {
	if o.Clock == nil {
		o.Clock = simclock.New(w.Now)
	}
	o.BurstPer10s = orElse(o.BurstPer10s, 190)
	o.DailyLimit = orElse(o.DailyLimit, 650_000)
	o.SearchPerSecond = orElse(o.SearchPerSecond, 5)
	o.AssociationsPer10s = orElse(o.AssociationsPer10s, 150)
	o.AssociationPageSize = orElse(o.AssociationPageSize, 100)
	if o.SearchLag == 0 {
		o.SearchLag = 5 * time.Second
	}
	if o.NoSearchLag {
		o.SearchLag = 0
	}
	h := fnv.New64a()
	h.Write([]byte(w.Company + "\x00" + w.Domain))
	sum := h.Sum64()
	s := &Server{
		o: o, clock: o.Clock, portal: 21_000_000 + int64(sum%8_999_989), zone: time.UTC, currency: w.Currency,
		company: w.Company, domain: w.Domain, names: map[string]*table{}, rank: map[string]int{},
		owners: map[string]*owner{}, labels: map[pair][]*label{}, nextType: 20 + int(sum%61),
	}
	if z, err := time.LoadLocation(w.TimeZone); err == nil && w.TimeZone != "" {
		s.zone = z
	}
	if s.currency == "" {
		s.currency = "USD"
	}
	for i, k := range kinds {
		t := newTable(k)
		s.tables = append(s.tables, t)
		s.names[k.plural], s.names[k.singular], s.names[k.id] = t, t, t
		s.rank[k.plural] = i
	}
	s.auth.start(sum)
	s.limits.start(o)
	s.log.reset()
	s.seed(w)
	return s
}

func orElse(n, otherwise int) int {
	if n == 0 {
		return otherwise
	}
	return n
}

// Clock returns the clock that the portal runs on.
func (s *Server) Clock() *simclock.Clock { return s.clock }

func (s *Server) now() int64 { return s.clock.Now().UnixMilli() }

// indexLag is how long the search index takes to see one write. It differs from
// write to write, so results for recent changes do not arrive in order.
func (s *Server) indexLag(id int64, seq uint64) int64 {
	full := s.o.SearchLag.Milliseconds()
	if full == 0 {
		return 0
	}
	mix := (uint64(id) ^ seq*0x9e3779b97f4a7c15) * 0xbf58476d1ce4e5b9
	return full - full/2*int64(mix>>56)/255
}
