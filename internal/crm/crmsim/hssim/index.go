package hssim

import (
	"cmp"
	"container/heap"
	"math/bits"
	"slices"
	"strings"
	"sync"
)

// An index is what search sees of a table: for each record the state it had
// when the index last caught up. The matches of a set of filters are kept as
// one bit per record in id order, and follow changes record by record, so a
// walk over half a million records scans them once and not once per page.
type index struct {
	mu      sync.Mutex // guards all, and record.seen
	pending waiting
	log     []*record // records whose indexed state changed
	base    uint64    // number of the first entry of log
	sets    map[string]*matches
	clock   uint64
}

// An arrival is a state on its way into the index.
type arrival struct {
	at int64
	r  *record
	st *state
}

type waiting []arrival

func (w waiting) Len() int           { return len(w) }
func (w waiting) Less(i, j int) bool { return w[i].at < w[j].at }
func (w waiting) Swap(i, j int)      { w[i], w[j] = w[j], w[i] }
func (w *waiting) Push(x any)        { *w = append(*w, x.(arrival)) }

func (w *waiting) Pop() any {
	old := *w
	last := old[len(old)-1]
	*w = old[:len(old)-1]
	return last
}

// matches is the cached answer to one set of filters.
type matches struct {
	q      *question
	bits   []uint64
	upTo   uint64 // number of the next log entry to apply
	used   uint64
	sorted map[string][]*record // by sort and bounds; valid while upTo stands
}

const (
	keptSets   = 48
	keptLog    = 1 << 19
	keptSorted = 4
)

func (ix *index) push(r *record, st *state, at int64) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	heap.Push(&ix.pending, arrival{at, r, st})
}

// seedAll makes everything visible at once; for seeding, before any search.
func (ix *index) seedAll(t *table) {
	for _, r := range t.order {
		r.seen = r.cur
	}
	ix.pending = nil
}

// catchUp lets in what is due. An older state never replaces a newer one.
func (ix *index) catchUp(now int64) {
	for len(ix.pending) > 0 && ix.pending[0].at <= now {
		a := heap.Pop(&ix.pending).(arrival)
		if a.r.seen != nil && a.r.seen.seq > a.st.seq {
			continue
		}
		a.r.seen = a.st
		ix.log = append(ix.log, a.r)
	}
	if len(ix.log) > keptLog {
		drop := len(ix.log) - keptLog/2
		ix.log = slices.Clone(ix.log[drop:])
		ix.base += uint64(drop)
	}
}

// set returns the matches of a question, brought up to date.
func (ix *index) set(t *table, q *question) *matches {
	end := ix.base + uint64(len(ix.log))
	m := ix.sets[q.key]
	if q.key == "" {
		m = nil
	}
	if m == nil || m.upTo < ix.base || end-m.upTo > uint64(len(t.order)/4+64) {
		m = &matches{q: q, bits: make([]uint64, len(t.order)/64+1), upTo: end}
		for _, r := range t.order {
			if q.match(r) {
				m.put(r.ord, true)
			}
		}
		if q.key != "" {
			ix.keep(q.key, m)
		}
	}
	if m.upTo < end {
		for _, r := range ix.log[m.upTo-ix.base:] {
			m.put(r.ord, m.q.match(r))
		}
		m.upTo, m.sorted = end, nil
	}
	ix.clock++
	m.used = ix.clock
	return m
}

func (ix *index) keep(key string, m *matches) {
	if len(ix.sets) >= keptSets {
		oldest := ""
		for k, x := range ix.sets {
			if oldest == "" || x.used < ix.sets[oldest].used {
				oldest = k
			}
		}
		delete(ix.sets, oldest)
	}
	ix.sets[key] = m
}

// forget drops every cached set; for changes that no record shows, as an edit
// of a pipeline's stages.
func (ix *index) forget() {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	clear(ix.sets)
}

func (m *matches) put(ord int, on bool) {
	for ord/64 >= len(m.bits) {
		m.bits = append(m.bits, 0)
	}
	if on {
		m.bits[ord/64] |= 1 << (ord % 64)
	} else {
		m.bits[ord/64] &^= 1 << (ord % 64)
	}
}

