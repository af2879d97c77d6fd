package soak

import (
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/handoffscore/syncd/internal/crm/crmsim/hssim"
	"github.com/handoffscore/syncd/internal/crm/crmsim/sfsim"
)

// Every mishap of the simulators, but those that last. A refusal of what is read of the
// schema is believed until the program is started anew, or for minutes: those
// come shortly before that.
var (
	hubspotMishaps = []hssim.Mishap{
		hssim.ExpiredToken, hssim.Locked, hssim.TenSecondly, hssim.Secondly, hssim.Daily, hssim.Migrating, hssim.ServerError, hssim.BadGateway,
		hssim.Unavailable, hssim.GatewayTimeout, hssim.HTMLPage, hssim.ResetBeforeCommit, hssim.ResetAfterCommit, hssim.TimeoutAfter,
		hssim.TruncatedJSON, hssim.TruncatedBody, hssim.SlowBody, hssim.EmptyAnswer, hssim.RefuseRecords, hssim.Meanwhile,
	}
	hubspotLasting = []hssim.Mishap{hssim.NoScope, hssim.HugeBody}

	salesforceMishaps = []sfsim.Mishap{
		sfsim.KillSession, sfsim.NotForREST, sfsim.DailyLimit, sfsim.ConcurrentLimit, sfsim.QueryTimeout, sfsim.ServerError, sfsim.ServerErrorHTML,
		sfsim.BadGateway, sfsim.Unavailable, sfsim.Busy, sfsim.HTMLPage, sfsim.ResetBeforeCommit, sfsim.ResetAfterCommit, sfsim.HangAfter,
		sfsim.TruncatedJSON, sfsim.TruncatedBody, sfsim.SlowBody, sfsim.EmptyAnswer, sfsim.RefuseRecords, sfsim.Meanwhile,
	}
	salesforceLasting = []sfsim.Mishap{sfsim.EmptyArray, sfsim.URITooLong, sfsim.HeadersTooLarge, sfsim.HugeBody}
)

// mishap plans the next fault of a site: every kind in turn, on a write, on a
// kind of request that has been seen, or on any.
// In the second half, late, what has not been seen yet comes first. One of the
// lasting is planned alone: others would use it up.
func (at *site) mishap(rng *rand.Rand, n int, lasting, late bool, wait time.Duration) {
	on, write := "", "batch_update deals"
	if at.SF != nil {
		write = "collections update Opportunity"
	}
	switch kinds := slices.Sorted(maps.Keys(at.Calls())); rng.IntN(3) {
	case 0:
		on = kinds[rng.IntN(len(kinds))]
	case 1:
		on = write
	}
	nth, times := 1+rng.IntN(4), 1
	if on == write {
		nth = 1 // there are few
	}
	if rng.IntN(5) == 0 {
		times = 2 + rng.IntN(4)
	}
	ids := at.recent(1 + rng.IntN(4))
	if at.HS != nil {
		do := hubspotMishaps[n%len(hubspotMishaps)]
		if left := unseen(hubspotMishaps, at.fired()); late && len(left) > 0 {
			do, on, nth = left[n%len(left)], []string{"", write}[rng.IntN(2)], 1
		}
		f := hssim.Fault{Do: do, On: on, Nth: nth, Times: times, RetryAfter: "1", Wait: wait, IDs: ids}
		if lasting && len(at.worst()) > 0 {
			at.ClearFaults()
			f.Do, f.On, f.Nth, f.Times = hssim.Mishap(at.worst()[0]), "", 1, 3
		}
		switch f.Do {
		case hssim.RefuseRecords: // of the write, or of a reading
			f.On, f.Nth, f.Times = []string{write, write, "batch_read deals", "associations_batch_read deals/contacts"}[rng.IntN(4)], 1, 3
		case hssim.Meanwhile:
			f.Act, f.Times = at.act, 1
		case hssim.HugeBody:
			f.Times = 2
		}
		at.HS.AddFault(f)
		return
	}
	do := salesforceMishaps[n%len(salesforceMishaps)]
	if left := unseen(salesforceMishaps, at.fired()); late && len(left) > 0 {
		do, on, nth = left[n%len(left)], []string{"", write}[rng.IntN(2)], 1
	}
	f := sfsim.Fault{Do: do, On: on, Nth: nth, Times: times, Wait: wait, IDs: ids}
	if lasting && len(at.worst()) > 0 {
		at.ClearFaults()
		f.Do, f.On, f.Nth, f.Times = sfsim.Mishap(at.worst()[0]), "", 1, 3
	}
	switch f.Do {
	case sfsim.RefuseRecords:
		f.On, f.Nth, f.Times = write, 1, 3
		if rng.IntN(2) == 0 {
			f.Code, f.Message = "FIELD_CUSTOM_VALIDATION_EXCEPTION", "Only the board may change this record"
		}
		if rng.IntN(3) == 0 {
			f.IDs = nil // all of them
		}
	case sfsim.QueryTimeout:
		f.On = []string{"query", "queryAll", "queryMore"}[rng.IntN(3)]
	case sfsim.Meanwhile: // nobody can act inside a request that holds others
		f.Act, f.Times, f.On = at.act, 1, []string{"composite", "versions", write}[rng.IntN(3)]
	case sfsim.HugeBody:
		f.Times = 2
	}
	at.SF.AddFault(f)
}

// unseen are those of some mishaps that have not happened.
func unseen[M ~string](all []M, fired map[string]int) []M {
	return slices.DeleteFunc(slices.Clone(all), func(do M) bool { return fired[string(do)] > 0 })
}

// fired counts the mishaps that have happened, by what they are.
func (at *site) fired() map[string]int {
	n := map[string]int{}
	if at.HS != nil {
		for do, k := range at.HS.Fired() {
			n[string(do)] = k
		}
		return n
	}
	for do, k := range at.SF.Fired() {
		n[string(do)] = k
	}
	return n
}

// unmet are the mishaps that have not happened.
func (at *site) unmet() []string {
	if at.HS != nil {
		return texts(unseen(slices.Concat(hubspotMishaps, hubspotLasting), at.fired()))
	}
	return texts(unseen(slices.Concat(salesforceMishaps, salesforceLasting), at.fired()))
}

// worst are those of the unmet that last.
func (at *site) worst() []string {
	if at.HS != nil {
		return texts(unseen(hubspotLasting, at.fired()))
	}
	return texts(unseen(salesforceLasting, at.fired()))
}

func texts[M ~string](list []M) []string {
	var all []string
	for _, m := range list {
		all = append(all, string(m))
	}
	return all
}
