package ops_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/handoffscore/syncd/internal/ops"
)

func metrics() *ops.Metrics {
	return ops.NewMetrics([]ops.Connection{{Name: "org", CRM: "salesforce", Share: 0.2}, {Name: "portal", CRM: "hubspot", Share: 0.5}})
}

// fed has a value in every figure.
func fed() *ops.Metrics {
	m := metrics()
	m.Pass(ops.Pass{Connection: "org", Run: "r", Kind: "full", Status: "done", Ended: true, Seconds: 3, Tally: ops.Tally{DealsRead: 1, Drift: 7}})
	m.Calls("org", map[string]int64{"batch read": 4})
	m.Quota("org", 50, 1000)
	m.Standing("org", ops.Standing{Watermark: time.Now().Add(-time.Minute), LastSuccess: time.Now(), Missed: 1, InScope: 9})
	m.Rejected(map[string]map[string]int{"org": {"locked": 2}})
	m.Queue(map[string]int{"running": 1})
	return m
}

// want compares figures by name with their text form, help lines left out.
func want(t *testing.T, m *ops.Metrics, text string) {
	t.Helper()
	families, err := m.Gather()
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]bool{}
	var all []string
	for _, f := range families {
		for _, v := range f.GetMetric() {
			var labels []string
			for _, l := range v.GetLabel() {
				labels = append(labels, l.GetName()+"="+l.GetValue())
			}
			value := v.GetGauge().GetValue() + v.GetCounter().GetValue() + v.GetHistogram().GetSampleSum()
			line := f.GetName() + "{" + strings.Join(labels, ",") + "} " + strconv.FormatFloat(value, 'f', -1, 64)
			have[line] = true
			if strings.HasPrefix(line, "syncd_") {
				all = append(all, line)
			}
		}
	}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !have[line] {
			t.Errorf("no %s in\n%s", line, strings.Join(all, "\n"))
		}
	}
}

