package handoff

import (
	"fmt"
	"strings"
	"text/template"
	"text/template/parse"
	"time"
	"unicode"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/scorecard"
)

// Words are the subject and body of a task, as templates over Facts. Anyone
// who may read the deal may read its tasks: they hold no score, no band and
// nobody's name.
type Words struct {
	Subject string `yaml:"subject" json:"subject" required:"true"`
	Body    string `yaml:"body" json:"body" required:"true"`
}

// Texts are the words by kind of notice.
type Texts map[string]Words

// Facts are what a text may say.
type Facts struct {
	Deal    string // its name
	Due     string // in the company's zone: "Tue 24 November 2026, 10:00 CET"
	Gaps    []Gap  // what to fill in
	Started bool   // the kickoff has passed
	Deals   []string
}

// Gap is a field to fill in and the question to answer.
type Gap struct{ Name, Question string }

// Kinds lists the kinds of notice that have words.
func Kinds() []string { return []string{FieldsNeeded, Rehandoff, Escalation, Reminder, Digest} }

// Digest is what fell due while nothing ran, told in one task.
const Digest = "csm_digest"

// Lint says what is wrong with the words of a kind, "" if nothing is: they can
// be read and rendered, and their own text holds no digit and no band's name.
func (w Words) Lint(cards []*scorecard.Card) string {
	for _, part := range []struct{ name, text string }{{"subject", w.Subject}, {"body", w.Body}} {
		t, err := template.New(part.name).Parse(part.text)
		if err != nil {
			return err.Error()
		}
		if fault := lintNodes(t.Root, cards); fault != "" {
			return part.name + ": " + fault
		}
		if err := t.Execute(&strings.Builder{}, Facts{Gaps: []Gap{{}}, Deals: []string{""}}); err != nil {
			return err.Error()
		}
		if strings.TrimSpace(part.text) == "" {
			return part.name + " is empty"
		}
	}
	return ""
}

func lintNodes(list *parse.ListNode, cards []*scorecard.Card) string {
	if list == nil {
		return ""
	}
	for _, n := range list.Nodes {
		fault := ""
		switch n := n.(type) {
		case *parse.TextNode:
			fault = lintText(string(n.Text), cards)
		case *parse.IfNode:
			fault = first(lintNodes(n.List, cards), lintNodes(n.ElseList, cards))
		case *parse.RangeNode:
			fault = first(lintNodes(n.List, cards), lintNodes(n.ElseList, cards))
		case *parse.WithNode:
			fault = first(lintNodes(n.List, cards), lintNodes(n.ElseList, cards))
		case *parse.ActionNode:
			if strings.ContainsAny(n.String(), `"0123456789`+"`") {
				fault = fmt.Sprintf("%s writes a text or number of its own", n)
			}
		case *parse.CommentNode:
		default:
			fault = fmt.Sprintf("%s is not for these texts", n)
		}
		if fault != "" {
			return fault
		}
	}
	return ""
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

func lintText(text string, cards []*scorecard.Card) string {
	if i := strings.IndexFunc(text, unicode.IsDigit); i >= 0 {
		return fmt.Sprintf("%q holds a digit, which AEs would read as a score", cut(text[i:], 20))
	}
	lower := strings.ToLower(text)
	for _, card := range cards {
		for i := range card.Bands {
			if name := card.Bands[i].Name; strings.Contains(lower, strings.ToLower(name)) {
				return fmt.Sprintf("it names the band %q, which AEs are not to read", name)
			}
		}
	}
	return ""
}

// Render writes a task's subject and body, each cut to what CRMs take. The
// last line of the body is the mark by which the task is known.
func (w Words) Render(f Facts, key string) (subject, body string, err error) {
	write := func(name, text string, most int) (string, error) {
		t, err := template.New(name).Parse(text)
		if err != nil {
			return "", err
		}
		var b strings.Builder
		if err := t.Execute(&b, f); err != nil {
			return "", err
		}
		return cut(strings.TrimSpace(b.String()), most), nil
	}
	if subject, err = write("subject", w.Subject, textLimit); err != nil {
		return "", "", err
	}
	subject = strings.Join(strings.Fields(subject), " ")
	if body, err = write("body", w.Body, bodyLimit); err != nil {
		return "", "", err
	}
	return subject, body + "\n\n" + crm.Mark(key), nil
}

// bodyLimit leaves room for the mark in the shortest body a CRM takes.
const bodyLimit = 30_000

// FactsOf gathers what may be said of a deal at a notice.
func FactsOf(card *scorecard.Card, d *crm.Deal, out Output, n Notice, zone *time.Location) Facts {
	r, kickoff := out.Result, out.State.Kickoff.At
	f := Facts{
		Deal: oneLine(d.Name.Text), Due: n.Due.In(orUTC(zone)).Format("Mon 2 January 2006, 15:04 MST"),
		Started: !kickoff.IsZero() && !n.RaisedAt.Before(kickoff),
	}
	for i := range r.Items {
		if item := card.Item(r.Items[i].ID); item != nil && r.Items[i].Short() {
			f.Gaps = append(f.Gaps, Gap{item.Gap, item.Question})
		}
	}
	return f
}

// oneLine makes text from a CRM fit for a line: no control characters, and not
// longer than a subject bears.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return ' '
		}
		return r
	}, s)
	s = strings.ReplaceAll(strings.Join(strings.Fields(s), " "), "[", "(")
	return cut(s, 120)
}
