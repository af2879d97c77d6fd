package salesforce

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
)

var day = time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)

// moved fills the org with Opportunities, stamps in seconds after day.
func (o *fakeOrg) moved(stamps ...int) {
	for i, s := range stamps {
		o.tables["Opportunity"] = append(o.tables["Opportunity"], map[string]any{
			"Id": oppID(i), "IsWon": true, "IsDeleted": false, "SystemModstamp": sfTime(day.Add(time.Duration(s) * time.Second)),
		})
	}
}

// collect reads all pages and the places between them.
func collect(t *testing.T, c *Client, w crm.Window, after string) (ids []crm.DealID, places []string) {
	t.Helper()
	for page, err := range c.Changed(context.Background(), w, after) {
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range page.Deals {
			ids = append(ids, m.ID)
		}
		places = append(places, page.Next)
	}
	return ids, places
}

func once(t *testing.T, ids []crm.DealID, want int) {
	t.Helper()
	sorted := slices.Sorted(slices.Values(ids))
	if n := len(slices.Compact(sorted)); n != want || len(ids) != want {
		t.Fatalf("%d deals, %d of them distinct, want %d each once", len(ids), n, want)
	}
}

func TestManyRecordsWithOneStampAreReadOnceEach(t *testing.T) {
	o := newFakeOrg(t)
	o.pageSize = 300
	o.moved(make([]int, 2500)...)
	c := o.client(crm.Setup{})
	ids, places := collect(t, c, crm.Window{From: day, To: day.Add(time.Hour)}, "")
	once(t, ids, 2500)
	if places[len(places)-1] != "" {
		t.Error("the last page has a place to resume from")
	}
	// From any place another run reads exactly the rest.
	rest, _ := collect(t, o.client(crm.Setup{}), crm.Window{From: day, To: day.Add(time.Hour)}, places[3])
	if len(rest) != 2500-4*300 || rest[0] != crm.DealID(oppID(1200)) {
		t.Errorf("resumed with %d deals from %s", len(rest), rest[0])
	}
}

func TestPagesGoOnWhenTheirAddressExpires(t *testing.T) {
	for _, c := range []struct {
		name string
		hurt func(o *fakeOrg)
	}{
		{"the session ends between two pages", func(o *fakeOrg) { o.kill() }},
		{"the org forgets the page", func(o *fakeOrg) {
			o.mu.Lock()
			defer o.mu.Unlock()
			clear(o.cursors)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := newFakeOrg(t)
			o.pageSize = 100
			o.moved(make([]int, 1000)...)
			client := o.client(crm.Setup{})
			var ids []crm.DealID
			n := 0
			for page, err := range client.Changed(context.Background(), crm.Window{From: day}, "") {
				if err != nil {
					t.Fatal(err)
				}
				for _, m := range page.Deals {
					ids = append(ids, m.ID)
				}
				if n++; n%3 == 0 {
					c.hurt(o)
				}
			}
			once(t, ids, 1000)
		})
	}
}

func TestWindowsTileTime(t *testing.T) {
	o := newFakeOrg(t)
	o.moved(0, 59, 60, 61, 119, 120, 3599, 3600)
	c := o.client(crm.Setup{})
	var ids []crm.DealID
	// Bounds between seconds too: the CRM's stamps are whole.
	edges := []time.Duration{0, 60 * time.Second, 61*time.Second + 500*time.Millisecond, 2 * time.Minute, time.Hour}
	for i := range edges[1:] {
		part, _ := collect(t, c, crm.Window{From: day.Add(edges[i]), To: day.Add(edges[i+1])}, "")
		ids = append(ids, part...)
	}
	once(t, ids, 7) // 3600 is not in [0, 3600)
	if slices.Contains(ids, crm.DealID(oppID(7))) {
		t.Error("the end belongs to the next window")
	}
}

