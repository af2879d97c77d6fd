// Package bench measures whole passes. A simulated CRM runs as a process of its
// own, syncd as another, and beside it a bare program: the same calls, the same
// answers decoded into structs, the same batches sent, with no store, no
// judging and no care for faults. What syncd costs is told against that, since
// machines differ and ratios do not.
package bench

import "time"

// Case is one thing to measure.
type Case struct {
	CRM     string // "salesforce" or "hubspot"
	Deals   int
	Latency time.Duration // added to every request by the simulator
	Limits  bool          // the simulator refuses as the vendor does
	Alone   bool          // without the bare program
	Rounds  int           // how often it is measured: 1 or more
	// Tasks: syncd asks people by tasks too, for which neither the bare program
	// nor the minimum has calls.
	Tasks bool
	// Composite: syncd writes to Salesforce 1,000 records a call; the bare
	// program and the minimum stay at 200.
	Composite bool
}

// Cost is what one process took.
type Cost struct {
	Wall   float64 `json:"wall_s"`
	CPU    float64 `json:"cpu_s"` // user and system
	PeakMB float64 `json:"peak_rss_mb"`
	Calls  int     `json:"api_calls"`
	Bytes  int64   `json:"bytes"` // of the answers
	// InFlight is the most requests the simulator saw at once.
	InFlight int `json:"max_in_flight"`
}

// Row is one line of the report.
type Row struct {
	CRM       string `json:"crm"`
	Deals     int    `json:"deals"`
	LatencyMS int64  `json:"latency_ms"`
	Limits    bool   `json:"limits"`
	Composite bool   `json:"composite_writes"`
	Tasks     bool   `json:"tasks"`
	Rounds    int    `json:"rounds"` // of which this is the one in the middle
	Cost             // syncd's
	// Fixed calls read schema, labels and owners, whatever the number of deals.
	Fixed   int    `json:"fixed_calls"`
	Minimum int    `json:"minimum_calls"`
	Formula string `json:"minimum"`
	// Floor is the least wall time that latency and the vendor's rate windows
	// allow for these calls, 0 without either.
	Floor float64 `json:"floor_s"`

	Written  int            `json:"records_written"`
	Rows     map[string]int `json:"rows"`     // served, by object
	Requests map[string]int `json:"requests"` // by kind
	Bare     Cost           `json:"bare"`

	CallsRatio float64 `json:"calls_ratio"` // without fixed ones, to the minimum
	CPURatio   float64 `json:"cpu_ratio"`   // to the bare program
	WallRatio  float64 `json:"wall_ratio"`  // to the bare program
	FloorRatio float64 `json:"floor_ratio,omitempty"`
	// Of all rounds, in the order of their ratios of CPU.
	CPURatios  []float64 `json:"cpu_ratios"`
	WallRatios []float64 `json:"wall_ratios"`
}

// Counters are what a simulator was asked for since it began.
type Counters struct {
	Requests map[string]int `json:"requests"`
	Rows     map[string]int `json:"rows"`
	Written  map[string]int `json:"written"`
	InFlight int            `json:"max_in_flight"`
	Bytes    int64          `json:"bytes"`
}

func (c Counters) calls() int {
	n := 0
	for _, k := range c.Requests {
		n += k
	}
	return n
}

// since is what was asked for after before was taken.
func (c Counters) since(before Counters) Counters {
	minus := func(a, b map[string]int) map[string]int {
		out := map[string]int{}
		for k, n := range a {
			if n -= b[k]; n != 0 {
				out[k] = n
			}
		}
		return out
	}
	return Counters{
		Requests: minus(c.Requests, before.Requests), Rows: minus(c.Rows, before.Rows), Written: minus(c.Written, before.Written),
		InFlight: c.InFlight, Bytes: c.Bytes - before.Bytes,
	}
}
