package ops

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	dto "github.com/prometheus/client_model/go"
)

// Connection is what is known of a connection from its configuration.
type Connection struct {
	Name, CRM string
	Share     float64 // of the day's calls that syncd may take
}

// Metrics are the program's figures, in a registry of their own. Methods may
// be called from several goroutines. Figures that belong to the store, such as
// the lag, are the same on every replica: take the maximum. Counters are each
// replica's own: take the sum.
type Metrics struct {
	// BeforeScrape, if set, is called before the figures are read, to bring
	// them up to date. It must not wait for anything.
	BeforeScrape func()

	registry *prometheus.Registry
	now      func() time.Time

	mu    sync.Mutex                  // guards what follows
	runs  map[string]progress         // by connection: what has been counted of the run under way
	calls map[string]map[string]int64 // by connection and kind: what has been counted

	passes, deals, judged, fields, records, tasks, escalations *prometheus.CounterVec
	drift, driftSweeps, apiCalls                               *prometheus.CounterVec
	duration                                                   *prometheus.HistogramVec
	info, lag, success, missed, inScope, rejected              *prometheus.GaugeVec
	quotaUsed, quotaLimit, quotaShare, queue                   *prometheus.GaugeVec
	ready, database                                            prometheus.Gauge
}

// Words that labels take from the start, so that a first failure is an
// increase from 0 and not a figure out of nowhere.
var (
	passKinds    = []string{"incremental", "full"}
	passStatuses = []string{"done", "failed", "quota", "guarded"}
	queueStates  = []string{"available", "pending", "running", "retryable", "scheduled", "discarded"}
)

// passSeconds reach from an idle pass to a first one over a large org.
var passSeconds = []float64{0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200}

// NewMetrics returns the figures of these connections, all at 0.
func NewMetrics(connections []Connection) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(), now: time.Now,
		runs: map[string]progress{}, calls: map[string]map[string]int64{},
	}
	m.define()
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, c := range connections {
		m.info.WithLabelValues(c.Name, c.CRM).Set(1)
		m.quotaShare.WithLabelValues(c.Name).Set(c.Share)
		for _, kind := range passKinds {
			for _, status := range passStatuses {
				m.passes.WithLabelValues(c.Name, kind, status)
			}
			m.duration.WithLabelValues(c.Name, kind)
		}
		for _, v := range []*prometheus.CounterVec{m.deals, m.judged, m.fields, m.records, m.tasks, m.escalations, m.drift, m.driftSweeps} {
			v.WithLabelValues(c.Name)
		}
		m.missed.WithLabelValues(c.Name)
	}
	for _, state := range queueStates {
		m.queue.WithLabelValues(state)
	}
	return m
}

