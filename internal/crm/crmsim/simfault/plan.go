// Package simfault is what the simulated CRMs share in going wrong: which of
// the requests to come meets which fault, and how often each kind has happened.
// What a fault is and does is each simulator's own.
package simfault

import (
	"maps"
	"sync"
)

// Plan holds faults of type F that do mishaps of kind M. The zero value plans
// nothing. It is safe for concurrent use.
type Plan[M ~string, F any] struct {
	mu    sync.Mutex // guards all
	list  []*planned[F]
	fired map[M]int
}

type planned[F any] struct {
	fault      *F
	nth, times int
	met        int // matching requests so far
}

// Add plans a fault from the nth matching request on, times in a row; 0 means
// 1 for both, and below 0 times means all.
func (p *Plan[M, F]) Add(fault *F, nth, times int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if nth == 0 {
		nth = 1
	}
	if times == 0 {
		times = 1
	}
	p.list = append(p.list, &planned[F]{fault: fault, nth: nth, times: times})
}

// Clear cancels every planned fault.
func (p *Plan[M, F]) Clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.list = nil
}

// Next counts a request for every fault that concerns it and returns the first
// planned whose turn it is, nil if it is none's.
func (p *Plan[M, F]) Next(concerns func(*F) bool) *F {
	p.mu.Lock()
	defer p.mu.Unlock()
	var hit *F
	for _, one := range p.list {
		if !concerns(one.fault) {
			continue
		}
		one.met++
		if hit == nil && one.met >= one.nth && (one.times < 0 || one.met < one.nth+one.times) {
			hit = one.fault
		}
	}
	return hit
}

// Fire notes that a mishap has happened.
func (p *Plan[M, F]) Fire(do M) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fired == nil {
		p.fired = map[M]int{}
	}
	p.fired[do]++
}

// Fired tells how often each mishap has happened.
func (p *Plan[M, F]) Fired() map[M]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.fired)
}
