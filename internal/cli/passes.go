package cli

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/handoffscore/syncd/internal/app"
	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/writeback"
)

// codeOf is the exit code of passes: the gravest one.
func codeOf(reports []app.Report) int {
	code := exitOK
	for _, r := range reports {
		var guarded *writeback.Guarded
		switch {
		case errors.As(r.Err, &guarded):
			return exitGuarded
		case r.Err != nil && crm.KindOf(r.Err) == crm.Quota, r.Err == nil && r.Waits != "":
			code = exitQuota
		case r.Err != nil || r.Rejected+r.Unresolved+r.Degraded+r.TasksRejected+r.TasksUnresolved+r.AttemptsOwed+r.Unassigned+r.Withheld > 0:
			if code == exitOK {
				code = exitRejected
			}
		}
	}
	return code
}

// printReports tells in a table and a few lines what passes did.
func (e *env) printReports(reports []app.Report) {
	w := e.out
	t := newTable(w, "connection", "mode", "pass", "read", "in scope", "final", "fields written", "tasks", "rejected", "calls", "seconds")
	for _, r := range reports {
		t.AppendRow([]any{r.Connection, strings.ToUpper(r.Mode), r.Kind, r.DealsRead, r.InScope, r.Counts.Final, r.FieldsWritten, r.TasksCreated, r.Rejected + r.TasksRejected, r.APICalls, fmt.Sprintf("%.1f", r.Seconds)})
	}
	t.Render()
	told := map[string]bool{}
	for _, r := range reports {
		if told[r.Connection] && idle(r) {
			continue // the table says so
		}
		told[r.Connection] = true
		fmt.Fprintf(w, "\n%s\n", r.Connection)
		printCounts(w, "  status", r.ByStatus)
		printCounts(w, "  band", r.ByBand)
		printCounts(w, "  in scope by type", r.InScopeTypes)
		printCounts(w, "  left out", r.LeftOut)
		printCounts(w, "  types left out", r.LeftOutTypes)
		fmt.Fprintf(w, "  go_live: %s; deals won before are never scored\n", r.GoLive)
		e.printProblems(r.Problems)
		if r.Degraded > 0 {
			fmt.Fprintf(w, "  %s could not be read whole: what hangs on the rest stays open, and sync_message on the record names it\n", crm.Count(r.Degraded, "deal"))
		}
		if r.Mode == "observe" && r.FieldsPlanned > 0 {
			fmt.Fprintf(w, "  would write %s; OBSERVE: nothing was written\n", crm.Count(r.FieldsPlanned, "field"))
		}
		if r.Unassigned > 0 {
			fmt.Fprintf(w, "  nobody is left to take %s: map somebody under managers\n", crm.Count(r.Unassigned, "task"))
		}
		if r.TasksRejected > 0 {
			fmt.Fprintf(w, "  the CRM refused %s (`%s` tells why)\n", crm.Count(r.TasksRejected, "task"), e.hint("runs "+r.Run))
		}
		if r.AttemptsWritten > 0 {
			fmt.Fprintf(w, "  wrote %s of attempts\n", crm.Count(r.AttemptsWritten, "record"))
		}
		if r.Mode == "observe" && r.AttemptsPlanned > 0 {
			fmt.Fprintf(w, "  would write %s of attempts\n", crm.Count(r.AttemptsPlanned, "record"))
		}
		if r.AttemptsOwed > 0 {
			fmt.Fprintf(w, "  the CRM is yet to take %s of attempts: `%s` and `%s` tell why\n", crm.Count(r.AttemptsOwed, "record"), e.hint("runs "+r.Run), e.hint("check"))
		}
		if r.Err != nil {
			fmt.Fprintln(w, "  ended early:", clean(r.Error))
		}
		if r.Waits != "" {
			fmt.Fprintln(w, "  not everything has been read: full pass", r.Waits, "waits for its share of the day's calls")
		}
		if !r.ResumeAt.IsZero() {
			fmt.Fprintln(w, "  resumes at", e.time(r.ResumeAt))
		}
	}
}

// idle is a pass that found nothing to do and nothing to tell.
func idle(r app.Report) bool {
	return r.Err == nil && r.Waits == "" && len(r.Problems) == 0 && codeOf([]app.Report{r}) == exitOK &&
		r.FieldsWritten+r.FieldsPlanned == 0 && r.TasksCreated+r.AttemptsWritten == 0
}

// What is wrong with the mapping of fields is told in full up to mostMapped
// lines, else the first shownMapped of them: before `syncd fields apply` there
// is a line for every field.
const mostMapped, shownMapped = 5, 2

func (e *env) printProblems(list []string) {
	mapped := func(p string) bool { return strings.HasPrefix(p, "fields.") }
	n := 0
	for _, p := range list {
		if mapped(p) {
			n++
		}
	}
	told := 0
	for _, p := range list {
		if mapped(p) {
			if told++; n > mostMapped && told > shownMapped {
				if told == n {
					fmt.Fprintf(e.out, "  and %d more of the mapping: `%s` shows them\n", n-shownMapped, e.hint("check"))
				}
				continue
			}
		}
		fmt.Fprintln(e.out, "  problem:", clean(p))
	}
}

func printCounts(w io.Writer, label string, n map[string]int64) {
	if len(n) == 0 {
		return
	}
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(n)) {
		name := clean(k)
		if name == "" {
			name = "(blank)"
		}
		parts = append(parts, fmt.Sprintf("%s %d", name, n[k]))
	}
	fmt.Fprintf(w, "%s: %s\n", label, strings.Join(parts, ", "))
}
