package hssim_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/crm/crmsim/hssim"
)

func TestFaultAnswers(t *testing.T) {
	p := small(t)
	for _, c := range []struct {
		fault  hssim.Fault
		status int
		words  []string
	}{
		{hssim.Fault{Do: hssim.ExpiredToken}, 401, []string{"EXPIRED_AUTHENTICATION", "expired 75 second(s) ago"}},
		{hssim.Fault{Do: hssim.NoScope}, 403, []string{"MISSING_SCOPES", "crm.objects.deals.read"}},
		{hssim.Fault{Do: hssim.Locked, RetryAfter: "2"}, 423, nil},
		{hssim.Fault{Do: hssim.TenSecondly}, 429, []string{"TEN_SECONDLY_ROLLING"}},
		{hssim.Fault{Do: hssim.TenSecondly, RetryAfter: "10"}, 429, []string{"RATE_LIMIT"}},
		{hssim.Fault{Do: hssim.Secondly}, 429, []string{`"SECONDLY"`}},
		{hssim.Fault{Do: hssim.Daily}, 429, []string{`"DAILY"`}},
		{hssim.Fault{Do: hssim.Migrating, RetryAfter: "3600"}, 477, nil},
		{hssim.Fault{Do: hssim.ServerError}, 500, nil},
		{hssim.Fault{Do: hssim.BadGateway}, 502, []string{"<html>"}},
		{hssim.Fault{Do: hssim.Unavailable}, 503, []string{"<html>"}},
		{hssim.Fault{Do: hssim.HTMLPage}, 200, []string{"<html>"}},
	} {
		p.AddFault(c.fault)
		a := p.do("GET", "/crm/v3/objects/deals", "").want(t, c.status, c.words...)
		same(t, string(c.fault.Do)+" Retry-After", a.header.Get("Retry-After"), c.fault.RetryAfter)
		p.do("GET", "/crm/v3/objects/deals", "").want(t, 200)
	}
}

func TestFaultsCountTheirKind(t *testing.T) {
	p := small(t)
	p.AddFault(hssim.Fault{Do: hssim.BadGateway, On: "search deals", Nth: 2, Times: 2})
	p.AddFault(hssim.Fault{Do: hssim.Locked, On: "list", Times: -1})
	for i, want := range []int{200, 502, 502, 200} {
		p.do("POST", "/crm/v3/objects/contacts/search", `{}`).want(t, 200)
		if a := p.do("POST", search, `{}`); a.status != want {
			t.Errorf("search %d: status %d, want %d", i+1, a.status, want)
		}
		p.do("GET", "/crm/v3/objects/notes", "").want(t, 423)
	}
	p.ClearFaults()
	p.do("GET", "/crm/v3/objects/notes", "").want(t, 200)
}

// TestBrokenWays: what the client sees, and whether the write took place.
func TestBrokenWays(t *testing.T) {
	for _, c := range []struct {
		do        hssim.Mishap
		committed bool
		fails     bool // the client gets no answer at all
	}{
		{hssim.ResetBeforeCommit, false, true},
		{hssim.ResetAfterCommit, true, true},
		{hssim.TimeoutAfter, true, true},
		{hssim.TruncatedBody, true, true},
		{hssim.TruncatedJSON, true, false},
		{hssim.EmptyAnswer, true, false},
		{hssim.BadGateway, false, false},
	} {
		t.Run(string(c.do), func(t *testing.T) {
			p := small(t)
			p.AddFault(hssim.Fault{Do: c.do, On: "batch_update", Wait: 20 * time.Millisecond})
			a, err := p.try("POST", "/crm/v3/objects/deals/batch/update", p.fill(`{"inputs":[{"id":"{d0}","properties":{"handoff_total":"9"}}]}`))
			if (err != nil) != c.fails {
				t.Fatalf("error %v", err)
			}
			if err == nil && json.Valid([]byte(a.text)) {
				t.Errorf("the answer is whole: %q", a.text)
			}
			got, _ := p.Get("deals", p.DealID(0), "handoff_total")
			if (got == "9") != c.committed {
				t.Errorf("the record shows %q", got)
			}
			log := p.Requests()
			same(t, "logged fault", log[len(log)-1].Fault, c.do)
		})
	}
}

func TestSlowAndHugeBodies(t *testing.T) {
	p := small(t)
	p.AddFault(hssim.Fault{Do: hssim.SlowBody, Wait: 60 * time.Millisecond})
	began := time.Now()
	a := p.do("GET", "/crm/v3/objects/deals", "").want(t, 200)
	if took := time.Since(began); took < 50*time.Millisecond || len(a.ids()) != 3 {
		t.Errorf("%v for %d deals", took, len(a.ids()))
	}
	p.AddFault(hssim.Fault{Do: hssim.HugeBody})
	req, err := http.NewRequestWithContext(t.Context(), "GET", p.base+"/crm/v3/objects/deals", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	n, err := io.Copy(io.Discard, res.Body)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) || n < 200<<20 {
		t.Errorf("%d bytes, %v", n, err)
	}
}

func TestRefusedRecords(t *testing.T) {
	p := small(t)
	body := p.fill(`{"inputs":[{"id":"{d0}","properties":{"handoff_total":"9"}},{"id":"{d1}","properties":{"handoff_total":"9"}}]}`)
	p.AddFault(hssim.Fault{Do: hssim.RefuseRecords, On: "batch_update", IDs: []string{p.DealID(1)}, Message: "no"})
	p.do("POST", "/crm/v3/objects/deals/batch/update", body).want(t, 400, "VALIDATION_ERROR")
	if v, _ := p.Get("deals", p.DealID(0), "handoff_total"); v != "31" {
		t.Errorf("a refused batch wrote %q", v)
	}
	p.AddFault(hssim.Fault{Do: hssim.RefuseRecords, On: "batch_update", IDs: []string{p.DealID(1)}, Category: "OBJECT_LOCKED"})
	a := p.do("POST", "/crm/v3/objects/deals/batch/update", body).want(t, 207)
	same(t, "written", a.ids(), []string{p.DealID(0)})
	same(t, "refused", a.at("errors.0.context.ids.0"), p.DealID(1))
}

func TestStatsCountRows(t *testing.T) {
	p := small(t)
	p.ResetStats()
	p.do("GET", "/crm/v3/objects/deals", "")
	p.do("POST", search, `{"limit":2}`)
	p.do("POST", "/crm/v4/associations/deals/contacts/batch/read", p.fill(`{"inputs":[{"id":"{d0}"}]}`))
	p.do("PATCH", p.fill("/crm/v3/objects/deals/{d0}"), `{"properties":{"amount":"1"}}`)
	s := p.Stats()
	same(t, "requests", s.Requests, 4)
	same(t, "rows", s.Rows, "map[associations deals/contacts:2 deals:5]")
	same(t, "written", s.Written, "map[deals:1]")
	same(t, "kinds", s.ByKind, "map[associations_batch_read deals/contacts:1 list deals:1 search deals:1 update deals:1]")
	for _, r := range p.Requests() {
		if strings.Contains(r.Path, p.token) {
			t.Error("the log holds a token")
		}
	}
}
