package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/handoffscore/syncd/internal/app"
	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/syncer"
)

// tables are of the two forms there are: with one text at the end, and with
// several columns that may bend.
func tables(t *testing.T, room int) map[string][]string {
	t.Helper()
	long := strings.TrimSpace(strings.Repeat("word ", 30)) + " END"
	out := map[string][]string{}
	render := func(name string, configs []table.ColumnConfig, cut bool, header []string, row table.Row) {
		var b bytes.Buffer
		g := newGrid(&b, room, header...)
		if cut {
			for i := range configs {
				configs[i].WidthMaxEnforcer = g.shorten
			}
		}
		g.SetColumnConfigs(configs)
		g.AppendRow(row)
		g.Render()
		out[name] = strings.Split(strings.TrimRight(b.String(), "\n"), "\n")
	}
	render("last", nil, false, []string{"run", "error"}, table.Row{"20261116T090000-ABCDEF", long})
	render("several", []table.ColumnConfig{{Number: 2, WidthMax: 42, WidthMaxEnforcer: text.WrapSoft}, {Number: 3, WidthMax: 84, WidthMaxEnforcer: text.WrapSoft}},
		false, []string{"", "subject", "message"}, table.Row{"fail", long, long})
	render("cut", []table.ColumnConfig{{Number: 2, WidthMax: 40}, {Number: 3, WidthMax: 60}}, true, []string{"deal", "now", "would be"}, table.Row{"006", long, long})
	return out
}

func TestTablesFitATerminal(t *testing.T) {
	for _, room := range []int{60, 80, 120, 200} {
		for name, lines := range tables(t, room) {
			for _, line := range lines {
				if n := utf8.RuneCountInString(line); n > room {
					t.Errorf("%s on %d columns: %d in %q", name, room, n, line)
				}
			}
			all := strings.Join(lines, "\n")
			if cut := name == "cut"; cut != strings.Contains(all, "…") || !cut && !strings.Contains(all, "END") {
				t.Errorf("%s on %d columns:\n%s", name, room, all)
			}
		}
	}
	if lines := tables(t, 10)["several"]; len(lines) < 3 {
		t.Errorf("too little room for anything: %q", lines)
	}
}

// What is not a terminal gets the same whatever the room, and all of it.
func TestTablesInAFileAreWhole(t *testing.T) {
	got := tables(t, 0)
	for name, lines := range got {
		if all := strings.Join(lines, "\n"); strings.Contains(all, "…") || !strings.Contains(all, "END") {
			t.Errorf("%s:\n%s", name, all)
		}
	}
	if n := len(got["last"]); n != 2 {
		t.Errorf("a text without a width of its own is broken into %d lines", n)
	}
	if columns(&bytes.Buffer{}) != 0 {
		t.Error("a buffer is taken for a terminal")
	}
}

