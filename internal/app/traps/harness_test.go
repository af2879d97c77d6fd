package traps_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/app/apptest"
)

// What a CSM may say of all seventeen items that are for people to judge. With
// the six points of the other three items the totals are 40, 19 and 6.
const (
	allTwo   = "22222" + "2222" + "2222" + "2222"
	nineteen = "11100" + "1110" + "1111" + "1110"
	allZero  = "00000" + "0000" + "0000" + "0000"
)

// begin starts the program on a company whose deals are all alike.
func begin(t *testing.T, crm string, deals int) *apptest.Rig {
	t.Helper()
	t.Parallel()
	return apptest.Still(t, apptest.Options{CRM: crm, World: apptest.Even(deals)})
}

// hour is a moment so many hours after the kickoff of every deal.
func hour(n int) time.Time { return apptest.EvenKickoff.Add(time.Duration(n) * time.Hour) }

type fields map[string]string

// shows fails unless these fields of a deal's record read so.
func shows(t *testing.T, r *apptest.Rig, deal int, want fields) {
	t.Helper()
	got := fields{}
	for name := range want {
		got[name] = r.Field(t, r.Deal(deal), name)
	}
	if got["hold"] == "" && want["hold"] == "false" {
		got["hold"] = "false" // a portal leaves a box that nobody ticked blank
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("deal %d at %s (-want +record):\n%s", deal, r.Clock.Now().Format("Mon 15:04"), d)
	}
}

// matches reports whether a text holds a pattern; "." is any sign.
func matches(text, pattern string) bool {
	return regexp.MustCompile("(?s)" + pattern).MatchString(text)
}
