package stories_test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/handoffscore/syncd/internal/app/apptest"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
)

// Each story in testdata is told on each CRM.
func TestStories(t *testing.T) {
	bin, err := apptest.Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no stories: ", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			apptest.Each(t, func(t *testing.T, crm string) { tell(t, file, crm, bin) })
		})
	}
}

func tell(t *testing.T, file, crm, bin string) {
	var s *story
	testscript.Run(t, testscript.Params{
		Files: []string{file},
		Setup: func(*testscript.Env) error {
			s = begin(t, crm, bin)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"win":        func(ts *testscript.TestScript, _ bool, _ []string) { s.Win(t, s.deal) },
			"pass":       func(ts *testscript.TestScript, _ bool, _ []string) { s.pass(ts, false) },
			"sweep":      func(ts *testscript.TestScript, _ bool, _ []string) { s.pass(ts, true) },
			"clock":      func(ts *testscript.TestScript, _ bool, args []string) { s.Clock.Advance(span(ts, args[0])) },
			"clock-to":   func(ts *testscript.TestScript, _ bool, args []string) { s.clockTo(ts, args[0]) },
			"kickoff":    func(ts *testscript.TestScript, _ bool, args []string) { s.kickoff(span(ts, args[1])) },
			"csm":        func(ts *testscript.TestScript, _ bool, args []string) { s.csm(ts, args) },
			"manager":    func(ts *testscript.TestScript, _ bool, args []string) { s.decides(args[1:]) },
			"crash":      func(ts *testscript.TestScript, _ bool, args []string) { s.crash(ts, args[0], args[1]) },
			"shows":      func(ts *testscript.TestScript, _ bool, args []string) { s.shows(ts, args[0], args[1]) },
			"explains":   func(ts *testscript.TestScript, _ bool, args []string) { s.explains(ts, args[0]) },
			"tasks":      func(ts *testscript.TestScript, _ bool, args []string) { s.tasks(ts, args[0]) },
			"task":       func(ts *testscript.TestScript, _ bool, args []string) { s.task(ts, args[0], args[2]) },
			"closed":     func(ts *testscript.TestScript, _ bool, args []string) { s.closed(ts, args[0]) },
			"finish":     func(ts *testscript.TestScript, _ bool, args []string) { s.FinishTask(t, s.only(ts, args[0]).ID) },
			"escalated":  func(ts *testscript.TestScript, _ bool, args []string) { s.escalated(ts, args[0]) },
			"lose-store": func(*testscript.TestScript, bool, []string) { s.LoseStore(t) },
		},
	})
}

// story is one deal on its way through the program.
type story struct {
	*apptest.Rig
	t          *testing.T
	door       *door
	bin        string
	deal       int
	id         string
	csmID      int
	raised     []string // each escalated_at that the record has shown
	lastRaised string
}

func begin(t *testing.T, crm, bin string) *story {
	w := apptest.World(12)
	s := &story{t: t, door: &door{}, bin: bin, deal: -1}
	for i, d := range w.Deals {
		if d.Stage == world.Engaging && !strings.Contains(strings.ToLower(d.Type), "renew") && w.Users[d.Owner].Active {
			s.deal = i
		}
	}
	if s.deal < 0 {
		t.Fatal("the world has no deal that is still open")
	}
	for name := range w.Deals[s.deal].Fields {
		if strings.HasPrefix(name, "item_") || name == "csm" || name == "kickoff_at" || name == "attempt_scored" {
			delete(w.Deals[s.deal].Fields, name)
		}
	}
	w.Deals[s.deal].Amount = "90000"
	for i, u := range w.Users {
		if u.Job == world.CSM && u.Active {
			s.csmID = i
		}
	}
	o := apptest.Options{CRM: crm, World: w, Front: s.door.before}
	o.HubSpot.NoSearchLag = true
	s.Rig = apptest.New(t, o)
	s.id = s.Deal(s.deal)
	return s
}

func span(ts *testscript.TestScript, text string) time.Duration {
	d, err := time.ParseDuration(text)
	ts.Check(err)
	return d
}

// pass makes a pass a quarter of an hour later.
func (s *story) pass(ts *testscript.TestScript, full bool) {
	s.Clock.Advance(15 * time.Minute)
	if full {
		s.Full(s.t)
	} else {
		s.Pass(s.t)
	}
	s.look()
}

// look keeps each time of an escalation that the record shows.
func (s *story) look() {
	if at := s.Field(s.t, s.id, "escalated_at"); at != "" && at != s.lastRaised {
		s.lastRaised = at
		s.raised = append(s.raised, at)
	}
}

// clockTo goes on to the next such hour in Berlin.
func (s *story) clockTo(ts *testscript.TestScript, text string) {
	zone, err := time.LoadLocation("Europe/Berlin")
	ts.Check(err)
	for s.Clock.Now().In(zone).Format("Mon 15:04") != text {
		s.Clock.Advance(time.Minute - time.Duration(s.Clock.Now().Second())*time.Second)
	}
}

func (s *story) kickoff(in time.Duration) {
	s.Set(s.t, s.id, "kickoff_at", s.Clock.Now().Add(in).UTC().Format(time.RFC3339))
}

