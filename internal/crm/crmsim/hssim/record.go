package hssim

import (
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

// A record is one CRM object with its history and associations.
type record struct {
	t     *table
	id    int64
	ord   int     // position in table.order
	cur   *state  // what reads see
	seen  *state  // what the search index has; nil before its first catch-up
	into  *record // the survivor, once merged away
	hist  []past  // oldest first; values written since creation, and seeded ones
	links []*link
}

// A state is one version of a record's values. It is never changed once a
// record points to it, so the search index can lag behind by keeping an old one.
type state struct {
	seq      uint64
	cells    []cell // by slot; only non-empty values
	created  int64  // stamps are UTC milliseconds
	modified int64
	archived int64 // 0 while live
	contacts int   // roll-ups over live associations
	deals    int
	logged   int
	lastLog  int64
}

type cell struct {
	slot uint16
	text string
}

// past is one entry of a property's history.
type past struct {
	slot uint16
	text string
	at   int64
	by   source
}

// source says who wrote a value.
type source struct {
	kind string // CRM_UI, INTEGRATION, IMPORT, CALCULATED, MERGE_OBJECTS
	id   string
	user int64
}

func (st *state) text(slot uint16) string {
	i := sort.Search(len(st.cells), func(i int) bool { return st.cells[i].slot >= slot })
	if i < len(st.cells) && st.cells[i].slot == slot {
		return st.cells[i].text
	}
	return ""
}

// set stores a value in a state nobody else sees yet; "" clears it.
func (st *state) set(slot uint16, text string) {
	i := sort.Search(len(st.cells), func(i int) bool { return st.cells[i].slot >= slot })
	found := i < len(st.cells) && st.cells[i].slot == slot
	switch {
	case found && text == "":
		st.cells = slices.Delete(st.cells, i, i+1)
	case found:
		st.cells[i].text = text
	case text != "":
		st.cells = slices.Insert(st.cells, i, cell{slot, text})
	}
}

func (st *state) clone() *state {
	next := *st
	next.cells = slices.Clone(st.cells)
	return &next
}

func (r *record) key() string { return strconv.FormatInt(r.id, 10) }

func (r *record) live() bool { return r.into == nil && r.cur.archived == 0 }

// survivor follows merges to the record that lives on.
func (r *record) survivor() *record {
	for r.into != nil {
		r = r.into
	}
	return r
}

// value reads a property as the API shows it; "" is null.
func (r *record) value(st *state, p *property) string {
	switch {
	case p.stamp != nil:
		return isoTime(p.stamp(st))
	case p.calc != nil:
		return p.calc(r, st)
	default:
		return st.text(p.slot)
	}
}

// history lists what a property has been, newest first.
func (r *record) history(p *property) []past {
	var out []past
	for i := len(r.hist) - 1; i >= 0; i-- {
		if r.hist[i].slot == p.slot {
			out = append(out, r.hist[i])
		}
	}
	if len(out) == 0 {
		if v := r.value(r.cur, p); v != "" {
			by := source{kind: "IMPORT", id: "seed"}
			if p.calculated {
				by = source{kind: "CALCULATED"}
			}
			out = append(out, past{p.slot, v, r.cur.created, by})
		}
	}
	return out
}

// isoTime prints a stamp as the vendor does: the fraction is left out when it
// is zero. 0 is no stamp.
func isoTime(ms int64) string {
	if ms == 0 {
		return ""
	}
	t := time.UnixMilli(ms).UTC()
	if ms%1000 == 0 {
		return t.Format("2006-01-02T15:04:05Z")
	}
	return t.Format("2006-01-02T15:04:05.000Z")
}

func joinIDs(ids []int64) string {
	words := make([]string, len(ids))
	for i, id := range ids {
		words[i] = strconv.FormatInt(id, 10)
	}
	return strings.Join(words, ";")
}