func TestNamesUnitsAndHelpAreAsPrometheusWants(t *testing.T) {
	problems, err := testutil.GatherAndLint(fed())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// The first failure has to be an increase, or no rule sees it.
func TestCountersBeginAtZero(t *testing.T) {
	want(t, metrics(), `
		syncd_passes_total{connection=portal,kind=full,status=guarded} 0
		syncd_passes_total{connection=org,kind=incremental,status=failed} 0
		syncd_drift_sweeps_total{connection=org} 0
		syncd_connection_info{connection=org,crm=salesforce} 1
		syncd_api_quota_share_ratio{connection=portal} 0.5
		syncd_queue_jobs{state=retryable} 0`)
}

// A report counts the whole run; slices of it must not be counted again.
func TestSlicesOfARunAddUpToTheRun(t *testing.T) {
	m := metrics()
	slice := ops.Pass{Connection: "org", Run: "r1", Kind: "full", Status: "running", Seconds: 60, Tally: ops.Tally{DealsRead: 100}}
	m.Pass(slice)
	slice.Tally, slice.Seconds = ops.Tally{DealsRead: 250, FieldsWritten: 30}, 20
	slice.Ended, slice.Status = true, "done"
	m.Pass(slice)
	m.Pass(ops.Pass{Connection: "org", Run: "r2", Kind: "incremental", Status: "done", Ended: true, Seconds: 1, Tally: ops.Tally{DealsRead: 5}})
	want(t, m, `
		syncd_deals_read_total{connection=org} 255
		syncd_fields_written_total{connection=org} 30
		syncd_passes_total{connection=org,kind=full,status=done} 1
		syncd_passes_total{connection=org,kind=incremental,status=done} 1
		syncd_pass_duration_seconds{connection=org,kind=full} 80
		syncd_pass_duration_seconds{connection=org,kind=incremental} 1`)
}

func TestWhatAnotherReplicaDidIsNotCounted(t *testing.T) {
	m := metrics()
	m.Resumes("org", "r1", ops.Tally{DealsRead: 1000})
	m.Pass(ops.Pass{Connection: "org", Run: "r1", Kind: "full", Status: "running", Tally: ops.Tally{DealsRead: 1010}})
	m.Resumes("org", "r1", ops.Tally{DealsRead: 1500})
	m.Pass(ops.Pass{Connection: "org", Run: "r1", Kind: "full", Status: "done", Ended: true, Tally: ops.Tally{DealsRead: 1503}})
	want(t, m, `syncd_deals_read_total{connection=org} 13`)
}

// A pass that could not take its lease has no run, and the run that is under
// way keeps its place.
func TestAFailureWithoutARunIsAPassThatFailed(t *testing.T) {
	m := metrics()
	m.Pass(ops.Pass{Connection: "org", Run: "r1", Kind: "full", Status: "running", Tally: ops.Tally{DealsRead: 10}})
	m.Pass(ops.Pass{Connection: "org", Status: "failed", Ended: true})
	m.Pass(ops.Pass{Connection: "org", Run: "r1", Kind: "full", Status: "done", Ended: true, Tally: ops.Tally{DealsRead: 12}})
	want(t, m, `
		syncd_deals_read_total{connection=org} 12
		syncd_passes_total{connection=org,kind=other,status=failed} 1`)
}

func TestASweepWithDriftIsCountedOnceItIsDone(t *testing.T) {
	m := metrics()
	p := ops.Pass{Connection: "org", Run: "r1", Kind: "full", Status: "failed", Ended: true, Tally: ops.Tally{Drift: 3}}
	m.Pass(p)
	p.Status = "done"
	m.Pass(p)
	m.Pass(ops.Pass{Connection: "org", Run: "r2", Kind: "full", Status: "done", Ended: true})
	want(t, m, `
		syncd_drift_deals_total{connection=org} 3
		syncd_drift_sweeps_total{connection=org} 1`)
}

func TestCallsAreCountedOnce(t *testing.T) {
	m := metrics()
	m.Calls("org", map[string]int64{"query": 4, "write": 1})
	m.Calls("org", map[string]int64{"query": 9, "write": 1})
	m.Calls("portal", map[string]int64{"query": 2})
	want(t, m, `
		syncd_api_calls_total{connection=org,kind=query} 9
		syncd_api_calls_total{connection=org,kind=write} 1
		syncd_api_calls_total{connection=portal,kind=query} 2`)
}

// A limit that is not known must not read as a quota that is used up.
func TestAnUnknownQuotaSaysNothing(t *testing.T) {
	m := metrics()
	m.Quota("portal", 0, 0)
	m.Quota("org", 250, 1000)
	want(t, m, `
		syncd_api_quota_used_ratio{connection=org} 0.25
		syncd_api_quota_calls{connection=org} 1000`)
	if n := series(t, m, "syncd_api_quota_used_ratio"); n != 1 {
		t.Errorf("%d quotas, one is known", n)
	}
}

func TestRecordsThatWereTakenNoLongerWait(t *testing.T) {
	m := metrics()
	m.Rejected(map[string]map[string]int{"org": {"locked": 2, "validation": 1}})
	m.Rejected(map[string]map[string]int{"org": {"validation": 1}})
	want(t, m, `syncd_records_rejected{class=validation,connection=org} 1`)
	if n := series(t, m, "syncd_records_rejected"); n != 1 {
		t.Errorf("%d classes, one waits", n)
	}
}

// The lag grows between looks at the store, and there is none to tell before
// the first success.
func TestTheLagIsMeasuredWhenAsked(t *testing.T) {
	m := metrics()
	m.Standing("portal", ops.Standing{Missed: 4})
	if n := series(t, m, "syncd_sync_lag_seconds"); n != 0 {
		t.Errorf("%d lags before any pass", n)
	}
	m.BeforeScrape = func() { m.Standing("org", ops.Standing{Watermark: time.Now().Add(-90 * time.Second)}) }
	families, err := m.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "syncd_sync_lag_seconds" {
			if got := f.GetMetric()[0].GetGauge().GetValue(); got < 90 || got > 100 {
				t.Errorf("lag %v, want 90", got)
			}
			return
		}
	}
	t.Error("no lag")
}

// Nothing that looks like a name, an address or an id becomes a label.
func TestLabelsAreWordsOfTheProgram(t *testing.T) {
	m := metrics()
	for _, text := range []string{"ada@acme.example", "006R00000024gDtIAI", "Ada Lovelace", "", "rule says: phone +49 30 123", strings.Repeat("a", 200)} {
		m.Rejected(map[string]map[string]int{"org": {text: 1}})
		m.Calls("org", map[string]int64{text: 1})
		m.Pass(ops.Pass{Connection: "org", Run: text, Kind: text, Status: text, Ended: true})
		families, err := m.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range families {
			for _, v := range f.GetMetric() {
				for _, l := range v.GetLabel() {
					if l.GetValue() == text {
						t.Errorf("%s has a label %q", f.GetName(), text)
					}
				}
			}
		}
	}
	m.Calls("org", map[string]int64{"batch read": 2})
	want(t, m, `syncd_api_calls_total{connection=org,kind=batch read} 2`)
}

func series(t *testing.T, m *ops.Metrics, name string) int {
	t.Helper()
	n, err := testutil.GatherAndCount(m, name)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
