package app_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/app/apptest"
	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/crmsim/sfsim"
	"github.com/handoffscore/syncd/internal/handoff"
)

// poor are scores of the judgement items that end below every other band.
const poor = "11100" + "1110" + "1111" + "1110"

// chatting is an org whose escalations are posted too.
func chatting(t *testing.T, deals int, o sfsim.Options, front func(http.Handler) http.Handler) *apptest.Rig {
	t.Helper()
	t.Parallel()
	r := apptest.Still(t, apptest.Options{
		CRM: apptest.Salesforce, World: apptest.Even(deals), Extra: "    chatter: true\n", Salesforce: o, Front: front,
		Limits: "{max_escalations_per_run: 1}", // a post is no second escalation
	})
	r.Pass(t)
	return r
}

// posts are the texts in a deal's feed that bear syncd's mark.
func posts(r *apptest.Rig, deal int) []string {
	var all []string
	for _, id := range r.SF.IDs("FeedItem") {
		if text, _ := r.SF.Get("FeedItem", id, "Body").(string); crm.MarkedKey(text) != "" && r.SF.Get("FeedItem", id, "ParentId") == r.Deal(deal) {
			all = append(all, text)
		}
	}
	return all
}

func wantsPosts(t *testing.T, r *apptest.Rig, deal, n int) {
	t.Helper()
	if got := posts(r, deal); len(got) != n {
		t.Errorf("%d posts on deal %d, want %d: %q", len(got), deal, n, got)
	}
	if got := r.TasksOn(t, deal, handoff.Escalation); len(got) != 1 {
		t.Errorf("%d tasks of the Sales manager on deal %d", len(got), deal)
	}
}

func hours(n int) time.Time { return apptest.EvenKickoff.Add(time.Duration(n) * time.Hour) }

// An escalation is said once in the deal's feed, in the words of the task,
// whatever breaks off, and stays said when it is resolved.
func TestAnEscalationIsPostedOnce(t *testing.T) {
	mishaps := []apptest.Mishap{"", apptest.ResetAfter, apptest.TruncatedBody, apptest.ResetBefore, apptest.Unavailable}
	r := chatting(t, len(mishaps), sfsim.Options{}, nil)
	for i, mishap := range mishaps {
		r.Clock.Set(hours(1 + 3*i))
		r.Score(t, i, poor)
		if mishap != "" {
			r.Fail(mishap, "chatter post", 1, 1)
		}
		before := r.Fired()
		report := r.Try(t)
		if report.Err != nil || report.Escalations != 1 || mishap != "" && r.Fired() == before {
			t.Fatalf("%s: %v, %d escalations", mishap, report.Err, report.Escalations)
		}
		if got := r.Field(t, r.Deal(i), "escalation"); got != "Sales manager" { // the record does not wait for a post
			t.Errorf("%s: the record shows %q", mishap, got)
		}
		r.ClearFaults()
		r.Open(t)
		r.At(t, hours(2+3*i))
		wantsPosts(t, r, i, 1)
	}
	text, task := posts(r, 0)[0], r.TasksOn(t, 0, handoff.Escalation)[0]
	name, _ := r.SF.Get("User", task.Owner, "Name").(string)
	words, _, _ := strings.Cut(task.Body, "\n\n"+crm.OwnMark)
	if want := "@" + name + " " + task.Subject + "\n\n" + words + "\n\n" + crm.Mark(r.Deal(0)+"/sales-to-cs/1/"+handoff.Post); text != want {
		t.Errorf("posted %q\nwant   %q", text, want)
	}
	// A correction leaves the band.
	r.Clock.Set(hours(20))
	r.SF.ResetStats()
	r.Set(t, r.Deal(4), "item_4_4_score", "2")
	r.Pass(t)
	if tasks := r.TasksOn(t, 4, handoff.Escalation); len(tasks) != 1 || !tasks[0].Done {
		t.Errorf("the task: %+v", tasks)
	}
	// A person deletes one; a lost store knows from the record that it was said.
	for _, id := range r.SF.IDs("FeedItem") {
		if r.SF.Get("FeedItem", id, "ParentId") == r.Deal(1) {
			if err := r.SF.Delete("FeedItem", id); err != nil {
				t.Fatal(err)
			}
		}
	}
	r.At(t, hours(21))
	r.LoseStore(t)
	r.At(t, hours(22))
	r.At(t, hours(23))
	for i, n := range []int{1, 0, 1, 1, 1} {
		wantsPosts(t, r, i, n)
	}
	if n := r.SF.Stats().Written["FeedItem"]; n != 0 {
		t.Errorf("%d posts were made or changed", n)
	}
}

