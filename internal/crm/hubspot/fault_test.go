package hubspot

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/crmsim/hssim"
)

// Whatever goes wrong once on the way, the pass reads the same.
func TestOneMishapChangesNothing(t *testing.T) {
	read := func(p *portal) (any, error) {
		if _, err := p.Describe(context.Background()); err != nil {
			return nil, err
		}
		var moved []crm.Moved
		for page, err := range p.Changed(context.Background(), crm.Window{}, "") {
			if err != nil {
				return nil, err
			}
			moved = append(moved, page.Deals...)
		}
		l, err := p.Load(context.Background(), p.ids(12))
		if err != nil {
			return nil, err
		}
		people, err := p.People(context.Background(), []crm.UserID{crm.UserID(p.OwnerID(1))})
		return []any{moved, l.Deals, people}, err
	}
	want, err := read(newPortal(t, 12, hssim.Options{}, Options{}))
	if err != nil {
		t.Fatal(err)
	}
	mishaps := []hssim.Mishap{
		hssim.ResetBeforeCommit, hssim.ResetAfterCommit, hssim.TruncatedJSON, hssim.TruncatedBody, hssim.EmptyAnswer,
		hssim.HTMLPage, hssim.BadGateway, hssim.ServerError, hssim.TenSecondly, hssim.Locked,
	}
	calls := []string{"account_details", "properties_list", "pipelines_list", "labels", "search", "list", "batch_read deals", "batch_read contacts", "batch_read notes", "associations_batch_read", "owners", ""}
	for _, mishap := range mishaps {
		t.Run(string(mishap), func(t *testing.T) {
			t.Parallel()
			calls, wait := calls, ""
			if mishap == hssim.TenSecondly || mishap == hssim.Locked { // these are waited out
				calls, wait = []string{"batch_read deals", "labels"}, "1"
			}
			var wg sync.WaitGroup
			for _, call := range calls {
				p := newPortal(t, 12, hssim.Options{}, Options{})
				p.AddFault(hssim.Fault{Do: mishap, On: call, RetryAfter: wait})
				wg.Go(func() {
					got, err := read(p)
					if err != nil {
						t.Errorf("%s: %v", call, err)
					} else if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("%s: %s", call, diff)
					}
				})
			}
			wg.Wait()
		})
	}
}

// What stays wrong ends in one clear error of the right kind, without secrets.
func TestWhatStaysWrong(t *testing.T) {
	var wg sync.WaitGroup
	for mishap, want := range map[hssim.Mishap]struct {
		kind crm.ErrorKind
		says string
	}{
		hssim.HTMLPage:    {crm.Malformed, "base_url"},
		hssim.EmptyAnswer: {crm.Malformed, "base_url"},
		hssim.HugeBody:    {crm.Malformed, "larger than"},
		hssim.BadGateway:  {crm.Unavailable, "502"},
		hssim.Daily:       {crm.Quota, "midnight"},
		hssim.NoScope:     {crm.Permission, "crm.objects.deals.read"},
	} {
		p := newPortal(t, 2, hssim.Options{}, Options{})
		if _, err := p.Describe(context.Background()); err != nil {
			t.Fatal(err)
		}
		p.AddFault(hssim.Fault{Do: mishap, On: "batch_read deals", Times: -1})
		wg.Go(func() {
			_, err := p.Load(context.Background(), p.ids(2))
			if crm.KindOf(err) != want.kind || !strings.Contains(err.Error(), want.says) {
				t.Errorf("%s: %v", mishap, err)
			}
			if err != nil && strings.Contains(err.Error(), p.Credentials().Token) {
				t.Errorf("%s: the token is in the error", mishap)
			}
		})
	}
	wg.Wait()
}

func TestTheDayEndsAtTheAccountsMidnight(t *testing.T) {
	p := newPortal(t, 1, hssim.Options{}, Options{})
	if _, err := p.Describe(context.Background()); err != nil { // learns the time zone: New York, 04:00 there
		t.Fatal(err)
	}
	p.AddFault(hssim.Fault{Do: hssim.Daily, Times: -1})
	_, err := p.Describe(context.Background())
	var e *crm.Error
	if crm.KindOf(err) != crm.Quota || !asCRM(err, &e) || e.After.Hours() != 20 {
		t.Errorf("%v after %v, want 20 h", err, e.After)
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"Email address kim.o+x@harbor.example is invalid":       "Email address [address] is invalid",
		"phone +49 (30) 123-4567 or 212 555 0101":               "phone [number] or [number]",
		"expired 2022-06-21T10:37:52.040Z":                      "expired 2022-06-21T10:37:52.040Z",
		"deal 31400000765 is locked":                            "deal 31400000765 is locked",
		"bad pat-na1-5f0c6c1e-0000 given":                       "bad [token] given",
		"Authorization: Bearer CKq0xyz":                         "Authorization: [token]",
		"line\nbreak":                                           "line break",
		strings.Repeat("é", 400):                                strings.Repeat("é", 150) + "…",
		`Property "handoff_score" was not a valid number: 12.5`: `Property "handoff_score" was not a valid number: 12.5`,
	} {
		if got := clean(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func TestFaultShapes(t *testing.T) {
	for name, x := range map[string]struct {
		body string
		want fault
	}{
		"nothing":        {``, fault{}},
		"html":           {`<html>`, fault{}},
		"a list":         {`[1]`, fault{}},
		"granular":       {`{"category":"MISSING_SCOPES","errors":[{"context":{"requiredGranularScopes":["a","b"]}}]}`, fault{Category: "MISSING_SCOPES", Scopes: []string{"a", "b"}}},
		"older":          {`{"category":"MISSING_SCOPES","context":{"requiredScopes":["a"]}}`, fault{Category: "MISSING_SCOPES", Scopes: []string{"a"}}},
		"specified":      {`{"category":"MISSING_SCOPES","context":{"missingScopes":["a"]}}`, fault{Category: "MISSING_SCOPES", Scopes: []string{"a"}}},
		"no category":    {`{"errorType":"RATE_LIMIT","policyName":"DAILY"}`, fault{Category: "RATE_LIMIT", Policy: "DAILY"}},
		"subcategory":    {`{"subCategory":"crm.associations.NO_ASSOCIATIONS_FOUND","context":{"fromObjectId":[5]}}`, fault{SubCategory: "crm.associations.NO_ASSOCIATIONS_FOUND", IDs: []string{"5"}}},
		"subcategory {}": {`{"subCategory":{"name":"x"}}`, fault{SubCategory: `{"name":"x"}`}},
		"problems": {
			`{"message":"Property values were not valid: [{\"name\":\"p\",\"error\":\"INVALID_OPTION\",\"message\":\"x\"}]","category":"VALIDATION_ERROR"}`,
			fault{Category: "VALIDATION_ERROR", Message: "x", Bad: []badValue{{"p", "INVALID_OPTION", "x"}}},
		},
	} {
		if diff := cmp.Diff(x.want, faultOf([]byte(x.body))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func FuzzFault(f *testing.F) {
	f.Add([]byte(`{"message":"[{\"name\":\"p\"}]","context":{"ids":["1"]},"errors":[{"context":{}}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if got := faultOf(b); len(got.Message) > 310 || strings.ContainsAny(got.Message, "\n\x00") {
			t.Errorf("%q", got.Message)
		}
	})
}
