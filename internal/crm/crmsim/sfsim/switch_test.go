package sfsim

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// The edge takes 16,384 bytes of request line and headers, and not one more.
func TestTheEdgeCountsBytes(t *testing.T) {
	r := newRig(t, 2, Options{})
	send := func(uri, pad string) int {
		rq := httptest.NewRequest("GET", uri, nil)
		rq.Header.Set("Authorization", "Bearer "+r.token)
		rq.Header.Set("X-Pad", pad)
		w := httptest.NewRecorder()
		r.s.ServeHTTP(w, rq)
		if w.Code >= 400 && !strings.HasPrefix(w.Body.String(), "<h1>Bad Message ") {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		return w.Code
	}
	uri := "/services/data"
	used := len("GET " + uri + " HTTP/1.1\r\nHost: example.com\r\nAuthorization: Bearer " + r.token + "\r\nX-Pad: \r\n")
	for _, tc := range []struct{ uri, pad, status int }{
		{len(uri), 16_384 - used, 200}, {len(uri), 16_384 - used + 1, 431}, {16_384, 0, 431}, {16_385, 0, 414},
	} {
		long := uri
		if n := tc.uri - len(uri); n > 0 {
			long += "?" + strings.Repeat("x", n-1)
		}
		if got := send(long, strings.Repeat("x", tc.pad)); got != tc.status {
			t.Errorf("URI of %d bytes, %d of padding: %d, want %d", tc.uri, tc.pad, got, tc.status)
		}
	}
}

func TestAnErrorWithoutAnError(t *testing.T) {
	r := newRig(t, 2, Options{})
	r.s.AddFault(Fault{Do: EmptyArray})
	if p := r.query("SELECT Id FROM Opportunity"); p.status != 400 || p.body != "[]" || !strings.HasPrefix(p.header.Get("Content-Type"), "application/json") {
		t.Errorf("%d %s", p.status, p.body)
	}
}

func TestAMergeMayStampWhatItMoves(t *testing.T) {
	for _, stamps := range []bool{false, true} {
		r := newRig(t, 8, Options{MergeStampsChildren: stamps})
		role := r.query("SELECT Id FROM OpportunityContactRole WHERE ContactId = '" + r.s.ContactID(2) + "'").rows()[0]["Id"].(string)
		before := r.s.Get("OpportunityContactRole", role, "SystemModstamp")
		r.s.Clock().Advance(time.Minute)
		if err := r.s.Merge("Contact", r.s.ContactID(0), r.s.ContactID(2)); err != nil {
			t.Fatal(err)
		}
		if r.s.Get("OpportunityContactRole", role, "ContactId") != r.s.ContactID(0) {
			t.Error("the role stays with the loser")
		}
		if moved := r.s.Get("OpportunityContactRole", role, "SystemModstamp") != before; moved != stamps {
			t.Errorf("stamps %t: moved %t", stamps, moved)
		}
	}
}

// A contact role that a client deletes is gone as well: queryAll has no row of
// it, and the delete log alone knows.
func TestAContactRoleVanishesThroughTheAPIToo(t *testing.T) {
	r := newRig(t, 3, Options{})
	roles := r.s.IDs("OpportunityContactRole")
	if p := r.do("DELETE", api+"/sobjects/OpportunityContactRole/"+roles[0], ""); p.status != 204 {
		t.Fatal(p.body)
	}
	if got := r.do("DELETE", api+"/composite/sobjects?ids="+roles[1], "").list(); code(t, got[0]) != "" {
		t.Fatal(got)
	}
	if n := len(r.get(api + "/queryAll?q=" + url.QueryEscape("SELECT Id FROM OpportunityContactRole WHERE Id IN ('"+roles[0]+"','"+roles[1]+"')")).rows()); n != 0 {
		t.Errorf("%d rows in queryAll", n)
	}
	del := r.get(api + "/sobjects/OpportunityContactRole/deleted?start=2026-11-20T08:00:00Z&end=2026-11-20T10:00:00Z").obj()
	if rows := del["deletedRecords"].([]any); len(rows) != 2 {
		t.Errorf("%v", del)
	}
}

func TestOneSessionForAll(t *testing.T) {
	for _, shared := range []bool{false, true} {
		r := newRig(t, 2, Options{SharedSession: shared})
		first := r.token
		r.login()
		if (r.token == first) != shared {
			t.Errorf("shared %t: tokens equal %t", shared, r.token == first)
		}
		form := url.Values{"token": {first}}.Encode()
		if p := r.do("POST", "/services/oauth2/revoke", form, "Content-Type", "application/x-www-form-urlencoded"); p.status != 200 {
			t.Fatal(p.body)
		}
		if p := r.get(api + "/limits"); (p.status == 401) != shared {
			t.Errorf("shared %t: after somebody else's logout %d", shared, p.status)
		}
	}
}

func TestSandbox(t *testing.T) {
	for _, sandbox := range []bool{false, true} {
		r := newRig(t, 2, Options{Sandbox: sandbox})
		if row := r.query("SELECT IsSandbox FROM Organization").rows()[0]; row["IsSandbox"] != sandbox {
			t.Errorf("sandbox %t: %v", sandbox, row)
		}
		aud := map[bool]string{true: "https://test.salesforce.com", false: "https://login.salesforce.com"}
		if p := r.assert(aud[sandbox]); p.status != 200 {
			t.Errorf("sandbox %t: %s", sandbox, p.body)
		}
		oauthRefused(t, r.assert(aud[!sandbox]), "invalid_grant", "audience is invalid")
	}
}
