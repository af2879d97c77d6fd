package writeback_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/store"
	"github.com/handoffscore/syncd/internal/writeback"
)

// shelf is a CRM of records of attempts. Unless a test scripts it, it takes all.
type shelf struct {
	records map[string]crm.Attempt
	log     []string
	// onPut, if set, answers the nth sending in the CRM's place.
	onPut  func(n int, list []crm.Attempt) ([]crm.Outcome, error)
	onFind error
	puts   int
}

func (s *shelf) AttemptBatch() int { return 2 }

func (s *shelf) PutAttempts(_ context.Context, list []crm.Attempt) ([]crm.Outcome, error) {
	s.puts++
	s.log = append(s.log, "put "+names(list))
	if s.onPut != nil {
		return s.onPut(s.puts, list)
	}
	return s.take(list), nil
}

// take puts records on the shelf.
func (s *shelf) take(list []crm.Attempt) []crm.Outcome {
	out := make([]crm.Outcome, len(list))
	for i, a := range list {
		out[i] = crm.Outcome{ID: a.Deal, Status: crm.Confirmed}
		if _, there := s.records[a.Key]; !there || !a.Once {
			a.Once = false
			s.records[a.Key] = a
		}
	}
	return out
}

func (s *shelf) FindAttempts(_ context.Context, keys []string) (map[string]crm.Attempt, error) {
	s.log = append(s.log, "find "+strings.Join(keys, " "))
	if s.onFind != nil {
		return nil, s.onFind
	}
	found := map[string]crm.Attempt{}
	for _, key := range keys {
		if a, ok := s.records[key]; ok {
			found[key] = a
		}
	}
	return found, nil
}

func names(list []crm.Attempt) string {
	keys := make([]string, len(list))
	for i := range list {
		keys[i] = list[i].Key
	}
	return strings.Join(keys, " ")
}

// archive is a rig with a shelf.
type archive struct {
	*rig
	shelf *shelf
}

func newArchive(t *testing.T, list ...crm.Attempt) *archive {
	t.Helper()
	a := &archive{newRig(t), &shelf{records: map[string]crm.Attempt{}}}
	a.w.Log = zap.NewNop()
	a.plans(t, list...)
	return a
}

func (a *archive) plans(t *testing.T, list ...crm.Attempt) {
	t.Helper()
	s := store.Slice{Run: store.Run{ID: "r1", Connection: "org", Phase: "apply", Status: store.RunRunning, WindowTo: now}, Attempts: list}
	for _, r := range list {
		s.Read = append(s.Read, string(r.Deal))
	}
	a.commit(t, s)
}

func (a *archive) put(t *testing.T, at time.Time) (writeback.AttemptTally, error) {
	t.Helper()
	target := a.target()
	target.Attempts = a.shelf
	tally, done, err := a.w.Attempts(t.Context(), target, a.lease, at, time.Now().Add(time.Hour))
	if done != (err == nil) {
		t.Errorf("done %v with %v", done, err)
	}
	return tally, err
}

// wants compares what was sent and asked, and what stands.
func (a *archive) wants(t *testing.T, log []string, scores map[string]int) {
	t.Helper()
	if d := cmp.Diff(log, a.shelf.log); d != "" {
		t.Errorf("asked of the CRM (-want +got):\n%s", d)
	}
	have := map[string]int{}
	for key, r := range a.shelf.records {
		have[key] = r.Score
	}
	if d := cmp.Diff(scores, have); d != "" {
		t.Errorf("records (-want +got):\n%s", d)
	}
}

func attempt(deal string, score int) crm.Attempt {
	return crm.Attempt{Key: deal + "/c/1", Deal: crm.DealID(deal), Scorecard: "c", Number: 1, Score: score, OutOf: 40, Band: "Good", FinalAt: now}
}

