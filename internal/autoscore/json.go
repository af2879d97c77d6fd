package autoscore

import (
	"strconv"

	"github.com/handoffscore/syncd/internal/crm"
)

// What was judged is kept of every deal, twice: it is written as JSON by hand,
// as the deal itself is. What is appended is what the tags of the types say; the
// test of what is kept holds the two against each other. Items, of which there are
// many, tell a score once, and ranges and evidence as lists: readjson.go reads
// them, and tests read back whatever an item may say.

// AppendJSON appends the result as JSON.
func (r *Result) AppendJSON(b []byte) []byte {
	b = crm.AppendMember(append(b, '{'), "card", r.Card)
	b = crm.AppendMember(b, "version", r.Version)
	b = crm.AppendList(crm.AppendName(b, "items"), r.Items, AppendItem)
	b = crm.AppendInt(b, "floor", r.Floor)
	b = crm.AppendInt(b, "ceiling", r.Ceiling)
	b = crm.AppendInt(b, "open", r.OpenN)
	b = crm.AppendStrings(b, "flags", r.Flags)
	b = crm.AppendEach(b, "warnings", r.Warnings, appendEvidence)
	b = crm.AppendTrue(b, "degraded", r.Degraded)
	return append(b, '}')
}

// AppendItem appends an item as JSON.
func AppendItem(b []byte, i *Item) []byte {
	b = crm.AppendMember(append(b, '{'), "id", i.ID)
	b = crm.AppendTrue(b, "auto", i.Auto)
	if i.Score != Open {
		b = crm.AppendInt(b, "score", int(i.Score))
	}
	if i.Floor != int8(i.Score) {
		b = crm.AppendInt(b, "floor", int(i.Floor))
	}
	if i.Cap != int8(i.Score) {
		b = crm.AppendInt(b, "cap", int(i.Cap))
	}
	if i.Machine != nil {
		b = appendRange(crm.AppendName(b, "machine"), *i.Machine)
	}
	b = crm.AppendMember(b, "source", string(i.Source))
	b = crm.AppendTrue(b, "override", i.Override)
	if i.Suggestion != Open {
		b = crm.AppendInt(b, "suggestion", int(i.Suggestion))
	}
	b = crm.AppendTrue(b, "unknown", i.Unknown)
	b = crm.AppendSome(b, "not_understood", i.NotUnderstood)
	b = crm.AppendEach(b, "evidence", i.Evidence, appendEvidence)
	return append(b, '}')
}

func appendRange(b []byte, r Range) []byte {
	b = strconv.AppendInt(append(b, '['), int64(r.Floor), 10)
	return append(strconv.AppendInt(append(b, ','), int64(r.Cap), 10), ']')
}

func appendEvidence(b []byte, e *Evidence) []byte {
	b = crm.AppendText(append(b, '['), e.Code)
	for _, arg := range e.Args {
		b = crm.AppendText(append(b, ','), arg)
	}
	return append(b, ']')
}