// csm is the CSM at work: joins, scores 9 items, scores 17 in all (with 4.4 0),
// gives 4.4 2, signs 2, disputes 4.4 with a reason.
func (s *story) csm(ts *testscript.TestScript, args []string) {
	switch {
	case args[0] == "joins":
		s.Set(s.t, s.id, "csm", s.User(s.csmID))
	case args[0] == "gives":
		s.Set(s.t, s.id, apptest.ScoreField(args[1]), args[2])
	case args[0] == "disputes":
		s.Set(s.t, s.id, "dispute_item", args[1])
		s.Set(s.t, s.id, "dispute_reason", args[2])
	case args[0] == "signs":
		s.Set(s.t, s.id, "attempt_scored", args[1])
	case args[2] == "items":
		n, err := strconv.Atoi(args[1])
		ts.Check(err)
		for _, item := range judged(s.World)[:n] {
			s.Set(s.t, s.id, item, "1")
		}
	default:
		total, err := strconv.Atoi(args[1])
		ts.Check(err)
		for _, item := range []string{"item_5_1_score", "item_5_2_score", "item_5_3_score"} {
			n, err := strconv.Atoi(s.Field(s.t, s.id, item))
			ts.Check(err)
			total -= n
		}
		var but []string
		if len(args) > 4 { // with 4.4 0
			but = append(but, apptest.ScoreField(args[5]))
			n, err := strconv.Atoi(args[6])
			ts.Check(err)
			total -= n
			s.Set(s.t, s.id, but[0], args[6])
		}
		for item, score := range spread(s.World, total, but...) {
			s.Set(s.t, s.id, item, score)
		}
	}
}

// decides is the CS manager's outcome of a dispute, with a score where it is
// changed; nothing clears both.
func (s *story) decides(args []string) {
	outcome, score := args[0], ""
	if outcome == "nothing" {
		outcome = ""
	}
	if len(args) > 1 {
		score = args[1]
	}
	s.Set(s.t, s.id, "dispute_score", score)
	s.Set(s.t, s.id, "dispute_outcome", outcome)
}

// explains wants a pattern in what the program tells a person of the deal.
func (s *story) explains(ts *testscript.TestScript, want string) {
	code, out, _ := s.Command(s.t, "explain", s.id)
	if code != 0 || !regexp.MustCompile(want).MatchString(out) {
		ts.Fatalf("explain ends with %d and does not tell %q:\n%s", code, want, out)
	}
}

// judged are the cells in which a CSM scores.
func judged(w *world.World) []string {
	var list []string
	for _, f := range w.Fields {
		if f.Object == "deal" && strings.HasPrefix(f.Name, "item_") && strings.HasSuffix(f.Name, "_score") && !strings.HasPrefix(f.Name, "item_5_") {
			list = append(list, f.Name)
		}
	}
	return list
}

// spread gives every cell but these a score, so that they add up.
func spread(w *world.World, total int, but ...string) map[string]string {
	scores := map[string]string{}
	cells := slices.DeleteFunc(judged(w), func(cell string) bool { return slices.Contains(but, cell) })
	for i, cell := range cells {
		left := len(cells) - i - 1
		score := min(2, max(0, total-left))
		if score == 0 && total > 0 {
			score = 1
		}
		total -= score
		scores[cell] = strconv.Itoa(score)
	}
	return scores
}

// shows wants a field of the record to be a pattern as a whole.
func (s *story) shows(ts *testscript.TestScript, field, want string) {
	if got := s.Field(s.t, s.id, field); !regexp.MustCompile("(?s)^(?:" + want + ")$").MatchString(got) {
		ts.Fatalf("%s shows %q, want %q", field, got, want)
	}
}

func (s *story) tasks(ts *testscript.TestScript, want string) {
	list := s.TasksOn(s.t, s.deal, "")
	if fmt.Sprint(len(list)) != want {
		ts.Fatalf("%d tasks, want %s: %+v", len(list), want, list)
	}
}

func (s *story) only(ts *testscript.TestScript, kind string) apptest.Task {
	list := s.TasksOn(s.t, s.deal, kind)
	if len(list) != 1 {
		ts.Fatalf("%d tasks of kind %s: %+v", len(list), kind, list)
	}
	return list[0]
}

func (s *story) task(ts *testscript.TestScript, kind, whom string) {
	d := s.World.Deals[s.deal]
	want := map[string]int{"csm": s.csmID, "owner": d.Owner, "manager": s.World.Users[d.Owner].Manager}[whom]
	k := s.only(ts, kind)
	if k.Owner != s.User(want) {
		ts.Fatalf("%s is given to %s, want %s", kind, k.Owner, s.User(want))
	}
	said := strings.ReplaceAll(k.Subject+"\n"+k.Body, k.Key, "")
	for _, no := range append([]string{"17", "of 40", "Incomplete", "Below Standard"}, s.World.Users[d.Owner].Name) {
		if strings.Contains(said, no) {
			ts.Fatalf("%s says %q:\n%s", kind, no, said)
		}
	}
}

func (s *story) closed(ts *testscript.TestScript, kind string) {
	if k := s.only(ts, kind); !k.Done {
		ts.Fatalf("%s is open", kind)
	}
}

func (s *story) escalated(ts *testscript.TestScript, times string) {
	if fmt.Sprint(len(s.raised)) != times {
		ts.Fatalf("the record has shown escalations of %v", s.raised)
	}
}