// define names every figure. Units are Prometheus' base units.
func (m *Metrics) define() {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
		m.registry.MustRegister(v)
		return v
	}
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		v := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
		m.registry.MustRegister(v)
		return v
	}
	m.passes = counter("syncd_passes_total", "Passes that ended, by how: done, failed, quota (a vendor's limit or ours), guarded (it would have changed too much).", "connection", "kind", "status")
	m.duration = prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "syncd_pass_duration_seconds", Help: "Time that passes worked, from beginning to end, waits between slices left out.", Buckets: passSeconds}, []string{"connection", "kind"})
	m.registry.MustRegister(m.duration)
	m.deals = counter("syncd_deals_read_total", "Deals read from the CRM.", "connection")
	m.judged = counter("syncd_deals_judged_total", "Deals scored by a card.", "connection")
	m.fields = counter("syncd_fields_written_total", "Fields that the CRM confirmed as written.", "connection")
	m.records = counter("syncd_records_written_total", "Records that the CRM confirmed as written.", "connection")
	m.tasks = counter("syncd_tasks_created_total", "Tasks made for people.", "connection")
	m.escalations = counter("syncd_escalations_total", "Handoffs that were escalated.", "connection")
	m.drift = counter("syncd_drift_deals_total", "Deals that only a sweep found changed: passes had missed them.", "connection")
	m.driftSweeps = counter("syncd_drift_sweeps_total", "Sweeps that found such deals.", "connection")
	m.apiCalls = counter("syncd_api_calls_total", "Requests sent to the CRM, repeats and sign-ins included.", "connection", "kind")
	m.info = gauge("syncd_connection_info", "1 for each connection; says which CRM it is.", "connection", "crm")
	m.lag = gauge("syncd_sync_lag_seconds", "How far what is known lies behind the CRM. An idle connection with a pass every 15 minutes moves between its lag setting and 15 minutes above it.", "connection")
	m.success = gauge("syncd_last_success_timestamp_seconds", "When a pass last succeeded.", "connection")
	m.missed = gauge("syncd_passes_missed", "Scheduled times that have gone by since a pass last succeeded.", "connection")
	m.inScope = gauge("syncd_deals_in_scope", "Handoffs in scope at the last complete pass.", "connection")
	m.rejected = gauge("syncd_records_rejected", "Records the CRM did not take, waiting for their next try, by why.", "connection", "class")
	m.quotaUsed = gauge("syncd_api_quota_used_ratio", "Share of the org's or portal's day that is used, by all programs together, as the CRM last said.", "connection")
	m.quotaLimit = gauge("syncd_api_quota_calls", "Requests that the org or portal allows in a day, as the CRM last said.", "connection")
	m.quotaShare = gauge("syncd_api_quota_share_ratio", "Share of the day that syncd may take, as configured.", "connection")
	m.queue = gauge("syncd_queue_jobs", "Jobs of the queue.", "state")
	m.ready = prometheus.NewGauge(prometheus.GaugeOpts{Name: "syncd_ready", Help: "1 while /readyz says yes."})
	m.database = prometheus.NewGauge(prometheus.GaugeOpts{Name: "syncd_database_up", Help: "1 while the database answers."})
	m.registry.MustRegister(m.ready, m.database)
}

// Gather brings the figures up to date and returns them.
func (m *Metrics) Gather() ([]*dto.MetricFamily, error) {
	if m.BeforeScrape != nil {
		m.BeforeScrape()
	}
	return m.registry.Gather()
}

// Calls takes the requests a connection has sent since the start, by kind.
func (m *Metrics) Calls(connection string, total map[string]int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	counted := m.calls[connection]
	if counted == nil {
		counted = map[string]int64{}
		m.calls[connection] = counted
	}
	for kind, n := range total {
		if n > counted[kind] {
			m.apiCalls.WithLabelValues(connection, label(kind)).Add(float64(n - counted[kind]))
			counted[kind] = n
		}
	}
}

// Quota takes what the CRM last said of the day's calls. A limit of 0 is not
// known, and says nothing.
func (m *Metrics) Quota(connection string, used, limit int) {
	if limit <= 0 {
		return
	}
	m.quotaUsed.WithLabelValues(connection).Set(float64(used) / float64(limit))
	m.quotaLimit.WithLabelValues(connection).Set(float64(limit))
}

// Standing is how far a connection is known, as the store has it.
type Standing struct {
	Watermark   time.Time // zero if no pass has succeeded yet
	LastSuccess time.Time // zero likewise
	Missed      int       // scheduled times since then
	InScope     int
}

// Standing takes how far a connection is known.
func (m *Metrics) Standing(connection string, s Standing) {
	if !s.Watermark.IsZero() {
		m.lag.WithLabelValues(connection).Set(max(0, m.now().Sub(s.Watermark).Seconds()))
		m.inScope.WithLabelValues(connection).Set(float64(s.InScope))
	}
	if !s.LastSuccess.IsZero() {
		m.success.WithLabelValues(connection).Set(float64(s.LastSuccess.UnixMilli()) / 1000)
	}
	m.missed.WithLabelValues(connection).Set(float64(s.Missed))
}

// Rejected takes how many records wait for their next try, by connection and
// class. It is all there are: what is not named is 0.
func (m *Metrics) Rejected(waiting map[string]map[string]int) {
	m.rejected.Reset()
	for connection, classes := range waiting {
		for class, n := range classes {
			m.rejected.WithLabelValues(connection, label(class)).Add(float64(n))
		}
	}
}

// Queue takes how many jobs there are, by state.
func (m *Metrics) Queue(jobs map[string]int) {
	for _, state := range queueStates {
		m.queue.WithLabelValues(state).Set(float64(jobs[state]))
	}
}