func TestRecordsOfAttemptsAreWrittenOnce(t *testing.T) {
	a := newArchive(t, attempt("d1", 1), attempt("d2", 2), attempt("d3", 3))
	tally, err := a.put(t, now)
	if err != nil || tally != (writeback.AttemptTally{Written: 3}) {
		t.Errorf("%+v, %v", tally, err)
	}
	if tally, err = a.put(t, now); err != nil || tally != (writeback.AttemptTally{}) {
		t.Errorf("a second time: %+v, %v", tally, err)
	}
	a.plans(t, attempt("d1", 1), attempt("d2", 7)) // one is corrected
	if tally, err = a.put(t, now); err != nil || tally != (writeback.AttemptTally{Written: 1}) {
		t.Errorf("after a correction: %+v, %v", tally, err)
	}
	a.wants(t, []string{"put d1/c/1 d2/c/1", "put d3/c/1", "put d2/c/1"}, map[string]int{"d1/c/1": 1, "d2/c/1": 7, "d3/c/1": 3})
}

// No answer came: what stands in the CRM decides whether it is sent again, and
// never in the same pass.
func TestALostAnswerAboutRecordsIsLookedFor(t *testing.T) {
	lost := &crm.Error{Op: "shelf", Kind: crm.Unavailable, Err: errors.New("reset")}
	for _, c := range []struct {
		name    string
		arrived int // of the two
		log     []string
	}{
		{"none arrived", 0, []string{"put d1/c/1 d2/c/1", "find d1/c/1 d2/c/1", "put d1/c/1 d2/c/1"}},
		{"one arrived", 1, []string{"put d1/c/1 d2/c/1", "find d1/c/1 d2/c/1", "put d2/c/1"}},
		{"all arrived", 2, []string{"put d1/c/1 d2/c/1", "find d1/c/1 d2/c/1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := newArchive(t, attempt("d1", 1), attempt("d2", 2))
			a.shelf.onPut = func(n int, list []crm.Attempt) ([]crm.Outcome, error) {
				if n > 1 {
					return a.shelf.take(list), nil
				}
				a.shelf.take(list[:c.arrived])
				return []crm.Outcome{{Status: crm.Unknown}, {Status: crm.Unknown}}, lost
			}
			tally, err := a.put(t, now)
			if !errors.Is(err, lost) || tally.Written != int64(c.arrived) {
				t.Errorf("first: %+v, %v", tally, err)
			}
			if tally, err = a.put(t, now); err != nil || tally.Written != int64(2-c.arrived) || tally.Owed != 0 {
				t.Errorf("second: %+v, %v", tally, err)
			}
			a.wants(t, c.log, map[string]int{"d1/c/1": 1, "d2/c/1": 2})
		})
	}
	t.Run("and the CRM cannot be asked", func(t *testing.T) {
		a := newArchive(t, attempt("d1", 1))
		a.shelf.onPut = func(_ int, list []crm.Attempt) ([]crm.Outcome, error) {
			a.shelf.take(list)
			return nil, lost // nor one outcome a record
		}
		a.shelf.onFind = lost
		for range 2 {
			if tally, err := a.put(t, now); err == nil || tally != (writeback.AttemptTally{}) {
				t.Errorf("%+v, %v", tally, err)
			}
		}
		a.shelf.onFind = nil
		if tally, err := a.put(t, now); err != nil || tally != (writeback.AttemptTally{Written: 1}) {
			t.Errorf("%+v, %v", tally, err)
		}
		a.wants(t, []string{"put d1/c/1", "find d1/c/1", "find d1/c/1", "find d1/c/1"}, map[string]int{"d1/c/1": 1})
	})
}

// A process dies between sending and noting it: the next one looks first.
func TestRecordsOfAProcessThatDiedAreLookedFor(t *testing.T) {
	a := newArchive(t, attempt("d1", 1), attempt("d2", 2))
	if err := a.store.AttemptsSent(t.Context(), a.lease, []string{"d1/c/1", "d2/c/1"}, now); err != nil {
		t.Fatal(err)
	}
	a.shelf.take([]crm.Attempt{attempt("d2", 2)})
	tally, err := a.put(t, now)
	if err != nil || tally != (writeback.AttemptTally{Written: 2}) {
		t.Errorf("%+v, %v", tally, err)
	}
	a.wants(t, []string{"find d1/c/1 d2/c/1", "put d1/c/1"}, map[string]int{"d1/c/1": 1, "d2/c/1": 2})

	a = newArchive(t, attempt("d1", 7)) // a correction was on its way
	if err := a.store.AttemptsSent(t.Context(), a.lease, []string{"d1/c/1"}, now); err != nil {
		t.Fatal(err)
	}
	a.shelf.take([]crm.Attempt{attempt("d1", 2)})
	if _, err := a.put(t, now); err != nil {
		t.Error(err)
	}
	a.wants(t, []string{"find d1/c/1", "put d1/c/1"}, map[string]int{"d1/c/1": 7})
}

