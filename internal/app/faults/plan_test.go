package faults_test

import (
	"time"

	"github.com/handoffscore/syncd/internal/app/apptest"
	"github.com/handoffscore/syncd/internal/crm/crmsim/hssim"
	"github.com/handoffscore/syncd/internal/crm/crmsim/sfsim"
)

// call is a kind of request that a pass makes.
type call struct {
	kind   string // as the simulator names it
	inside bool   // it travels inside another
	times  int    // in the pass without fault
	// at is which request of its kind it is, and of what, where not all of them
	// are alike; 0 means that they are.
	at    int
	what  string
	place int // of a question: where the one that suffers stands among all of its kind
}

func (c call) String() string {
	if c.at > 0 {
		return c.kind + " of " + c.what
	}
	if c.inside {
		return "composite: " + c.kind
	}
	return c.kind
}

// nth is the request that suffers, among all of its kind.
func (c call) nth() int {
	if c.place > 0 {
		return c.place
	}
	return c.alone()
}

// alone is the same among those that stand by themselves: one in the middle, so
// that something has been done before it and something is left.
func (c call) alone() int {
	if c.at > 0 {
		return c.at
	}
	return c.times/2 + 1
}

// mishap is one thing that can go wrong.
type mishap struct {
	name string
	// applies tells which calls it can happen to; nil means all that stand by
	// themselves.
	applies func(call) bool
	// options the CRM must have for it.
	hubspot hssim.Options
	hs      hssim.Fault
	sf      sfsim.Fault
	// ids are the records concerned, of a mishap that concerns records.
	ids func(*scene, call) []string
	// act is what people do meanwhile; what becomes of these deals is not compared.
	act func(*scene) (touched []int)
	// wait is how long it is until the next pass; 0 means a minute.
	wait time.Duration
	// restart: what was refused is believed for up to an hour, but not by the
	// next run of the program.
	restart bool
	// lasts: it goes on until the pass is over.
	lasts bool
}

// short is how long a body or a silence takes.
const short = 300 * time.Millisecond

// mishaps are all that a CRM's calls can meet.
func mishaps(crm string) []mishap {
	people := []mishap{
		{name: "a deal is deleted", applies: signed, act: deleteDeal},
		{name: "contacts are merged", applies: signed, act: mergeContacts},
		{name: "a deal to ask about is deleted", applies: is(tasksMade...), act: deleteAsked, wait: refusedWait},
		{name: "a task is completed", applies: is(tasksClosed...), act: finishTask},
		{name: "a task is deleted", applies: is(tasksClosed...), act: removeTask},
	}
	if crm == apptest.HubSpot {
		return append(append(hubspot(), people...),
			mishap{name: "deals are merged", applies: signed, act: mergeDeals},
			mishap{name: "a deal to ask about is merged", applies: is(tasksMade...), act: mergeAsked, wait: refusedWait},
		)
	}
	return append(salesforce(), people...)
}

func hubspot() []mishap {
	var all []mishap
	for _, do := range []hssim.Mishap{
		hssim.ResetBeforeCommit, hssim.ResetAfterCommit, hssim.TimeoutAfter, hssim.ServerError, hssim.BadGateway, hssim.Unavailable,
		hssim.GatewayTimeout, hssim.HTMLPage, hssim.TruncatedJSON, hssim.TruncatedBody, hssim.SlowBody, hssim.EmptyAnswer,
	} {
		all = append(all, mishap{name: string(do), hs: hssim.Fault{Do: do, Wait: short}})
	}
	for _, do := range []hssim.Mishap{
		hssim.ExpiredToken, hssim.Locked, hssim.TenSecondly, hssim.Secondly, hssim.Daily, hssim.Migrating,
	} {
		all = append(all, mishap{name: string(do), applies: signed, hs: hssim.Fault{Do: do, RetryAfter: "1"}})
	}
	tasks := is(append([]string{"batch_read tasks"}, append(tasksMade, tasksClosed...)...)...)
	scope := mishap{name: string(hssim.NoScope), hs: hssim.Fault{Do: hssim.NoScope}, restart: true}
	scope.applies = func(c call) bool { return signed(c) && !tasks(c) }
	all = append(all, scope)
	scope.applies, scope.wait = tasks, refusedWait // tasks wait for their next try, records need not
	all = append(all, scope)
	refuse := hssim.Fault{Do: hssim.RefuseRecords, Message: "Only the board may change this record"}
	return append(all,
		mishap{name: "validation rule, 400", applies: is("batch_update deals"), hs: refuse, ids: oneWritten, wait: refusedWait, lasts: true},
		mishap{name: "validation rule, 207", applies: is("batch_update deals"), hs: refuse, ids: oneWritten, wait: refusedWait, lasts: true, hubspot: hssim.Options{ValidationAs207: true}},
		mishap{name: "a task may not be closed", applies: is(tasksClosed...), hs: refuse, ids: oneClosed, wait: refusedWait, lasts: true},
		mishap{name: "a deal is left out", applies: is("batch_read deals", "associations_batch_read deals/contacts", "associations_batch_read deals/notes"), hs: refuse, ids: oneWritten, lasts: true},
	)
}