// The process dies once the post stands and before the answer has come.
func TestAPostOfAKilledProcessIsFound(t *testing.T) {
	var dead atomic.Bool
	var armed atomic.Bool
	r := chatting(t, 1, sfsim.Options{}, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
			if armed.Load() && strings.HasSuffix(q.URL.Path, "/chatter/feed-elements") {
				next.ServeHTTP(httptest.NewRecorder(), q)
				dead.Store(true)
			}
			if dead.Load() { // nothing reaches the process any more
				panic(http.ErrAbortHandler)
			}
			next.ServeHTTP(w, q)
		})
	})
	r.Clock.Set(hours(1))
	r.Score(t, 0, poor)
	armed.Store(true)
	if report := r.Try(t); report.Err == nil || !dead.Load() {
		t.Fatalf("the process lives: %+v", report)
	}
	if n := len(posts(r, 0)); n != 1 {
		t.Fatalf("%d posts stand", n)
	}
	r.Close(t)
	armed.Store(false)
	dead.Store(false)
	r.Open(t)
	r.At(t, hours(2))
	r.At(t, hours(3))
	wantsPosts(t, r, 0, 1)
}

// What an org does not take is told once and holds nothing up.
func TestEscalationsWithoutAFeed(t *testing.T) {
	told := func(problems []string) int {
		n := 0
		for _, p := range problems {
			if strings.HasPrefix(p, "chatter: ") {
				n++
			}
		}
		return n
	}
	t.Run("no Chatter", func(t *testing.T) {
		r := chatting(t, 1, sfsim.Options{NoChatter: true}, nil)
		r.Clock.Set(hours(1))
		r.Score(t, 0, poor)
		report := r.Pass(t)
		if told(report.Problems) != 1 || report.TasksRejected != 0 || report.TasksCreated != 2 || r.Field(t, r.Deal(0), "hold") != "true" {
			t.Errorf("told %v, %d refused, %d made", report.Problems, report.TasksRejected, report.TasksCreated)
		}
	})
	t.Run("posts are refused", func(t *testing.T) {
		r := chatting(t, 1, sfsim.Options{}, nil)
		r.SF.AddRule(sfsim.Rule{Object: "FeedItem", Message: "no posts please", Broken: func(func(string) any) bool { return true }})
		r.Clock.Set(hours(1))
		r.Score(t, 0, poor)
		if report := r.Pass(t); report.TasksRejected != 1 || report.TasksCreated != 2 || r.Field(t, r.Deal(0), "hold") != "true" {
			t.Errorf("%d refused, %d made", report.TasksRejected, report.TasksCreated)
		}
		for h := 2; h < 20; h += 8 {
			if report := r.At(t, hours(h)); report.TasksRejected != 0 || report.TasksPlanned != 0 {
				t.Errorf("hour %d: %d refused, %d planned", h, report.TasksRejected, report.TasksPlanned)
			}
		}
		wantsPosts(t, r, 0, 0)
	})
}

// Turned on later, nothing is said of what was escalated before.
func TestPostsBeginWithTheNextEscalation(t *testing.T) {
	r := chatting(t, 2, sfsim.Options{}, nil)
	r.Extra = ""
	r.Open(t)
	r.Clock.Set(hours(1))
	r.Score(t, 0, poor)
	r.Pass(t)
	r.Extra = "    chatter: true\n"
	r.Open(t)
	r.Clock.Set(hours(2))
	r.Score(t, 1, poor)
	r.Full(t)
	wantsPosts(t, r, 0, 0)
	wantsPosts(t, r, 1, 1)
}