func TestWhatTheCRMSaysOfRecords(t *testing.T) {
	for _, c := range []struct {
		name    string
		out     crm.Outcome
		err     error
		tally   writeback.AttemptTally
		wrong   bool
		after   time.Duration // when it is sent once more; 0 never
		refused int
	}{
		{"locked", crm.Outcome{Status: crm.Rejected, Class: crm.ClassLocked, Message: "row"}, nil, writeback.AttemptTally{Rejected: 1, Owed: 1}, false, time.Minute, 1},
		{"a rule", crm.Outcome{Status: crm.Rejected, Class: crm.ClassValidation, Message: "no"}, nil, writeback.AttemptTally{Rejected: 1, Owed: 1}, false, 6 * time.Hour, 1},
		{"the deal is gone", crm.Outcome{Status: crm.Rejected, Class: crm.ClassGone}, nil, writeback.AttemptTally{}, false, 0, 0},
		{"no such object", crm.Outcome{Status: crm.NotSent}, &crm.Error{Kind: crm.Permission, Err: errors.New("no object")}, writeback.AttemptTally{Owed: 1}, false, time.Nanosecond, 0},
		{"the day is used up", crm.Outcome{Status: crm.NotSent}, &crm.Error{Kind: crm.Quota, Err: errors.New("limit")}, writeback.AttemptTally{}, true, time.Nanosecond, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := newArchive(t, attempt("d1", 1))
			a.shelf.onPut = func(n int, list []crm.Attempt) ([]crm.Outcome, error) {
				if n > 1 {
					return a.shelf.take(list), nil
				}
				return []crm.Outcome{c.out}, c.err
			}
			tally, err := a.put(t, now)
			if tally != c.tally || (err != nil) != c.wrong {
				t.Errorf("%+v, %v", tally, err)
			}
			refused, err := a.store.AttemptsRefused(t.Context(), "org", "r1")
			if err != nil || len(refused) != c.refused {
				t.Errorf("refused: %v, %v", refused, err)
			}
			sent := func(at time.Time, want int) {
				t.Helper()
				if _, err := a.put(t, at); err != nil || a.shelf.puts != want {
					t.Errorf("%s later: sent %d times, not %d; %v", at.Sub(now), a.shelf.puts, want, err)
				}
			}
			if c.after > time.Second {
				sent(now.Add(c.after-time.Second), 1)
			}
			want := 2
			if c.after == 0 {
				want = 1
			}
			sent(now.Add(c.after), want)
		})
	}
}

// What is made once is left as it stands, and counts as told.
func TestARecordOfARebuiltAttemptGivesWay(t *testing.T) {
	once := attempt("d1", 5)
	once.Once = true
	a := newArchive(t, once)
	a.shelf.take([]crm.Attempt{attempt("d1", 9)})
	if tally, err := a.put(t, now); err != nil || tally != (writeback.AttemptTally{Written: 1}) {
		t.Errorf("%+v, %v", tally, err)
	}
	a.wants(t, []string{"put d1/c/1"}, map[string]int{"d1/c/1": 9})
}

func TestRecordsWaitForTheNextSlice(t *testing.T) {
	var list []crm.Attempt
	for i := range 5 {
		list = append(list, attempt(fmt.Sprintf("d%d", i), i))
	}
	a := newArchive(t, list...)
	target := a.target()
	if tally, done, err := a.w.Attempts(t.Context(), target, a.lease, now, now); err != nil || !done || tally.Owed != 0 {
		t.Errorf("nobody keeps them: %+v, %v, %v", tally, done, err)
	}
	target.Attempts = a.shelf
	for slice, want := range []bool{false, false, false, true} { // two, two, one, and none left
		tally, done, err := a.w.Attempts(t.Context(), target, a.lease, now, time.Now().Add(-time.Second))
		if err != nil || done != want {
			t.Errorf("slice %d: %+v, %v, %v", slice, tally, done, err)
		}
	}
	if len(a.shelf.records) != 5 || a.shelf.puts != 3 {
		t.Errorf("%d records by %d calls", len(a.shelf.records), a.shelf.puts)
	}
}
