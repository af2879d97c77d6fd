package handoff

import (
	"hash/fnv"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/handoffscore/syncd/internal/autoscore"
	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/scorecard"
)

// Gaps is one line an item that is scored or capped below complete, with the
// question to ask. It holds no score: AEs read it. filled tells of the item at a
// place that something has been written for since.
func Gaps(card *scorecard.Card, r autoscore.Result, filled func(place int) bool) string {
	lines := make([]string, 0, len(r.Items))
	for i := range r.Items {
		if !r.Items[i].Short() {
			continue
		}
		item := card.Item(r.Items[i].ID)
		if item == nil {
			continue
		}
		line := item.Line
		if filled(i) {
			line += " (filled after, check)"
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// marks notes what the evidence of each gap looks like, and of what a band may
// start again from, but for what is known already; nil if there is nothing else.
func marks(in Input, items []autoscore.Item, known map[string]string) map[string]string {
	var m map[string]string
	for i := range items {
		id := items[i].ID
		if _, ok := known[id]; ok || !items[i].Short() && !restarts(in.Card, id) {
			continue
		}
		if mark, ok := markOf(in, id); ok {
			if m == nil {
				m = map[string]string{}
			}
			m[id] = mark
		}
	}
	return m
}

// mark adds the marks of gaps that could not be read when the attempt became
// final, as they are first read after it.
func mark(in Input, s *State) {
	now := marks(in, s.Final.Items, s.Final.Marks)
	if now == nil {
		return
	}
	f := *s.Final
	f.Marks = maps.Clone(f.Marks)
	if f.Marks == nil {
		f.Marks = map[string]string{}
	}
	maps.Copy(f.Marks, now)
	s.Final = &f
}

// filledAfter reports whether something has been written for a gap since final:
// what syncd judges itself is better now, or what it is judged by differs and
// is not gone. place is where the item most likely stands.
func filledAfter(in Input, f *Final, id string, place int) bool {
	now, frozen := autoscore.Find(in.Result.Items, id, place), autoscore.Find(f.Items, id, place)
	if now == nil || frozen == nil || now.Unknown {
		return false
	}
	if now.Auto {
		return now.Score > frozen.Score
	}
	before, known := f.Marks[id]
	mark, ok := markOf(in, id)
	return known && ok && before != mark && now.Proof().Cap > 0
}

// seen is what the evidence of an item looks like at a step; ok is false where
// something cannot be read.
type seen struct {
	item string
	mark string
	ok   bool
}

// markOf sums up what an item is judged by: the cells and people its check
// names. ok is false where something cannot be read. Several parts of a step
// ask for the same mark; it is worked out once.
func markOf(in Input, id string) (mark string, ok bool) {
	for _, s := range *in.marks {
		if s.item == id {
			return s.mark, s.ok
		}
	}
	if mark, ok = look(in, id); *in.marks == nil {
		*in.marks = make([]seen, 0, len(in.Result.Items))
	}
	*in.marks = append(*in.marks, seen{id, mark, ok})
	return mark, ok
}

func look(in Input, id string) (mark string, ok bool) {
	item := in.Card.Item(id)
	if item == nil || item.Auto {
		return "", false
	}
	h := fnv.New64a()
	buf := make([]byte, 0, 256)
	put := func(text string) {
		buf = append(append(buf[:0], strings.TrimSpace(text)...), 0)
		_, _ = h.Write(buf)
	}
	names := make([]string, 0, 8)
	for name := range item.Check.Sources {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if item.Check.Sources[name] == sentField {
			continue // to send the same once more fills no gap
		}
		if c := in.Deal.Field(item.Check.Sources[name]); c.State == crm.Unreadable {
			return "", false
		} else if c.Known() {
			put(c.Text)
		}
	}
	if role := item.Check.Params["role"]; role != "" {
		r := in.Deal.Roles[role]
		if r.State == crm.Unreadable {
			return "", false
		}
		for _, id := range r.Contacts {
			c := in.Deal.Contact(id)
			if c == nil {
				return "", false
			}
			put(string(id))
			for _, cell := range [...]*crm.Cell{&c.Name, &c.Title, &c.Email, &c.Phone, &c.Mobile, &c.Context} {
				if cell.State == crm.Unreadable {
					return "", false
				}
				put(cell.Text)
			}
		}
	}
	return strconv.FormatUint(h.Sum64(), 36), true
}

// itemIn reads an item's id as somebody typed it: "5.1", "5.1 contact details".
func itemIn(text string) string {
	id, _, _ := strings.Cut(strings.TrimSpace(text), " ")
	return strings.TrimRight(id, ".:,-")
}
