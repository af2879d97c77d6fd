package app_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/app"
	"github.com/handoffscore/syncd/internal/app/apptest"
	"github.com/handoffscore/syncd/internal/cli"
	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/crmsim/hssim"
	"github.com/handoffscore/syncd/internal/crm/crmsim/sfsim"
	"github.com/handoffscore/syncd/internal/store"
	"github.com/handoffscore/syncd/internal/syncer"
)

// meagre is a connection with much to read, of which little has a clock that
// runs, and a share of the day's calls.
type meagre struct {
	*apptest.Rig
	mu    sync.Mutex // guards asked
	asked []string   // which deals have moved, in the order of asking
}

const callsADay = 100_000

func newMeagre(t *testing.T, name string) *meagre {
	t.Helper()
	m := &meagre{}
	m.Rig = apptest.New(t, quick(apptest.Options{
		CRM: name, World: apptest.World(4000), Scope: "{go_live: 2026-11-08, threshold: 5000}", Front: m.front, Extra: "    tasks: false\n",
		HubSpot: hssim.Options{DailyLimit: callsADay}, Salesforce: sfsim.Options{DailyLimit: callsADay},
	}))
	for i := range m.World.Deals { // those of long ago have moved of late
		m.Set(t, m.Deal(i), "evidence.1.1", "Replaces the reporting of seven teams by the end of the quarter")
	}
	m.Clock.Freeze(true)
	m.Clock.Set(apptest.Start.Add(time.Hour))
	return m
}

// share opens the program anew, with so many calls a day.
func (m *meagre) share(t *testing.T, calls float64) {
	t.Helper()
	m.Extra = fmt.Sprintf("    tasks: false\n    budget: {daily_share: %f}\n", calls/callsADay)
	if m.HS != nil { // this portal counts no searches
		m.Extra = strings.Replace(m.Extra, "}", ", searches_per_second: 1000}", 1)
	}
	m.Open(t)
}

func (m *meagre) front(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(q.Body)
		if err != nil {
			return
		}
		q.Body = io.NopCloser(bytes.NewReader(body))
		asks := q.URL.Query().Get("q")
		if strings.HasSuffix(q.URL.Path, "/deals/search") {
			asks = string(body)
		}
		if strings.HasPrefix(asks, "SELECT Id, IsWon, IsDeleted") || strings.Contains(asks, `"hs_object_id","operator":"GT"`) {
			m.mu.Lock()
			m.asked = append(m.asked, asks)
			m.mu.Unlock()
		}
		next.ServeHTTP(w, q)
	})
}

// cut makes a first pass that its share of the day's calls ends when most has
// been read. whole is what it would be with enough of them.
func (m *meagre) cut(t *testing.T) (report app.Report, run store.Run) {
	t.Helper()
	free := newMeagre(t, m.CRM)
	free.share(t, callsADay)
	whole := free.Pass(t)
	free.Close(t)
	m.share(t, 0.88*float64(whole.APICalls)/0.8) // a fifth is left to passes
	report = m.Try(t)
	if crm.KindOf(report.Err) != crm.Quota || report.Kind != "full" || report.DealsRead == 0 || report.DealsRead >= whole.DealsRead || report.Waits != "" {
		t.Fatalf("%s pass: %d read of %d, %d calls of %d, %v", report.Kind, report.DealsRead, whole.DealsRead, report.APICalls, whole.APICalls, report.Err)
	}
	return report, m.run(t, report.Run)
}

func (m *meagre) run(t *testing.T, id string) store.Run {
	t.Helper()
	run, ok, err := m.Store(t).Run(t.Context(), id)
	if err != nil || !ok {
		t.Fatalf("run %s: %v %v", id, ok, err)
	}
	return run
}

// open is a deal that the store knows, and that a CSM has begun to score.
func (m *meagre) open(t *testing.T) string {
	t.Helper()
	s := m.Store(t)
	for i, d := range m.World.Deals {
		states, err := s.States(t.Context(), m.Name(), []string{m.Deal(i)})
		if err != nil {
			t.Fatal(err)
		}
		if len(states) == 1 && states[0].Open && states[0].Card == "sales-to-cs" && d.Fields["kickoff_at"] != "" && d.Fields["item_1_4_score"] == "" {
			return m.Deal(i)
		}
	}
	t.Fatal("no deal fits the story")
	return ""
}

