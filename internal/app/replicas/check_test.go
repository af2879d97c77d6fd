package replicas

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/app/apptest"
)

// checkOneAtATime: every request of a CRM, from its arrival to its answer, lies
// in one term of the lease, and the term is its sender's. So no two replicas
// work a connection at once, and none after its term.
func (f *fleet) checkOneAtATime() {
	f.t.Helper()
	terms := f.terms()
	holders := map[*org]map[string]bool{}
	for _, v := range f.visits() {
		if holders[v.org] == nil {
			holders[v.org] = map[string]bool{}
		}
		holders[v.org][v.replica.name] = true
		before, after := at(terms[v.org.name], v.from), at(terms[v.org.name], v.to)
		if before.holder != v.replica.holder || after != before {
			f.t.Errorf("%s: %s of %s (%s), %v to %v, is in the term of %q, epoch %d, from %v, and ended in that of %q, epoch %d, from %v", v.org.name, v.call,
				v.replica.name, v.replica.holder, v.from, v.to, before.holder, before.epoch, before.from, after.holder, after.epoch, after.from)
		}
	}
	shared := 0
	for _, h := range holders {
		if len(h) > 1 {
			shared++
		}
	}
	f.t.Logf("%d of %d connections were worked by more than one replica", shared, len(f.orgs))
	if shared*2 < len(f.orgs) {
		f.t.Errorf("only %d of %d connections were worked by more than one replica: nothing is shown", shared, len(f.orgs))
	}
}

// at is the term that a moment lies in.
func at(terms []term, t time.Time) term {
	n, _ := slices.BinarySearchFunc(terms, t, func(x term, t time.Time) int {
		if x.from.After(t) {
			return 1
		}
		return -1
	})
	if n == 0 {
		return term{}
	}
	return terms[n-1]
}

// checkWrittenOnce: no record was written with nothing but what it showed.
func (f *fleet) checkWrittenOnce() {
	f.t.Helper()
	shown := map[string]map[string]string{}
	sent, by := map[*org]int{}, map[string]int{}
	for _, v := range f.visits() {
		if !v.write || v.status == 0 {
			continue
		}
		records, err := v.records()
		if err != nil || v.status >= 300 {
			f.t.Fatalf("%s: %s: status %d, %v", v.org.name, v.call, v.status, err)
		}
		for id, fields := range records {
			sent[v.org]++
			by[v.replica.name]++
			key, news := v.org.name+"/"+id, false
			if shown[key] == nil {
				shown[key] = map[string]string{}
			}
			for name, value := range fields {
				if !apptest.IsStamp(name) && shown[key][name] != value {
					news = true
				}
				shown[key][name] = value
			}
			if !news {
				f.t.Errorf("%s: %s wrote deal %s with what was there, %d fields", v.org.name, v.replica.name, id, len(fields))
			}
		}
	}
	total := 0
	for _, o := range f.orgs {
		total += sent[o]
		if n := o.DealsWritten(); n != sent[o] || n == 0 {
			f.t.Errorf("%s counted %d records written, its front doors %d", o.name, n, sent[o])
		}
	}
	f.t.Logf("%d records written by %d replicas", total, len(by))
}

// checkStore: nobody but the holder of the lease changed a row, and nothing is
// left half done.
func (f *fleet) checkStore() {
	f.t.Helper()
	if n := f.number(`SELECT COUNT(*) FROM test_strays`); n != 0 {
		f.t.Errorf("%d rows were changed by a process that did not hold the lease", n)
	}
	for _, status := range []string{"planned", "sent", "unknown", "rejected"} {
		if n := f.number(`SELECT COUNT(*) FROM intents WHERE status = $1`, status); n != 0 {
			f.t.Errorf("%d intents are left %s", n, status)
		}
	}
	if n := f.number(`SELECT COUNT(*) FROM runs r WHERE status = 'running' AND EXISTS (
		SELECT 1 FROM runs n WHERE n.connection = r.connection AND n.started > r.started)`); n != 0 {
		f.t.Errorf("%d runs were left running and others begun", n)
	}
}

// own are syncd's own fields of every deal, times apart.
func own(t *testing.T, r *apptest.Rig) map[string]map[string]string {
	t.Helper()
	all := map[string]map[string]string{}
	for i := range r.World.Deals {
		fields := r.Own(t, r.Deal(i))
		for name := range fields {
			if strings.HasSuffix(name, "_at") {
				delete(fields, name)
			}
		}
		all[r.Deal(i)] = fields
	}
	return all
}

// checkEnd: every deal shows what it shows after passes of one process that
// nothing happened to.
func (f *fleet) checkEnd(edits []edit, end time.Time) {
	f.t.Helper()
	for n, o := range f.orgs {
		r := undisturbed(f.t, n, o, edits, end)
		if d := cmp.Diff(own(f.t, r), own(f.t, o.Rig)); d != "" {
			f.t.Errorf("%s (-undisturbed +replicas):\n%s", o.name, d)
		}
		r.Close(f.t)
	}
}
