package hssim_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/crm/crmsim/hssim"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
)

var start = time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)

// smallWorld has three deals: 0 won with two contacts and notes, 1 open with
// nothing, 2 lost.
func smallWorld() *world.World {
	return &world.World{
		Now: start, Company: "Northwind Tools", Domain: "example.com", TimeZone: "America/New_York", Currency: "USD",
		Fields: []world.Field{
			{Name: "status", Object: "deal", Label: "Status", HubSpot: "handoff_status", Kind: world.Picklist, Options: []string{"open", "final"}},
			{Name: "total", Object: "deal", Label: "Total", HubSpot: "handoff_total", Kind: world.Number},
			{Name: "csm", Object: "deal", Label: "CSM", HubSpot: "handoff_csm", Kind: world.UserRef},
			{Name: "kickoff", Object: "deal", Label: "Kickoff", HubSpot: "handoff_kickoff", Kind: world.DateTime},
			{Name: "due", Object: "deal", Label: "Due", HubSpot: "handoff_due", Kind: world.Date},
			{Name: "hold", Object: "deal", Label: "Hold", HubSpot: "handoff_hold", Kind: world.Bool},
			{Name: "text", Object: "deal", Label: "Text", HubSpot: "handoff_text", Kind: world.LongText},
			{Name: "context", Object: "contact", Label: "Context", HubSpot: "buying_context", Kind: world.Text},
		},
		Roles: []string{"Champion", "Economic Buyer"},
		Types: []string{"New Business", "Renewal"},
		Users: []world.User{
			{Name: "Ada Marsh", Email: "ada@example.com", Team: "North", Manager: -1, Active: true},
			{Name: "Ben Holt", Email: "ben@example.com", Manager: 0},
			{Name: "Cay Lund", Email: "cay@example.com", Manager: 0, Active: true},
		},
		Accounts: []world.Account{{Name: "Acme", Owner: 0, Country: "US"}},
		Contacts: []world.Contact{
			{First: "Dee", Last: "Ray", Email: "Dee@Example.com", Title: "CFO", Phone: "+1 202 555 0100", Fields: map[string]string{"context": "signs"}},
			{First: "Eli", Last: "Fox", Email: "eli@example.com", Bounced: true},
			{First: "Flo", Last: "Gray", Email: "flo@example.com", Account: -1},
		},
		Deals: []world.Deal{
			{
				Name: "Acme rollout", Owner: 0, Seller: 2, Stage: world.Won, Type: "New Business", Amount: "1200.50", CloseDate: "2026-11-02",
				CreatedAt: start.AddDate(0, -2, 0), WonAt: start.AddDate(0, 0, -18),
				Fields: map[string]string{"csm": "user:2", "kickoff": "2026-11-10T15:00:00Z", "total": "31", "status": "open", "hold": "false"},
				Roles:  []world.Role{{Contact: 0, Name: "Champion"}, {Contact: 0, Name: "Economic Buyer"}, {Contact: 1, Name: "Champion"}},
				Notes: []world.Note{
					{At: start.AddDate(0, 0, -5), By: 0, Kind: "note", Title: "Goals", Body: "Wants <fast> start"},
					{At: start.AddDate(0, 0, -4), By: 2, Kind: "call", Title: "Kickoff", Body: "Went well"},
				},
			},
			{Name: "Open one", Owner: 1, Stage: world.Prospecting, CreatedAt: start.AddDate(0, -1, 0), Account: -1},
			{Name: "Lost one", Owner: -1, Stage: world.Lost, CreatedAt: start.AddDate(0, -1, 0), WonAt: time.Time{}, CloseDate: "2026-11-01"},
		},
	}
}

// portal is a simulated portal behind a real listener.
type portal struct {
	*hssim.Server
	t     *testing.T
	base  string
	token string
}

func open(t *testing.T, w *world.World, o hssim.Options) *portal {
	t.Helper()
	s := hssim.New(w, o)
	s.Clock().Freeze(true)
	s.Clock().Set(w.Now)
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	return &portal{Server: s, t: t, base: srv.URL, token: s.Credentials().Token}
}

// small is a portal with the small world whose search index does not lag.
func small(t *testing.T) *portal {
	return open(t, smallWorld(), hssim.Options{NoSearchLag: true})
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	text   string
	body   map[string]any
}

// at digs into the body: keys of objects and indexes of lists, dotted.
func (a answer) at(path string) any {
	var v any = a.body
	for _, key := range strings.Split(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[key]
		case []any:
			i := 0
			if _, err := fmt.Sscan(key, &i); err != nil || i >= len(x) {
				return nil
			}
			v = x[i]
		default:
			return nil
		}
	}
	return v
}

func (a answer) rows(path string) []any {
	list, _ := a.at(path).([]any)
	return list
}

// ids lists the record ids of results.
func (a answer) ids() []string {
	var out []string
	for _, r := range a.rows("results") {
		out = append(out, r.(map[string]any)["id"].(string))
	}
	return out
}

func (p *portal) do(method, path, body string) answer {
	p.t.Helper()
	a, err := p.try(method, path, body)
	if err != nil {
		p.t.Fatalf("%s %s: %v", method, path, err)
	}
	return a
}

func (p *portal) try(method, path, body string) (answer, error) {
	req, err := http.NewRequestWithContext(p.t.Context(), method, p.base+path, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if p.token != "" {
		req.Header.Set("Authorization", "Bearer "+p.token)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
		if strings.HasSuffix(path, "/token") {
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	var buf bytes.Buffer
	if _, err := io.Copy(&buf, io.LimitReader(res.Body, 32<<20)); err != nil {
		return answer{}, err
	}
	a := answer{status: res.StatusCode, header: res.Header, text: buf.String()}
	_ = json.Unmarshal(buf.Bytes(), &a.body) // HTML bodies stay text
	return a, nil
}

// want fails unless the answer has the status, and each of the words in its text.
func (a answer) want(t *testing.T, status int, words ...string) answer {
	t.Helper()
	if a.status != status {
		t.Fatalf("status %d, want %d: %s", a.status, status, a.text)
	}
	for _, w := range words {
		if !strings.Contains(a.text, w) {
			t.Fatalf("answer lacks %q: %s", w, a.text)
		}
	}
	return a
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		t.Errorf("%s: got %s, want %s", what, g, w)
	}
}

// fill puts ids of the small world into a path or body: {d0} deal, {c0} contact,
// {o0} owner.
func (p *portal) fill(text string) string {
	for i := range 3 {
		text = strings.NewReplacer(
			fmt.Sprintf("{d%d}", i), p.DealID(i), fmt.Sprintf("{c%d}", i), p.ContactID(i), fmt.Sprintf("{o%d}", i), p.OwnerID(i),
		).Replace(text)
	}
	return text
}

// manyInputs is a batch body with n ids.
func manyInputs(n int, rest string) string {
	var b strings.Builder
	b.WriteString(`{"inputs":[`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":"%d","properties":{}}`, 1000+i)
	}
	return b.String() + `]` + rest + `}`
}

// serve calls the handler without a network.
func serve(s *hssim.Server, method, path, body string) answer {
	req := httptest.NewRequest(method, path, strings.NewReader(body))
	req.Header.Set("Authorization", "Bearer "+s.Credentials().Token)
	req.Header.Set("Content-Type", "application/json")
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, req)
	a := answer{status: rec.Code, header: rec.Header(), text: rec.Body.String()}
	_ = json.Unmarshal(rec.Body.Bytes(), &a.body)
	return a
}