// A backfill that waits for its share of the calls keeps nobody waiting: the
// next pass reads the clocks that it knows of, and what a CSM scored meanwhile
// is on the record. The backfill goes on from its place, in another process
// too.
func TestClocksDoNotWaitForABackfill(t *testing.T) {
	apptest.Each(t, func(t *testing.T, name string) {
		m := newMeagre(t, name)
		first, waiting := m.cut(t)
		deal := m.open(t)
		m.Set(t, deal, "item_1_4_score", "2")
		m.Clock.Advance(23 * time.Hour)
		m.share(t, callsADay/2)
		beside := m.Pass(t)
		if beside.Kind != "incremental" || beside.Waits != first.Run || !beside.ResumeAt.Equal(first.ResumeAt) || beside.DealsRead > first.DealsRead/3 {
			t.Errorf("a %s pass of %d deals beside %q, which goes on at %s", beside.Kind, beside.DealsRead, beside.Waits, beside.ResumeAt)
		}
		if gaps := m.Field(t, deal, "gaps"); gaps == "" || strings.Contains(gaps, "1.4 ") {
			t.Errorf("the scored deal has the gaps %q", gaps)
		}
		if now := m.run(t, first.Run); now.Status != store.RunQuota || now.Cursor != waiting.Cursor {
			t.Errorf("the backfill is %s at %q, was at %q", now.Status, now.Cursor, waiting.Cursor)
		}
		if c, err := m.Store(t).Connection(t.Context(), m.Name()); err != nil || !c.LastFull.IsZero() || c.InScope != 0 {
			t.Errorf("%+v, %v", c, err)
		}

		// Its time has come, and passes have taken the share.
		m.Clock.Set(first.ResumeAt.Add(time.Minute))
		m.share(t, float64(beside.APICalls))
		short := m.Try(t)
		if crm.KindOf(short.Err) != crm.Quota || short.Kind != "incremental" || short.Waits != first.Run || !m.run(t, first.Run).ResumeAt.After(m.Clock.Now()) {
			t.Errorf("%s pass beside %q, which goes on at %s: %v", short.Kind, short.Waits, m.run(t, first.Run).ResumeAt, short.Err)
		}

		m.Clock.Set(short.ResumeAt.Add(time.Minute))
		m.share(t, callsADay/2)
		m.asked = nil
		rest := m.Pass(t)
		if rest.Run != first.Run || rest.Kind != "full" || rest.Waits != "" || !rest.ResumeAt.IsZero() {
			t.Errorf("it went on as %s run %s, waits %q", rest.Kind, rest.Run, rest.Waits)
		}
		place := waiting.Cursor[strings.LastIndex(waiting.Cursor, "|")+1:] // the id of the last deal behind it
		for i, q := range m.asked {
			if i == 0 && !strings.Contains(q, place) || strings.Contains(q, `"GT","value":"0"`) || name == apptest.Salesforce && !strings.Contains(q, "Id > '") {
				t.Errorf("it was at %s and asked %s", waiting.Cursor, q)
			}
		}
		m.checkWhole(t, rest)

		m.Clock.Advance(time.Hour)
		next := m.Pass(t)
		if next.Kind != "incremental" || next.Waits != "" || next.DealsRead > first.DealsRead/3 {
			t.Errorf("afterwards a %s pass of %d deals, waits %q", next.Kind, next.DealsRead, next.Waits)
		}
	})
}

// The daemon makes passes beside a backfill that waits, goes on with it when
// its time has come, and counts once what each of them did.
func TestTheDaemonGoesOnWithABackfill(t *testing.T) {
	m := newMeagre(t, apptest.HubSpot)
	first, _ := m.cut(t)
	m.share(t, callsADay/2)
	m.Close(t)
	m.Extra += "    schedule: \"@every 2s\"\n"
	d := start(t, settings(t, m.Rig, ""))
	passes := func(kind string) func() bool {
		return func() bool {
			return d.figure(`syncd_passes_total{connection="portal",kind="`+kind+`",status="done"}`) > 0
		}
	}
	within(t, 2*time.Minute, passes("incremental"), func() string { return "a pass beside the backfill" })
	if passes("full")() {
		t.Error("the backfill did not wait")
	}
	m.Clock.Set(first.ResumeAt.Add(time.Minute))
	within(t, 2*time.Minute, passes("full"), func() string { return "the rest of the backfill" })
	s := m.Store(t)
	var read, counted int64
	within(t, 2*time.Minute, func() bool {
		runs, err := s.Runs(t.Context(), "portal", 1000)
		if err != nil {
			t.Fatal(err)
		}
		read = -first.DealsRead // by another process
		for _, run := range runs {
			c, err := syncer.ReadCounts(run.Counts)
			if err != nil {
				t.Fatal(err)
			}
			read += c.DealsRead
		}
		counted = int64(d.figure(`syncd_deals_read_total{connection="portal"}`))
		return read == counted
	}, func() string { return fmt.Sprintf("%d deals were read, %d counted", read, counted) })
}

