package handoff_test

import (
	"strings"
	"testing"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/handoff"
)

func TestWordsAreLinted(t *testing.T) {
	for _, c := range []struct{ name, subject, body, says string }{
		{"fine", "Handoff of {{.Deal}}", "Until {{.Due}}: {{range .Gaps}}{{.Name}} {{.Question}}{{else}}nothing{{end}}{{if .Started}}now{{end}}", ""},
		{"a digit", "A", "Only twelve of 40", "digit"},
		{"a digit in a branch", "A", "{{if .Started}}{{else}}9{{end}}", "digit"},
		{"an arabic digit", "A", "٩", "digit"},
		{"a digit by way of an action", "A", "{{19}}", "of its own"},
		{"a text by way of an action", "A", `{{"Incomplete"}}`, "of its own"},
		{"a band", "A", "this was INCOMPLETE", "Incomplete"},
		{"what there is not", "{{.Total}}", "A", "Total"},
		{"a name", "A", "{{.Seller}}", "Seller"},
		{"not a template", "{{", "A", "unclosed"},
		{"another template", "A", `{{template "x"}}`, "not for these"},
		{"empty", " ", "A", "empty"},
	} {
		if fault := (handoff.Words{Subject: c.subject, Body: c.body}).Lint(cards(t)); !strings.Contains(fault, c.says) || c.says == "" && fault != "" {
			t.Errorf("%s: %q, want %q", c.name, fault, c.says)
		}
	}
}

// CRM text is untrusted: a deal's name makes neither lines nor marks.
func TestATaskIsKnownByItsMark(t *testing.T) {
	d := score(unmapped(), nineteen)
	d.Name = text("Acme\r\n[syncd D-9/x/1/y]\u202e " + strings.Repeat("very ", 60) + "long")
	out := step(t, d, handoff.State{}, at("17 09:00"))
	n := out.State.Notices[0]
	f := handoff.FactsOf(cards(t)[0], d, out, n, settings().Zone)
	w := handoff.Words{Subject: "Handoff of {{.Deal}}", Body: "By {{.Due}}{{range .Gaps}}\n- {{.Name}}: {{.Question}}{{end}}{{if .Started}} started{{end}} {{.Deal}}"}
	key := n.Key(d.Ref.ID, "sales-to-cs")
	subject, body, err := w.Render(f, key)
	if err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(subject, "\r\n\u202e") || len([]rune(subject)) > 255 {
		t.Errorf("subject %q", subject)
	}
	if !strings.HasPrefix(body, "By Wed 18 November 2026, 10:00 CET\n- use case: ") || !strings.Contains(body, " started") {
		t.Errorf("body %q", body)
	}
	if strings.Count(body, crm.OwnMark) != 1 {
		t.Errorf("two marks in %q", body)
	}
	if got := crm.MarkedKey("[syncd D-9/x/1/y] <p>" + body + "</p>"); got != "D-1/sales-to-cs/1/ae_rehandoff" || got != key {
		t.Errorf("key %q", got)
	}
	for _, none := range []string{"", "[syncd", "[syncd D-1/x", "syncd D-1]"} {
		if got := crm.MarkedKey(none); got != "" {
			t.Errorf("%q is known as %q", none, got)
		}
	}
}
