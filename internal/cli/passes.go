package cli

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

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
		case r.Err != nil || r.Rejected+r.Unresolved+r.Degraded+r.TasksRejected+r.TasksUnresolved+r.Unassigned > 0:
			if code == exitOK {
				code = exitRejected
			}
		}
	}
	return code
}

// printReports tells in a table and a few lines what passes did.
func printReports(w io.Writer, reports []app.Report) {
	t := newTable(w, "connection", "mode", "pass", "read", "in scope", "final", "fields written", "tasks", "rejected", "calls", "seconds")
	for _, r := range reports {
		t.AppendRow([]any{r.Connection, strings.ToUpper(r.Mode), r.Kind, r.DealsRead, r.InScope, r.Counts.Final, r.FieldsWritten, r.TasksCreated, r.Rejected + r.TasksRejected, r.APICalls, fmt.Sprintf("%.1f", r.Seconds)})
	}
	t.Render()
	for _, r := range reports {
		fmt.Fprintf(w, "\n%s\n", r.Connection)
		printCounts(w, "  status", r.ByStatus)
		printCounts(w, "  band", r.ByBand)
		printCounts(w, "  in scope by type", r.InScopeTypes)
		printCounts(w, "  left out", r.LeftOut)
		fmt.Fprintf(w, "  go_live: %s; deals won before are never scored\n", r.GoLive)
		printCounts(w, "  left out for their type", r.LeftOutTypes)
		for _, p := range r.Problems {
			fmt.Fprintln(w, "  problem:", clean(p))
		}
		if r.Mode == "observe" && r.FieldsPlanned > 0 {
			fmt.Fprintf(w, "  would write %d fields; mode is OBSERVE, nothing was written\n", r.FieldsPlanned)
		}
		if r.Unassigned > 0 {
			fmt.Fprintf(w, "  %d tasks have nobody to take them: map somebody under managers\n", r.Unassigned)
		}
		if r.TasksRejected > 0 {
			fmt.Fprintf(w, "  %d tasks were refused (`syncd runs %s` tells why)\n", r.TasksRejected, r.Run)
		}
		if r.Err != nil {
			fmt.Fprintln(w, "  ended early:", clean(r.Err.Error()))
		}
		if r.Waits != "" {
			fmt.Fprintln(w, "  not everything has been read: full pass", r.Waits, "waits for its share of the day's calls")
		}
		if !r.ResumeAt.IsZero() {
			fmt.Fprintln(w, "  resumes at", r.ResumeAt.UTC().Format(time.RFC3339))
		}
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