// count is the number of matches in positions from lo to below hi.
func (m *matches) count(lo, hi int) int {
	hi = min(hi, len(m.bits)*64)
	n := 0
	for lo < hi {
		word := m.bits[lo/64] >> (lo % 64)
		if left := hi - lo; left < 64-lo%64 {
			word &= 1<<left - 1
		}
		n += bits.OnesCount64(word)
		lo += 64 - lo%64
	}
	return n
}

// each walks the matches from lo to below hi until do returns false.
func (m *matches) each(lo, hi int, do func(ord int) bool) {
	hi = min(hi, len(m.bits)*64)
	for lo < hi {
		word := m.bits[lo/64] >> (lo % 64)
		if word == 0 {
			lo += 64 - lo%64
			continue
		}
		lo += bits.TrailingZeros64(word)
		if lo >= hi || !do(lo) {
			return
		}
		lo++
	}
}

// find returns how many records match in all, and one page of them.
func (ix *index) find(t *table, q *question, skip, limit int) (int, []*record) {
	m := ix.set(t, q)
	lo, hi := t.firstFrom(q.lo), len(t.order)
	if q.hi != 1<<63-1 {
		hi = t.firstFrom(q.hi + 1)
	}
	if hi < lo {
		hi = lo
	}
	total := m.count(lo, hi)
	var page []*record
	if limit == 0 {
		return total, nil
	}
	byID := q.order == nil || q.order.name == "hs_object_id"
	if byID && !q.down {
		m.each(lo, hi, func(ord int) bool {
			if skip > 0 {
				skip--
				return true
			}
			page = append(page, t.order[ord])
			return len(page) < limit
		})
		return total, page
	}
	all := ix.sortedRange(t, m, q, lo, hi, byID)
	if skip < len(all) {
		page = all[skip:min(len(all), skip+limit)]
	}
	return total, page
}

func (ix *index) sortedRange(t *table, m *matches, q *question, lo, hi int, byID bool) []*record {
	key := "id"
	if !byID {
		key = q.order.name
	}
	if q.down {
		key = "-" + key
	}
	key += "\x00" + string(appendRange(nil, lo, hi))
	if all, ok := m.sorted[key]; ok {
		return all
	}
	var all []*record
	m.each(lo, hi, func(ord int) bool {
		all = append(all, t.order[ord])
		return true
	})
	if byID {
		slices.Reverse(all)
	} else {
		sortBy(all, q.order, q.down)
	}
	if q.key != "" {
		if m.sorted == nil || len(m.sorted) >= keptSorted {
			m.sorted = map[string][]*record{}
		}
		m.sorted[key] = all
	}
	return all
}

func appendRange(b []byte, lo, hi int) []byte {
	for _, n := range []int{lo, hi} {
		for i := range 8 {
			b = append(b, byte(n>>(8*i)))
		}
	}
	return b
}

// sortBy orders records by a property; those without a value come last, equal
// ones by id.
func sortBy(all []*record, p *property, down bool) {
	type keyed struct {
		r    *record
		n    float64
		text string
		has  bool
	}
	keys := make([]keyed, len(all))
	asNumber := p.number() || p.temporal()
	for i, r := range all {
		k := keyed{r: r}
		if asNumber {
			k.n, k.has = p.numeric(r, r.seen)
		} else {
			k.text = strings.ToLower(r.value(r.seen, p))
			k.has = k.text != ""
		}
		keys[i] = k
	}
	slices.SortFunc(keys, func(a, b keyed) int {
		if a.has != b.has {
			if a.has {
				return -1
			}
			return 1
		}
		d := cmp.Compare(a.n, b.n)
		if d == 0 {
			d = strings.Compare(a.text, b.text)
		}
		if down {
			d = -d
		}
		if d == 0 {
			d = cmp.Compare(a.r.id, b.r.id)
		}
		return d
	})
	for i, k := range keys {
		all[i] = k.r
	}
}