func salesforce() []mishap {
	var all []mishap
	for _, do := range []sfsim.Mishap{
		sfsim.ResetBeforeCommit, sfsim.ResetAfterCommit, sfsim.HangAfter, sfsim.ServerErrorHTML, sfsim.BadGateway, sfsim.Unavailable,
		sfsim.HTMLPage, sfsim.TruncatedJSON, sfsim.TruncatedBody, sfsim.SlowBody, sfsim.EmptyAnswer,
	} {
		all = append(all, mishap{name: string(do), sf: sfsim.Fault{Do: do, Wait: short}})
	}
	for _, do := range []sfsim.Mishap{
		sfsim.KillSession, sfsim.NotForREST, sfsim.DailyLimit, sfsim.ConcurrentLimit, sfsim.ServerError, sfsim.Busy, sfsim.EmptyArray,
	} {
		// The last five are also what one answer inside a composite may say.
		m := mishap{name: string(do), applies: func(c call) bool { return signed(c) || c.inside }, sf: sfsim.Fault{Do: do}, restart: do == sfsim.EmptyArray}
		if do == sfsim.DailyLimit {
			m.wait = quotaWait
		}
		all = append(all, m)
	}
	refuse := func(code, message string) sfsim.Fault {
		return sfsim.Fault{Do: sfsim.RefuseRecords, Code: code, Message: message}
	}
	return append(all,
		mishap{name: string(sfsim.QueryTimeout), applies: asks, sf: sfsim.Fault{Do: sfsim.QueryTimeout}},
		mishap{name: "locked row", applies: writes, sf: refuse("", ""), ids: oneWritten, wait: 3 * time.Minute, lasts: true},
		mishap{name: "locked rows", applies: writes, sf: refuse("", ""), wait: 3 * time.Minute},
		mishap{
			name: "validation rule", applies: writes, ids: oneWritten, wait: refusedWait, lasts: true,
			sf: refuse("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Only the board may change this record"),
		},
		mishap{name: "locked records of attempts", applies: is(attemptsPut), sf: refuse("", ""), wait: 5 * time.Minute},
		mishap{
			name: "validation rule on attempts", applies: is(attemptsPut), wait: refusedWait, lasts: true,
			sf: refuse("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Only the board may have records"),
		},
		mishap{name: "locked tasks", applies: is(append(tasksMade, tasksClosed...)...), sf: refuse("", ""), wait: 5 * time.Minute},
		mishap{
			name: "validation rule on tasks", applies: is(append(tasksMade, tasksClosed...)...), wait: refusedWait, lasts: true,
			sf: refuse("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Only the board may have tasks"),
		},
	)
}

// refusedWait is longer than a refused record waits for its next try.
const refusedWait = 7 * time.Hour

// quotaWait is longer than a run waits that the day's limit has ended; until
// then passes go on beside it and say that it waits.
const quotaWait = 61 * time.Minute

// plant plans the mishap for one call.
func (m mishap) plant(s *scene, c call) {
	if m.act != nil {
		s.rig.Meanwhile(c.kind, c.alone(), func() { s.touched = m.act(s) })
		return
	}
	var ids []string
	if m.ids != nil {
		ids = m.ids(s, c)
	}
	nth, times := c.nth(), 1
	if m.lasts {
		nth, times = 1, -1
	}
	if s.rig.HS != nil {
		f := m.hs
		f.On, f.Nth, f.Times, f.IDs = c.kind, nth, times, ids
		s.rig.HS.AddFault(f)
		return
	}
	f := m.sf
	f.On, f.Nth, f.Times, f.IDs = c.kind, nth, times, ids
	s.rig.SF.AddFault(f)
}

// meets tells whether the mishap can happen to a call.
func (m mishap) meets(c call) bool {
	if m.applies == nil {
		return !c.inside
	}
	return m.applies(c)
}

// signed are the calls that need a session or token.
func signed(c call) bool {
	switch c.kind {
	case "oauth_token", "versions", "token", "soap login", "identity":
		return false
	}
	return !c.inside
}

// writes are Salesforce's, by themselves or inside a composite.
func writes(c call) bool { return c.kind == writeKind }

// The calls that make tasks and close them.
var (
	tasksMade   = []string{"batch_create tasks", "collections insert Task"}
	tasksClosed = []string{"batch_update tasks", "collections update Task"}
)

// attemptsPut is the call that makes and changes records of attempts.
const attemptsPut = "collections upsert " + apptest.AttemptObject

// asks are queries, by themselves or inside a composite.
func asks(c call) bool {
	return len(c.kind) > 5 && c.kind[:5] == "query"
}

func is(kinds ...string) func(call) bool {
	return func(c call) bool {
		for _, k := range kinds {
			if c.kind == k && !c.inside {
				return true
			}
		}
		return false
	}
}
