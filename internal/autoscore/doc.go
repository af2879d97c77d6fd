// Package autoscore judges one deal on one scorecard: it says of every item
// what the record proves (a floor and a cap), what it suggests, and why, and
// it puts the values people entered on top.
//
// It asserts only what evidence proves. A blank or placeholder proves 0, real
// text is worth 1 or 2 and a person says which, and only the auto items are
// settled without one. What is not mapped or cannot be read is open: it is
// never taken for blank, and an open item is never summed as 0.
//
// The package is pure: no I/O, no clock, no log. The same card, deal, entered
// values and moments always give the same Result. What a total means (bands,
// final, escalations) is left to scorecard and handoff; which cells count as
// entered is the caller's to know.
//
// Evidence carries codes, field labels, roles and numbers, never an address, a
// phone number or a person's text, with one exception that people need:
// Item.NotUnderstood repeats a score cell that holds no score.
package autoscore