// wide are the tables that have more columns than a terminal of 80 has room for,
// and the words that each must have whole.
func wide(room int) map[string]struct {
	text  string
	words []string
} {
	out := map[string]struct {
		text  string
		words []string
	}{}
	at := time.Date(2026, 11, 16, 9, 0, 0, 0, time.UTC)
	add := func(name string, print func(*env), words ...string) {
		var b bytes.Buffer
		print(&env{out: &b})
		out[name] = struct {
			text  string
			words []string
		}{b.String(), words}
	}
	const field, inside = "Opportunity.Handoff_Duplicate_Decision__c", "Handoff_Manager/Opportunity.Handoff_Score_Out_Of__c"
	missing := []crm.Part{
		{State: crm.Missing, Kind: "field", Name: field, Label: "Handoff duplicate decision", Type: "picklist of 2"},
		{State: crm.Missing, Kind: "field", Name: "Opportunity.Handoff_Item_1_5_Note__c", Label: "Handoff 1.5 note: competitor and reason", Type: "long text 2000"},
		{State: crm.Missing, Kind: "field permission", Name: "Handoff_Manager", Type: "69 of them (--all shows each)"},
	}
	note := "it has 2 digits before the point, and numbers up to 100 are written; nobody but an admin can change that"
	add("fields plan", func(e *env) { printParts(e.out, room, missing) }, "missing", "field", field, "duplicate", "picklist", "Handoff_Manager", "69")
	add("fields plan with notes", func(e *env) {
		printParts(e.out, room, append(missing[:2:2], crm.Part{State: crm.Differs, Kind: "field", Name: "Opportunity.Handoff_Score__c and 12 more", Type: "number 3.0", Notes: []string{note}}))
	}, append(strings.Fields(note), field, "12")...)
	add("fields plan --all", func(e *env) {
		printParts(e.out, room, append(missing[:2:2], crm.Part{State: crm.Present, Kind: "field permission", Name: inside, Label: "Handoff score out of", Type: "read"}))
	}, "permission", inside, "read")
	runs := []app.RunReport{
		{ID: "20261116T090000-ABCDEF", Connection: "sales-org", Mode: "observe", Kind: "full", Status: "done", Started: at, Counts: syncer.Counts{FieldsWritten: 12345}},
		{ID: "20261116T091500-GHIJKL", Connection: "sales-org", Mode: "write", Kind: "changes", Status: "done", Started: at, Counts: syncer.Counts{Rejected: 321}},
	}
	const began = "2026-11-16T09:00:00Z"
	add("runs", func(e *env) { e.printRuns(room, runs) }, runs[0].ID, runs[1].ID, "OBSERVE", "WRITE", "full", began, "12345", "321")
	why := "salesforce.query: the org did not answer in time, twice; the pass goes on from where it was once it does"
	failed := append(runs[:2:2], app.RunReport{ID: "20261116T093000-MNOPQR", Connection: "portal", Mode: "write", Kind: "full", Status: "failed", Started: at, Error: why})
	add("runs with an error", func(e *env) { e.printRuns(room, failed) }, append(strings.Fields(why), runs[0].ID, began, "12345", "321")...)
	says := "Discount above 20 % needs an approval by the deal desk: ask for one, or write a lower discount (Discount__c)"
	add("what was rejected", func(e *env) {
		e.printRefused(room, []app.Refused{
			{Deal: "006R00000024gDtIAI", Class: "validation", Code: "FIELD_CUSTOM_VALIDATION_EXCEPTION", Message: says, NextTry: at},
			{Deal: "006R00000024gDuIAI", Task: "ae_gaps", Class: "permission", Code: "INSUFFICIENT_ACCESS", Message: "no access", NextTry: at},
		})
	}, append(strings.Fields(says), "006R00000024gDtIAI", "FIELD_CUSTOM_VALIDATION_EXCEPTION", "ae_gaps", began)...)
	return out
}

// Nothing is wider than the terminal and nothing is lost or broken: what there
// is no room for beside the others stands below its row.
func TestWideTablesFitATerminal(t *testing.T) {
	for _, room := range []int{64, 72, 80, 100, 120, 160, 300} {
		for name, table := range wide(room) {
			for line := range strings.Lines(table.text) {
				if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > room {
					t.Errorf("%s on %d columns: %d in %q", name, room, n, line)
				}
			}
			for _, word := range table.words {
				if !strings.Contains(table.text, word) {
					t.Errorf("%s on %d columns lacks %q:\n%s", name, room, word, table.text)
				}
			}
			if strings.Contains(table.text, folded) {
				t.Errorf("%s on %d columns: %q", name, room, table.text)
			}
		}
	}
	if got := wide(80)["runs"].text; !strings.Contains(got, "\n   began 2026-11-16T09:00:00Z, rejected 321\n") {
		t.Errorf("got\n%s", got)
	}
	for name, table := range wide(300) {
		if whole := wide(0)[name]; whole.text != table.text {
			t.Errorf("%s on a wide terminal:\n%s\nelsewhere:\n%s", name, table.text, whole.text)
		}
	}
}