// checkWhole: everything is known and shown once a backfill has ended.
func (m *meagre) checkWhole(t *testing.T, report app.Report) {
	t.Helper()
	in, shown := inScope(t, m.Rig), 0
	for _, id := range in {
		if m.Field(t, id, "status") != "" {
			shown++
		}
	}
	c, err := m.Store(t).Connection(t.Context(), m.Name())
	if err != nil || len(in) < 250 || shown != len(in) || report.InScope != int64(len(in)) || c.InScope != len(in) || c.LastFull.IsZero() || c.Watermark.IsZero() {
		t.Errorf("%d deals in scope, %d shown, %d reported; %+v, %v", len(in), shown, report.InScope, c, err)
	}
}

// exhausted makes a pass during which the vendor says that the day's calls are
// used up, at the nth request of a kind and so many in a row.
func exhausted(t *testing.T, r *apptest.Rig, hubspot, salesforce string, nth, times int, ask app.Ask) app.Report {
	t.Helper()
	kind, do := hubspot, apptest.Mishap(hssim.Daily)
	if r.SF != nil {
		kind, do = salesforce, apptest.Mishap(sfsim.DailyLimit)
	}
	r.Fail(do, kind, nth, times)
	defer r.ClearFaults()
	report := r.App.Pass(t.Context(), r.App.Connections()[0], ask)
	if crm.KindOf(report.Err) != crm.Quota {
		t.Fatalf("%s pass ended with %v", report.Kind, report.Err)
	}
	return report
}

