package clients

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/simpleforce/simpleforce"

	"github.com/handoffscore/syncd/internal/crm/crmsim/sfsim"
)

// TestSimpleforce drives the Go client that syncd is built on, unchanged.
func TestSimpleforce(t *testing.T) {
	before := log.Writer()
	log.SetOutput(io.Discard) // it logs every sign-in and refusal
	t.Cleanup(func() { log.SetOutput(before) })
	org := sfsim.New(company(), sfsim.Options{PageSize: 2000})
	web := httptest.NewServer(org)
	defer web.Close()
	cred := org.Credentials()

	c := simpleforce.NewClient(web.URL+"/", "syncd", "60.0")
	var refused simpleforce.SalesforceError
	if err := c.LoginPassword(cred.Username, "nonsense", ""); !errors.As(err, &refused) || !strings.Contains(refused.ErrorMessage, "INVALID_LOGIN") || refused.HttpCode != 500 {
		t.Fatalf("wrong password: %v", err)
	}
	if err := c.LoginPassword(cred.Username, cred.Password, cred.SecurityToken); err != nil {
		t.Fatal(err)
	}
	if c.GetLoc() != web.URL || !strings.HasPrefix(c.GetSid(), cred.OrgID[:15]+"!") {
		t.Errorf("signed in at %q with %q", c.GetLoc(), c.GetSid())
	}

	ids := pages(t, c, "SELECT Id, Account.Name FROM Opportunity WHERE Name LIKE 'Deal%' ORDER BY Id")
	if len(ids) != deals || org.Stats().Requests["queryMore"] != 2 {
		t.Errorf("%d deals in %d further pages", len(ids), org.Stats().Requests["queryMore"])
	}

	body, err := c.ApexREST("GET", "services/data/v60.0/sobjects/Opportunity/describe", nil)
	if err != nil || !strings.Contains(string(body), `"name":"Handoff_Band__c"`) {
		t.Errorf("describe: %v, %d bytes", err, len(body))
	}

	patch := fmt.Sprintf(`{"allOrNone":false,"records":[{"attributes":{"type":"Opportunity"},"id":%q,"Handoff_Score__c":7.5},`+
		`{"attributes":{"type":"Opportunity"},"id":%q,"Handoff_Band__c":"Purple"}]}`, ids[0], ids[1])
	body, err = c.ApexREST("PATCH", "services/data/v60.0/composite/sobjects", strings.NewReader(patch))
	if err != nil {
		t.Fatal(err)
	}
	var outcomes []struct {
		ID      string
		Success bool
		Errors  []struct{ StatusCode string }
	}
	if err := json.Unmarshal(body, &outcomes); err != nil {
		t.Fatal(err)
	}
	if len(outcomes) != 2 || outcomes[0].ID != ids[0] || !outcomes[0].Success || outcomes[1].Success || outcomes[1].Errors[0].StatusCode != "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST" {
		t.Errorf("outcomes: %s", body)
	}
	if v := org.Get("Opportunity", ids[0], "Handoff_Score__c"); v != 7.5 {
		t.Errorf("written %v", v)
	}

	_, err = c.Query("SELECT Nope__c FROM Opportunity")
	if !errors.As(err, &refused) || refused.ErrorCode != "INVALID_FIELD" || refused.HttpCode != 400 {
		t.Errorf("an unknown field: %v", err)
	}
	org.KillSessions()
	_, err = c.Query("SELECT Id FROM Opportunity")
	if !errors.As(err, &refused) || refused.ErrorCode != "INVALID_SESSION_ID" || refused.HttpCode != 401 {
		t.Errorf("a dead session: %v", err)
	}
}

// pages reads a query to its end by the addresses that the org gives.
func pages(t *testing.T, c *simpleforce.Client, q string) []string {
	t.Helper()
	var ids []string
	for {
		res, err := c.Query(q)
		if err != nil {
			t.Fatal(err)
		}
		if res.TotalSize != deals {
			t.Fatalf("total %d", res.TotalSize)
		}
		for i := range res.Records {
			ids = append(ids, res.Records[i].StringField("Id"))
		}
		if q = res.NextRecordsURL; res.Done != (q == "") {
			t.Fatalf("done %t with next page %q", res.Done, q)
		}
		if res.Done {
			return ids
		}
	}
}
