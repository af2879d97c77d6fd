package sfsim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
)

var start = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

// company is a small world: five users, two contacts an account, and deals of
// which every fifth is not won.
func company(deals int) *world.World {
	w := &world.World{
		Now: start, Company: "Northwind Software", Domain: "northwind.example.com", TimeZone: "Europe/Berlin", Currency: "EUR",
		Roles: []string{"Decision Maker", "Economic Buyer", "Technical Contact"}, Types: []string{"New Business", "Renewal"},
		Fields: []world.Field{
			{Name: "score", Object: "deal", Label: "Handoff Score", Salesforce: "Handoff_Score__c", Kind: world.Number, Scale: 1},
			{Name: "band", Object: "deal", Label: "Handoff Band", Salesforce: "Handoff_Band__c", Kind: world.Picklist, Options: []string{"Green", "Amber", "Red"}},
			{Name: "note", Object: "deal", Label: "Handoff Note", Salesforce: "Handoff_Note__c", Kind: world.Text, Length: 80},
			{Name: "detail", Object: "deal", Label: "Handoff Detail", Salesforce: "Handoff_Detail__c", Kind: world.LongText},
			{Name: "goals", Object: "deal", Label: "Customer Goals", Salesforce: "Customer_Goals__c", Kind: world.LongText},
			{Name: "kickoff", Object: "deal", Label: "Kickoff", Salesforce: "Kickoff__c", Kind: world.DateTime},
			{Name: "escalated", Object: "deal", Label: "Escalated", Salesforce: "Escalated__c", Kind: world.Bool},
			{Name: "arr", Object: "deal", Label: "ARR", Salesforce: "ARR__c", Kind: world.Money},
			{Name: "start", Object: "deal", Label: "Service Start", Salesforce: "Service_Start__c", Kind: world.Date},
			{Name: "csm", Object: "deal", Label: "CSM", Salesforce: "CSM__c", Kind: world.UserRef},
			{Name: "persona", Object: "contact", Label: "Persona", Salesforce: "Persona__c", Kind: world.Text},
		},
		Users: []world.User{
			{Name: "Ada Lind", Email: "ada@northwind.example.com", Job: world.AE, Manager: 1, Active: true},
			{Name: "Max Roth", Email: "max@northwind.example.com", Job: world.SalesManager, Manager: -1, Active: true},
			{Name: "Cleo Park", Email: "cleo@northwind.example.com", Job: world.CSM, Manager: -1, Active: true},
			{Name: "Rae Ops", Email: "rae@northwind.example.com", Job: world.RevOps, Manager: -1, Active: true},
			{Name: "Sync User", Email: "sync@northwind.example.com", Job: world.Integration, Manager: -1, Active: true},
			{Name: "Gone Guy", Email: "gone@northwind.example.com", Job: world.AE, Manager: 1, Active: false},
		},
	}
	for i := range max(deals/4, 2) {
		w.Accounts = append(w.Accounts, world.Account{Name: fmt.Sprintf("Customer %03d", i), Owner: 0, Country: "Germany", Sector: "Retail"})
		for k := range 2 {
			w.Contacts = append(w.Contacts, world.Contact{
				Account: i, First: "Kim", Last: fmt.Sprintf("Person%d", 2*i+k), Title: "Buyer", Email: fmt.Sprintf("kim%d@customer.example.com", 2*i+k),
				Phone: "+49 30 1234567", Bounced: i == 1 && k == 1, Fields: map[string]string{"persona": "Sponsor"},
			})
		}
	}
	for i := range deals {
		created := start.AddDate(0, 0, -200).Add(time.Duration(i) * time.Hour)
		d := world.Deal{
			Name: fmt.Sprintf("Deal %03d", i), Account: i % len(w.Accounts), Owner: 0, Seller: 0, Stage: world.Won, Type: "New Business",
			Amount: fmt.Sprintf("%d.50", 1000+i), CloseDate: "2026-11-01", CreatedAt: created, WonAt: created.AddDate(0, 0, 40),
			Fields: map[string]string{"score": "12.5", "band": "Green", "detail": "line one\nline two", "csm": "user:2", "start": "2026-12-01", "kickoff": "2026-11-15T10:00:00Z"},
			Roles: []world.Role{
				{Contact: 2 * (i % len(w.Accounts)), Name: "Decision Maker", Primary: true},
				{Contact: 2*(i%len(w.Accounts)) + 1, Name: "Economic Buyer"},
			},
		}
		switch i % 5 {
		case 3:
			d.Owner = 2 // handed over after it was won
		case 4:
			d.Stage, d.WonAt = world.Engaging, time.Time{}
		}
		if i < 4 {
			kind := []string{"note", "call", "email", "meeting"}[i]
			d.Notes = append(d.Notes, world.Note{At: start.AddDate(0, 0, -10), By: 0, Kind: kind, Title: "About " + kind, Body: "First <line>\nsecond line"})
			d.Notes = append(d.Notes, world.Note{At: start.AddDate(0, 0, -9), By: 0, Kind: "note", Title: "More", Body: "More text"})
		}
		if i == 5 {
			d.Notes = append(d.Notes, world.Note{At: start.AddDate(-2, 0, 0), By: 0, Kind: "call", Title: "Long ago", Body: "Old"})
		}
		w.Deals = append(w.Deals, d)
	}
	return w
}