func TestRowsOutsideTheWindowAreNotCounted(t *testing.T) {
	o := newFakeOrg(t)
	o.before = func(w http.ResponseWriter, r *http.Request, _ string) bool {
		if !strings.HasSuffix(r.URL.Path, "/queryAll") {
			return false
		}
		send(w, 200, map[string]any{"totalSize": 3, "done": true, "records": []map[string]any{
			{"Id": oppID(1), "SystemModstamp": sfTime(day.Add(-time.Hour))},
			{"Id": oppID(2), "SystemModstamp": sfTime(day)},
			{"Id": oppID(3), "SystemModstamp": sfTime(day.Add(2 * time.Hour))},
		}})
		return true
	}
	ids, _ := collect(t, o.client(crm.Setup{}), crm.Window{From: day, To: day.Add(time.Hour)}, "")
	if len(ids) != 1 || ids[0] != crm.DealID(oppID(2)) {
		t.Errorf("got %v", ids)
	}
}

func TestDeletedDealsAreGoneAndOldOnesAreNotRead(t *testing.T) {
	o := newFakeOrg(t)
	o.moved(10, 20, 30)
	o.tables["Opportunity"][1]["IsDeleted"] = true
	o.tables["Opportunity"][2]["IsWon"] = false
	c := o.client(crm.Setup{Since: day.Add(20 * time.Second)})
	for page, err := range c.Changed(context.Background(), crm.Window{}, "") {
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Deals) != 2 {
			t.Fatalf("got %v", page.Deals)
		}
		if m := page.Deals[0]; !m.Gone || !m.Won || !m.At.Equal(day.Add(20*time.Second)) {
			t.Errorf("deleted deal is %+v", m)
		}
		if m := page.Deals[1]; m.Gone || m.Won {
			t.Errorf("lost deal is %+v", m)
		}
	}
}

func TestAQueryThatTakesTooLongIsAskedInParts(t *testing.T) {
	o := newFakeOrg(t)
	stamps := make([]int, 64)
	for i := range stamps {
		stamps[i] = i * 60
	}
	o.moved(stamps...)
	slow := 0
	o.before = func(w http.ResponseWriter, r *http.Request, _ string) bool {
		q := r.URL.Query().Get("q")
		lo, hi := lowForm.FindStringSubmatch(q), highForm.FindStringSubmatch(q)
		if lo == nil || hi == nil || instant(hi[1]).Sub(instant(lo[1])) <= 20*time.Minute {
			return false
		}
		slow++
		send(w, 400, fail("QUERY_TIMEOUT", "Your query request was running for too long."))
		return true
	}
	w := crm.Window{From: day, To: day.Add(64 * time.Minute)}
	c := o.client(crm.Setup{})
	ids, places := collect(t, c, w, "")
	once(t, ids, 64)
	if slow == 0 {
		t.Fatal("no query timed out")
	}
	rest, _ := collect(t, c, w, places[0])
	first, _ := collect(t, c, crm.Window{From: w.From, To: mustPlace(t, places[0]).at}, "")
	once(t, append(first, rest...), 64)
}

func mustPlace(t *testing.T, cursor string) place {
	t.Helper()
	p, err := placeOf("Changed", cursor)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAPlaceOfSomebodyElseIsRefused(t *testing.T) {
	for _, cursor := range []string{"x", "2026-11-20T00:00:00Z", "2026-11-20T00:00:00Z|' OR Id != '"} {
		if _, err := placeOf("Changed", cursor); crm.KindOf(err) != crm.Invalid || err == nil {
			t.Errorf("%q was taken", cursor)
		}
	}
}

func TestAShortAnswerIsAnError(t *testing.T) {
	for name, answer := range map[string]map[string]any{
		"fewer rows than announced":   {"totalSize": 9, "done": true, "records": []any{}},
		"not done and no next page":   {"totalSize": 9, "done": false, "records": []any{}},
		"a record without its stamp":  {"totalSize": 1, "done": true, "records": []any{map[string]any{"Id": oppID(1)}}},
		"a next page on another host": {"totalSize": 9, "done": false, "records": []any{}, "nextRecordsUrl": "https://evil.example/x"},
	} {
		t.Run(name, func(t *testing.T) {
			o := newFakeOrg(t)
			o.before = func(w http.ResponseWriter, r *http.Request, _ string) bool {
				if !strings.HasSuffix(r.URL.Path, "/queryAll") {
					return false
				}
				send(w, 200, answer)
				return true
			}
			var got error
			for _, err := range o.client(crm.Setup{}).Changed(context.Background(), crm.Window{From: day}, "") {
				got = err
			}
			if got == nil || crm.KindOf(got) != crm.Malformed {
				t.Errorf("got %v", got)
			}
		})
	}
}
