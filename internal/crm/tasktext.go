package crm

import (
	"sort"
	"strings"
)

// Title is the subject as any CRM takes it, on one line.
func (t Task) Title() string { return strings.Join(strings.Fields(Tidy(t.Subject)), " ") }

// Marked is the body as any CRM takes it, with the mark as its last line.
// Where it measures more than most, what stands before the mark is cut; 0 does
// not limit.
func (t Task) Marked(most int, measure func(string) int) string {
	const gap = "\n\n"
	mark, words := Mark(t.Key), Tidy(t.Body)
	if at, key, found := findMark(words); found && key == t.Key {
		words = strings.TrimSpace(words[:at])
	}
	fits := func(units int) bool {
		return units == 0 || most <= 0 || measure(Cut(words, units)+gap+mark) <= most
	}
	units := Units(words)
	if !fits(units) {
		units = sort.Search(units, func(n int) bool { return !fits(n + 1) })
	}
	if units == 0 {
		return mark
	}
	return Cut(words, units) + gap + mark
}

// Noted is a task's text with the note before its mark. ok is false if there
// is nothing to add: no note, one that is there already, or no room for it in
// most UTF-16 units; 0 does not limit.
func (c Closing) Noted(text string, most int) (noted string, ok bool) {
	note := Tidy(c.Note)
	if note == "" || strings.Contains(text, note) {
		return text, false
	}
	noted = BeforeMark(text, note, "\n\n")
	return noted, most <= 0 || Units(noted) <= most
}
