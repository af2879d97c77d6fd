package crm

import (
	"sort"
	"strings"
)

// Title is the subject as any CRM takes it, on one line.
func (t Task) Title() string { return strings.Join(strings.Fields(Tidy(t.Subject)), " ") }

// Marked is the body as a CRM takes it, with the mark as its last line. wire
// turns lines of plain text into the CRM's own form; nil leaves them plain.
// Where that is longer than most UTF-16 units, what stands before the mark is
// cut; 0 does not limit.
func (t Task) Marked(most int, wire func(string) string) string {
	mark, words := Mark(t.Key), Tidy(t.Body)
	if at, key, found := findMark(words); found && key == t.Key {
		words = strings.TrimSpace(words[:at])
	}
	cut := func(units int) string {
		if units == 0 || words == "" {
			return inForm(wire, mark)
		}
		return inForm(wire, Cut(words, units)+"\n\n"+mark)
	}
	units := Units(words)
	if most > 0 && Units(cut(units)) > most {
		units = sort.Search(units, func(n int) bool { return Units(cut(n+1)) > most })
	}
	return cut(units)
}

// Noted is a task's text with the note before its mark; wire as for
// Task.Marked. ok is false if there is nothing to add: no note, one that is
// there already, or no room for it in most UTF-16 units; 0 does not limit.
func (c Closing) Noted(text string, most int, wire func(string) string) (noted string, ok bool) {
	note := inForm(wire, Tidy(c.Note))
	if note == "" || strings.Contains(text, note) {
		return text, false
	}
	noted = BeforeMark(text, note, inForm(wire, "\n\n"))
	return noted, most <= 0 || Units(noted) <= most
}

func inForm(wire func(string) string, text string) string {
	if wire == nil {
		return text
	}
	return wire(text)
}
