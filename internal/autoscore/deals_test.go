package autoscore

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/crm"
)

type dealCase struct {
	Name          string            `yaml:"name"`
	Start         string            `yaml:"start"`
	KickoffInDays int               `yaml:"kickoff_in_days"`
	Set           map[string]string `yaml:"set"`
	Notes         []struct {
		Day  int    `yaml:"day"`
		Kind string `yaml:"kind"`
		Body string `yaml:"body"`
	} `yaml:"notes"`
	Score         map[string]string `yaml:"score"`
	Want          map[string]string `yaml:"want"`
	Sums          string            `yaml:"sums"`
	Short         []string          `yaml:"short"`
	NotUnderstood map[string]string `yaml:"not_understood"`
	Flags         []string          `yaml:"flags"`
	Says          []string          `yaml:"says"`
}

func TestDeals(t *testing.T) {
	data, err := os.ReadFile("testdata/deals.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Deals []dealCase `yaml:"deals"`
	}
	if err := yaml.UnmarshalWithOptions(data, &file, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	j := New(testRules(t))
	for _, tc := range file.Deals {
		t.Run(tc.Name, func(t *testing.T) { tc.run(t, j) })
	}
}

func (tc dealCase) run(t *testing.T, j *Judge) {
	d := richDeal()
	if tc.Start == "bare" {
		d = bareDeal()
	}
	for key, value := range tc.Set {
		set(t, d, key, value)
	}
	if tc.Notes != nil {
		d.Notes = nil
		for i, n := range tc.Notes {
			d.Notes = append(d.Notes, crm.Note{ID: fmt.Sprint(i), Kind: crm.NoteKind(n.Kind), At: wonAt.AddDate(0, 0, n.Day), Body: n.Body})
		}
	}
	entered := typed{}
	for id, text := range tc.Score {
		entered[id] = crm.Value(text)
	}
	moments := at()
	if tc.KickoffInDays != 0 {
		moments.Kickoff = now.AddDate(0, 0, tc.KickoffInDays)
	}
	r := j.Score(salesCard(), d, entered.cell, moments)
	for ids, want := range tc.Want {
		for id := range strings.FieldsSeq(ids) {
			if got := brief(*r.Item(id)); got != want {
				t.Errorf("item %s: got %q, want %q: %s", id, got, want, said(r.Item(id).Evidence))
			}
		}
	}
	if got := fmt.Sprint(r.Floor, r.Ceiling, r.OpenN); tc.Sums != "" && got != tc.Sums {
		t.Errorf("floor, ceiling and open items: got %s, want %s", got, tc.Sums)
	}
	if tc.Short != nil {
		short := []string{}
		for _, it := range r.Items {
			if it.Short() {
				short = append(short, it.ID)
			}
		}
		if diff := cmp.Diff(tc.Short, short); diff != "" {
			t.Errorf("gaps (-want +got):\n%s", diff)
		}
	}
	for _, it := range r.Items {
		if it.NotUnderstood != tc.NotUnderstood[it.ID] {
			t.Errorf("item %s: not understood %q, want %q", it.ID, it.NotUnderstood, tc.NotUnderstood[it.ID])
		}
	}
	if diff := cmp.Diff(tc.Flags, r.Flags); diff != "" {
		t.Errorf("flags (-want +got):\n%s", diff)
	}
	everything := ""
	for _, it := range r.Items {
		everything += said(it.Evidence)
	}
	for _, words := range tc.Says {
		if !strings.Contains(everything, words) {
			t.Errorf("evidence lacks %q: %s", words, everything)
		}
	}
}

// brief is an item in a few words.
func brief(i Item) string {
	s := fmt.Sprintf("%d-%d", i.Floor, i.Cap)
	if !i.Open() {
		s = fmt.Sprintf("%d %s", i.Score, i.Source)
	}
	if i.Override {
		s += " override"
	}
	if i.Open() && i.Suggestion != Open {
		s += fmt.Sprintf(" suggest %d", i.Suggestion)
	}
	if i.Unknown {
		s += " unknown"
	}
	return s
}

func said(evidence []Evidence) string {
	var b strings.Builder
	for _, e := range evidence {
		b.WriteString(Render(e) + "\n")
	}
	return b.String()
}

// set changes one fact of a deal, as testdata/deals.yaml describes it.
func set(t *testing.T, d *crm.Deal, key, value string) {
	t.Helper()
	cell := crm.Value(value)
	switch value {
	case "~":
		cell = crm.Cell{}
	case "!":
		cell = crm.Cell{State: crm.Unreadable}
	}
	role, what, _ := strings.Cut(key, ".")
	if held, ok := d.Roles[role]; ok {
		switch {
		case what != "":
			contact(t, d, held.Contacts[0], what, cell)
		case value == "nobody":
			d.Roles[role] = crm.Role{State: crm.Read}
		default:
			d.Roles[role] = crm.Role{State: cell.State}
		}
		return
	}
	switch key {
	case "won":
		d.Won = value == "true"
	case "close_date":
		d.CloseDate = cell
	case "currency":
		d.Currency = cell
	case "type":
		d.Type = cell
	default:
		d.Fields.Set(key, cell)
	}
}

func contact(t *testing.T, d *crm.Deal, id crm.ContactID, what string, cell crm.Cell) {
	t.Helper()
	c := d.Contact(id)
	switch what {
	case "name":
		c.Name = cell
	case "title":
		c.Title = cell
	case "email":
		c.Email = cell
	case "phone":
		c.Phone = cell
	case "mobile":
		c.Mobile = cell
	case "context":
		c.Context = cell
	case "bounce":
		c.Bounce = map[string]crm.Bounce{"bounced": crm.Bounced, "none": crm.BounceNone, "~": crm.BounceUnknown}[cell.Text]
	default:
		t.Fatalf("no such part of a contact: %s", what)
	}
}
