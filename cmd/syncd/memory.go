package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// heapGoal is the memory that the collector may fill before it makes haste.
const heapGoal = 55 << 20

// growth is how much garbage may lie, in percent of what is in use, before the
// collector runs.
const growth = 300

// paceCollector lets garbage grow threefold, up to heapGoal, so that a pass over many
// deals is collected seldom and stays small. Where what is in use comes near
// the goal, the goal moves on: a collector that runs without end helps nobody.
// GOGC and GOMEMLIMIT, where set, stand.
func paceCollector() {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	debug.SetGCPercent(growth)
	debug.SetMemoryLimit(heapGoal)
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	var again func(int)
	again = func(int) { // after every collection
		metrics.Read(live)
		debug.SetMemoryLimit(max(heapGoal, int64(live[0].Value.Uint64())*3/2))
		sentinel := new([16]byte)
		runtime.AddCleanup(sentinel, again, 0)
	}
	again(0)
}