// rig is an org on a real HTTP port with a session.
type rig struct {
	t     testing.TB
	s     *Server
	web   *httptest.Server
	token string
}

func newRig(t testing.TB, deals int, o Options) *rig {
	t.Helper()
	s := New(company(deals), o)
	s.Clock().Freeze(true)
	r := &rig{t: t, s: s, web: httptest.NewServer(s)}
	t.Cleanup(r.web.Close)
	r.login()
	return r
}

func (r *rig) login() {
	r.t.Helper()
	cred := r.s.auth.cred
	res := r.form(url.Values{"grant_type": {"client_credentials"}, "client_id": {cred.ClientID}, "client_secret": {cred.ClientSecret}})
	token, _ := res.obj()["access_token"].(string)
	if token == "" {
		r.t.Fatalf("login: %d %s", res.status, res.body)
	}
	r.token = token
}

func (r *rig) form(v url.Values) reply {
	r.t.Helper()
	return r.do("POST", "/services/oauth2/token", v.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Authorization", "")
}

type reply struct {
	t      testing.TB
	status int
	body   string
	header http.Header
	err    error
}

// do sends a request. Headers come in pairs; an empty value removes one.
func (r *rig) do(method, path, body string, headers ...string) reply {
	r.t.Helper()
	rq, err := http.NewRequest(method, r.web.URL+path, bytes.NewReader([]byte(body)))
	if err != nil {
		r.t.Fatal(err)
	}
	if r.token != "" {
		rq.Header.Set("Authorization", "Bearer "+r.token)
	}
	if body != "" {
		rq.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i+1] == "" {
			rq.Header.Del(headers[i])
		} else {
			rq.Header.Set(headers[i], headers[i+1])
		}
	}
	client := &http.Client{Timeout: 2 * time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(rq)
	if err != nil {
		return reply{t: r.t, err: err}
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return reply{t: r.t, status: res.StatusCode, body: string(b), header: res.Header, err: err}
}

const api = "/services/data/v60.0"

func (r *rig) get(path string, headers ...string) reply {
	r.t.Helper()
	return r.do("GET", path, "", headers...)
}

func (r *rig) query(soql string, headers ...string) reply {
	r.t.Helper()
	return r.get(api+"/query?q="+url.QueryEscape(soql), headers...)
}

func (p reply) decode(v any) {
	p.t.Helper()
	if p.err != nil {
		p.t.Fatal(p.err)
	}
	if err := json.Unmarshal([]byte(p.body), v); err != nil {
		p.t.Fatalf("status %d, not JSON (%v): %.300s", p.status, err, p.body)
	}
}

func (p reply) obj() map[string]any {
	p.t.Helper()
	out := map[string]any{}
	p.decode(&out)
	return out
}

func (p reply) list() []map[string]any {
	p.t.Helper()
	var out []map[string]any
	p.decode(&out)
	return out
}

// subresult is one result of a composite call.
type subresult struct {
	Body   json.RawMessage `json:"body"`
	Status int             `json:"httpStatusCode"`
	Ref    *string         `json:"referenceId"`
}

// composite are the results of a composite call.
func (p reply) composite() []subresult {
	p.t.Helper()
	var out struct {
		R []subresult `json:"compositeResponse"`
	}
	p.decode(&out)
	return out.R
}

// rows are the records of a query result.
func (p reply) rows() []map[string]any {
	p.t.Helper()
	if p.status != 200 {
		p.t.Fatalf("status %d: %s", p.status, p.body)
	}
	var out struct {
		Records []map[string]any `json:"records"`
	}
	p.decode(&out)
	return out.Records
}

// refused checks an array of one error.
func (p reply) refused(status int, code, part string) {
	p.t.Helper()
	if p.status != status {
		p.t.Errorf("status %d, want %d: %.300s", p.status, status, p.body)
		return
	}
	list := p.list()
	if len(list) != 1 || list[0]["errorCode"] != code {
		p.t.Errorf("got %s, want errorCode %s", p.body, code)
		return
	}
	if m, _ := list[0]["message"].(string); !strings.Contains(m, part) {
		p.t.Errorf("message %q lacks %q", m, part)
	}
}

// column reads one field of every row.
func values(rows []map[string]any, name string) []string {
	var out []string
	for _, r := range rows {
		out = append(out, fmt.Sprint(r[name]))
	}
	return out
}
