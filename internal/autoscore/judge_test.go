package autoscore

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/crm"
)

func TestResult(t *testing.T) {
	j := New(Rules{})
	r := j.Score(salesCard(), richDeal(), typed{"1.1": crm.Value("0")}.cell, at())
	if r.Card != "sales-to-cs" || r.Version != "test" || len(r.Items) != 20 || r.Items[0].ID != "1.1" || r.Item("9.9") != nil {
		t.Errorf("card %s version %s, %d items", r.Card, r.Version, len(r.Items))
	}
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var back Result
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, back); diff != "" {
		t.Errorf("a result does not survive JSON:\n%s", diff)
	}
	if strings.Count(string(data), `"score":0`) == 0 || strings.Contains(string(data), `"score":-1`) {
		t.Error("a score of 0 is to be written, and none where there is no score")
	}
}

// The zero rules name no region: only numbers with a country code count.
func TestZeroRules(t *testing.T) {
	d := richDeal()
	d.Contacts[0].Phone = crm.Value("030 901820")
	j := New(Rules{Domains: []string{" @Seller.Example.net. ", ""}})
	d.Contacts[1].Email = crm.Value("r@seller.example.net")
	r := j.Score(salesCard(), d, nil, at())
	got := said(r.Item("5.1").Evidence)
	if !strings.Contains(got, "champion is not a valid number") || !strings.Contains(got, "own domain") {
		t.Errorf("evidence: %s", got)
	}
}

func TestAskPickEndsWithAScore(t *testing.T) {
	j := New(Rules{})
	d := richDeal()
	d.Fields.Set("evidence.4.2", crm.Value("none"))
	if r := j.Score(salesCard(), d, nil, at()); len(r.Flags) != 1 || r.Flags[0] != "ask_pick:4.2" {
		t.Errorf("flags %v", r.Flags)
	}
	if r := j.Score(salesCard(), d, typed{"4.2": crm.Value("2")}.cell, at()); len(r.Flags) != 0 {
		t.Errorf("a scored item still asks: %v", r.Flags)
	}
}

func TestWarnings(t *testing.T) {
	j := New(Rules{})
	d := richDeal()
	d.Fields.Set("arr", crm.Cell{})
	d.WonAt.Imprecise = true
	r := j.Score(salesCard(), d, nil, at())
	if len(r.Warnings) != 2 || r.Warnings[0].Code != "won_day_only" || r.Warnings[1].Code != "dropped" {
		t.Errorf("warnings %v", r.Warnings)
	}
}

func TestJudgeIsSafeForConcurrentUse(t *testing.T) {
	j := New(testRules(t))
	want := j.Score(salesCard(), richDeal(), nil, at())
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 50 {
				d := richDeal()
				d.Fields.Set("evidence.3.4", crm.Value(fmt.Sprintf("Security review takes %d weeks.", w*100+i)))
				if got := j.Score(salesCard(), d, nil, at()); got.Floor != want.Floor || got.Ceiling != want.Ceiling {
					t.Errorf("%d-%d, want %d-%d", got.Floor, got.Ceiling, want.Floor, want.Ceiling)
				}
			}
		})
	}
	wg.Wait()
}

func TestMemoIsBounded(t *testing.T) {
	m := newMemo[int]()
	m.entries, m.size = 10, 1000
	finds := 0
	find := func(s string) int { finds++; return len(s) }
	for i := range 500 {
		if got := m.get(fmt.Sprint("text ", i), find); got != len(fmt.Sprint("text ", i)) {
			t.Fatalf("text %d: %d", i, got)
		}
		if m.get("kept", find); i%4 == 0 && len(m.young)+len(m.old) > 20 {
			t.Fatalf("%d entries", len(m.young)+len(m.old))
		}
	}
	if finds != 501 {
		t.Errorf("%d texts were studied, want 501: what is in use must stay", finds)
	}
	for i := range 50 {
		m.get(strings.Repeat("x", 300)+fmt.Sprint(i), find)
		if m.bytes > m.size {
			t.Fatalf("%d bytes", m.bytes)
		}
	}
	long := strings.Repeat("y", memoText+1)
	finds = 0
	m.get(long, find)
	m.get(long, find)
	if finds != 2 {
		t.Errorf("a text of %d bytes was kept", len(long))
	}
}

func TestDay(t *testing.T) {
	j := New(Rules{Zone: berlin(t)})
	one := j.day(crm.Value("0001-01-01"))
	if one != 1 {
		t.Errorf("the first day is %d", one)
	}
	if a, b := j.day(crm.Value("2028-02-29")), j.day(crm.Value("2028-03-01")); b != a+1 {
		t.Errorf("29 February and 1 March are %d days apart", b-a)
	}
	if a, b := j.day(crm.Value("2026-11-10T23:30:00.000Z")), j.day(crm.Value("2026-11-11")); a != b {
		t.Error("half past midnight in Berlin belongs to the next day")
	}
	for _, s := range []string{"", "soon", "2026-13-01", "10/11/2026", "2026-11-10 08:00"} {
		if d := j.day(crm.Value(s)); d != 0 {
			t.Errorf("day(%q) = %d", s, d)
		}
	}
	if !j.instant(crm.Cell{}).IsZero() || !j.instant(crm.Value("soon")).IsZero() {
		t.Error("an instant out of nothing")
	}
	want := time.Date(2026, 11, 10, 22, 59, 59, 999e6, time.UTC)
	if got := j.instant(crm.Value("2026-11-10")); !got.Equal(want) {
		t.Errorf("a date is the end of its day: %v", got)
	}
}

func BenchmarkScore(b *testing.B) {
	j := New(testRules(b))
	card, d := salesCard(), richDeal()
	entered := typed{"1.1": crm.Value("2"), "4.2": crm.Value("1")}.cell
	j.Score(card, d, entered, at())
	b.ReportAllocs()
	for b.Loop() {
		j.Score(card, d, entered, at())
	}
}

// BenchmarkScoreCold judges texts that no pass has seen before.
func BenchmarkScoreCold(b *testing.B) {
	j := New(testRules(b))
	card, d := salesCard(), richDeal()
	ids := []string{"1.1", "1.2", "1.3", "1.4", "1.5", "3.1", "3.2", "3.4", "4.1", "4.2", "4.3", "4.4"}
	texts := map[string]string{}
	for _, id := range ids {
		texts[id] = d.Fields.Get("evidence." + id).Text
	}
	n := 0
	judge := func() {
		n++
		for _, id := range ids {
			d.Fields.Set("evidence."+id, crm.Value(fmt.Sprint(texts[id], n)))
		}
		for i := range d.Contacts {
			d.Contacts[i].Email = crm.Value(fmt.Sprintf("p%d.%d@millbrook.example.com", i, n))
			d.Contacts[i].Phone = crm.Value(fmt.Sprintf("+44 20 79%02d %04d", i+10, n%10000))
		}
		j.Score(card, d, nil, at())
	}
	// A thousand deals an operation: memos make room for hundreds of texts at once.
	judge() // what is worked out once for all
	b.ReportAllocs()
	for b.Loop() {
		for range 1000 {
			judge()
		}
	}
}
