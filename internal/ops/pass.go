package ops

// Pass is what one slice of a pass did.
type Pass struct {
	Connection, Run, Kind, Status string
	Ended                         bool // no further slice follows
	Seconds                       float64
	Tally                         // of the whole run so far
}

// Tally is what a run has done so far.
type Tally struct {
	DealsRead, Judged, FieldsWritten, RecordsWritten, TasksCreated, Escalations, Drift int64
}

// progress is what has been counted of a run.
type progress struct {
	run     string
	tally   Tally
	seconds float64
}

// Resumes says what a run had done before this process goes on with it, so
// that what another process did is not counted twice.
func (m *Metrics) Resumes(connection, run string, done Tally) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.runs[connection]
	if p.run != run {
		p = progress{run: run}
	}
	p.tally = done
	m.runs[connection] = p
}

// Pass counts a slice of a pass: what the run did since the last one, and the
// pass itself when it has ended.
func (m *Metrics) Pass(p Pass) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if p.Run == "" { // it ended before there was a run: the one under way keeps its place
		m.ended(p, p.Seconds)
		return
	}
	was := m.runs[p.Connection]
	if was.run != p.Run {
		was = progress{run: p.Run}
	}
	for _, c := range []struct {
		counter   adder
		now, then int64
	}{
		{m.deals.WithLabelValues(p.Connection), p.DealsRead, was.tally.DealsRead},
		{m.judged.WithLabelValues(p.Connection), p.Judged, was.tally.Judged},
		{m.fields.WithLabelValues(p.Connection), p.FieldsWritten, was.tally.FieldsWritten},
		{m.records.WithLabelValues(p.Connection), p.RecordsWritten, was.tally.RecordsWritten},
		{m.tasks.WithLabelValues(p.Connection), p.TasksCreated, was.tally.TasksCreated},
		{m.escalations.WithLabelValues(p.Connection), p.Escalations, was.tally.Escalations},
		{m.drift.WithLabelValues(p.Connection), p.Drift, was.tally.Drift},
	} {
		if c.now > c.then {
			c.counter.Add(float64(c.now - c.then))
		}
	}
	was.tally, was.seconds = p.Tally, was.seconds+p.Seconds
	if p.Ended {
		// A run that a fault ended may be gone on with: what it did stays counted.
		m.ended(p, was.seconds)
		was.seconds = 0
	}
	m.runs[p.Connection] = was
}

// ended counts a pass that has ended.
func (m *Metrics) ended(p Pass, seconds float64) {
	kind := label(p.Kind)
	m.passes.WithLabelValues(p.Connection, kind, label(p.Status)).Inc()
	m.duration.WithLabelValues(p.Connection, kind).Observe(seconds)
	if p.Drift > 0 && p.Status == "done" {
		m.driftSweeps.WithLabelValues(p.Connection).Inc()
	}
}

type adder interface{ Add(float64) }