func connection(t *testing.T, r *apptest.Rig) store.Connection {
	t.Helper()
	c, err := r.Store(t).Connection(t.Context(), r.Name())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A sweep that waits, and ends after passes beside it, does not take back what
// they know.
func TestASweepThatWaitedKnowsLessThanPasses(t *testing.T) {
	apptest.Each(t, func(t *testing.T, name string) {
		r := apptest.New(t, quick(apptest.Options{CRM: name, World: apptest.World(1200), Salesforce: sfsim.Options{PageSize: 200}}))
		r.Clock.Freeze(true)
		r.Clock.Set(apptest.Start)
		r.Pass(t)
		start := connection(t, r)
		r.Clock.Advance(time.Hour)
		sweep := exhausted(t, r, "search deals", "queryMore Opportunity", 3, 1, app.Ask{Full: true})
		r.Clock.Advance(30 * time.Minute)
		beside := r.Pass(t)
		later := connection(t, r)
		if beside.Kind != "incremental" || beside.Waits != sweep.Run || !later.Watermark.Equal(r.Clock.Now().Add(-5*time.Minute)) || !later.LastFull.Equal(start.LastFull) {
			t.Errorf("a %s pass beside %q: %+v", beside.Kind, beside.Waits, later)
		}
		if again := r.Full(t); again.Waits != sweep.Run {
			t.Errorf("a sweep did not wait for the one before: %s pass", again.Kind)
		}
		r.Close(t)
		var said bytes.Buffer
		if code := cli.Main(t.Context(), []string{"run", "--once", "-c", r.WriteConfig(t)}, &said, io.Discard); code != 3 || !strings.Contains(said.String(), "full pass "+sweep.Run+" waits") {
			t.Errorf("exit %d:\n%s", code, &said)
		}
		r.Open(t)
		r.Clock.Set(sweep.ResumeAt.Add(time.Minute))
		rest := r.Pass(t)
		end := connection(t, r)
		if rest.Run != sweep.Run || !end.Watermark.Equal(later.Watermark) || !end.LastFull.After(start.LastFull) || !end.LastFull.Before(later.Watermark) {
			t.Errorf("run %s was gone on with as %s: %+v", sweep.Run, rest.Run, end)
		}
		if next := r.Pass(t); next.Kind != "incremental" || next.Waits != "" || next.Run == beside.Run {
			t.Errorf("then %s pass %s beside %q", next.Kind, next.Run, next.Waits)
		}
	})
}

// A backfill may take many days of its share while passes beside it keep up,
// and goes on from its place. Where nobody kept up it begins anew, and is not
// forgotten for what was known beside it.
func TestABackfillOfManyDays(t *testing.T) {
	apptest.Each(t, func(t *testing.T, name string) {
		r := apptest.New(t, quick(apptest.Options{CRM: name, World: apptest.World(1200), Salesforce: sfsim.Options{PageSize: 200}}))
		r.Clock.Freeze(true)
		r.Clock.Set(apptest.Start)
		first := exhausted(t, r, "search deals", "queryMore Opportunity", 3, 1, app.Ask{})
		for day := range 9 {
			r.Clock.Advance(30 * time.Minute)
			if beside := r.Pass(t); beside.Kind != "incremental" || beside.Waits != first.Run {
				t.Fatalf("day %d: %s pass beside %q", day, beside.Kind, beside.Waits)
			}
			r.Clock.Advance(24 * time.Hour)
			if again := exhausted(t, r, "search deals", "queryAll Opportunity", 1, 2, app.Ask{}); again.Run != first.Run || again.DealsRead != first.DealsRead {
				t.Fatalf("day %d: %s pass %s, %d read of %d", day, again.Kind, again.Run, again.DealsRead, first.DealsRead)
			}
		}
		r.Clock.Advance(9 * 24 * time.Hour)
		if anew := r.Pass(t); anew.Kind != "full" || anew.Run == first.Run {
			t.Errorf("left alone for long it went on as %s pass %s", anew.Kind, anew.Run)
		}
	})
}

// A backfill that a quota ended while it wrote has read everything: what is
// left to write the next pass takes up, without reading everything again.
func TestABackfillCutWhileItWrites(t *testing.T) {
	apptest.Each(t, func(t *testing.T, name string) {
		r := apptest.New(t, quick(apptest.Options{CRM: name, World: apptest.World(1200)}))
		r.Clock.Freeze(true)
		first := exhausted(t, r, "batch_update deals", "collections update Opportunity", 2, 1, app.Ask{})
		if c := connection(t, r); !c.Watermark.IsZero() {
			t.Errorf("%+v", c)
		}
		r.Clock.Advance(24 * time.Hour)
		rest := r.Pass(t)
		shown := 0
		for _, id := range inScope(t, r) {
			if r.Field(t, id, "status") != "" {
				shown++
			}
		}
		c := connection(t, r)
		if rest.Kind != "incremental" || rest.Confirmed == 0 || rest.DealsRead >= first.DealsRead || shown != int(rest.InScope) || c.InScope != shown || c.LastFull.IsZero() {
			t.Errorf("a %s pass read %d of %d and wrote %d; %d of %d shown; %+v", rest.Kind, rest.DealsRead, first.DealsRead, rest.Confirmed, shown, rest.InScope, c)
		}
	})
}

// A pass that was ended among the clocks that run goes on there.
func TestAPassEndedAmongClocksGoesOn(t *testing.T) {
	apptest.Each(t, func(t *testing.T, name string) {
		r := apptest.New(t, quick(apptest.Options{CRM: name, World: apptest.World(60)}))
		r.Clock.Freeze(true)
		for range 2 { // the second has seen the first one's writes
			r.Pass(t)
			r.Clock.Advance(2 * time.Hour)
		}
		cut := exhausted(t, r, "batch_read deals", "composite", 1, -1, app.Ask{})
		if again := r.Pass(t); again.Run != cut.Run || again.DealsRead == 0 {
			t.Errorf("run %s was followed by %s", cut.Run, again.Run)
		}
	})
}

// A pass that was ended while it observed is not gone on with as one that
// writes, nor does one that could not even begin in the new mode count: the
// first that writes looks at everything.
func TestTurnedToWriteAfterAFault(t *testing.T) {
	apptest.Each(t, func(t *testing.T, name string) {
		for _, cut := range []bool{true, false} {
			r := apptest.New(t, quick(apptest.Options{CRM: name, World: apptest.World(60), Mode: "observe"}))
			r.Clock.Freeze(true)
			observed := r.Pass(t)
			r.Clock.Advance(2 * time.Hour)
			if cut {
				exhausted(t, r, "batch_read deals", "composite", 1, -1, app.Ask{})
			}
			r.Mode = "write"
			r.Open(t)
			exhausted(t, r, "account_details", "versions", 1, -1, app.Ask{})
			if w := r.Pass(t); w.Kind != "full" || w.FieldsWritten < observed.FieldsPlanned {
				t.Errorf("turned to write, a %s pass wrote %d fields of %d planned before", w.Kind, w.FieldsWritten, observed.FieldsPlanned)
			}
		}
	})
}
