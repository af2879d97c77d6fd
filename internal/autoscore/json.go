package autoscore

import "github.com/handoffscore/syncd/internal/crm"

// What was judged is kept of every deal, twice: it is written as JSON by hand,
// as the deal itself is. What is appended is what the tags of the types say; the
// test of what is kept holds the two against each other.

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
	b = crm.AppendInt(b, "score", int(i.Score))
	b = crm.AppendInt(b, "floor", int(i.Floor))
	b = crm.AppendInt(b, "cap", int(i.Cap))
	if i.Machine != nil {
		b = append(crm.AppendName(b, "machine"), '{')
		b = crm.AppendInt(b, "floor", int(i.Machine.Floor))
		b = append(crm.AppendInt(b, "cap", int(i.Machine.Cap)), '}')
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

func appendEvidence(b []byte, e *Evidence) []byte {
	b = crm.AppendMember(append(b, '{'), "code", e.Code)
	return append(crm.AppendStrings(b, "args", e.Args), '}')
}
