package scorecard

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
)

// Form is a card as it is written: the keys of its YAML file, and what
// `scorecard print -o json` shows. Card.Form gives it with the version and
// with references resolved.
type Form struct {
	ID             string         `yaml:"id" json:"id" required:"true"`
	Version        string         `yaml:"-" json:"version,omitempty"`
	Title          string         `yaml:"title" json:"title" required:"true"`
	Prefix         string         `yaml:"prefix" json:"prefix" required:"true"`
	Start          string         `yaml:"start" json:"start" required:"true"`
	Scorer         string         `yaml:"scorer" json:"scorer" required:"true"`
	BelowThreshold bool           `yaml:"below_threshold" json:"below_threshold"`
	PartnerOnly    bool           `yaml:"partner_only" json:"partner_only"`
	OutOf          int            `yaml:"out_of" json:"out_of" required:"true"`
	Use            *Use           `yaml:"use" json:"use,omitempty"`
	Categories     []FormCategory `yaml:"categories" json:"categories,omitempty"`
	Bands          []FormBand     `yaml:"bands" json:"bands" required:"true"`
	Groups         []FormGroup    `yaml:"groups" json:"groups,omitempty"`
}

// Use takes categories of another card as they stand there, before the card's
// own.
type Use struct {
	Card       string   `yaml:"card" json:"card" required:"true"`
	Categories []string `yaml:"categories" json:"categories" required:"true"`
}

// FormCategory is a category as written.
type FormCategory struct {
	ID    string     `yaml:"id" json:"id" required:"true"`
	Title string     `yaml:"title" json:"title" required:"true"`
	Max   int        `yaml:"max" json:"max" required:"true"`
	Items []FormItem `yaml:"items" json:"items" required:"true"`
}

// FormItem is an item as written. Max may be left out and is then 2.
type FormItem struct {
	ID       string    `yaml:"id" json:"id" required:"true"`
	Title    string    `yaml:"title" json:"title" required:"true"`
	Max      *int      `yaml:"max" json:"max"`
	Auto     bool      `yaml:"auto" json:"auto"`
	Guidance Guidance  `yaml:"guidance" json:"guidance" required:"true"`
	Question string    `yaml:"question" json:"question" required:"true"`
	Gap      string    `yaml:"gap" json:"gap" required:"true"`
	Check    FormCheck `yaml:"check" json:"check" required:"true"`
}

// Guidance says what earns 0, 1 and 2. An item worth 1 needs no Complete.
type Guidance struct {
	Missing  string `yaml:"missing" json:"missing" required:"true"`
	Partial  string `yaml:"partial" json:"partial" required:"true"`
	Complete string `yaml:"complete" json:"complete,omitempty"`
}

// FormCheck is a check as written.
type FormCheck struct {
	Name    string            `yaml:"name" json:"name" required:"true"`
	Sources map[string]string `yaml:"sources" json:"sources,omitempty"`
	Params  map[string]string `yaml:"params" json:"params,omitempty"`
	Hints   []string          `yaml:"hints" json:"hints,omitempty"`
}

// FormBand is a band as written. ActionLate left out is Action; Escalation
// left out is "None".
type FormBand struct {
	Name       string   `yaml:"name" json:"name" required:"true"`
	Health     string   `yaml:"health" json:"health" required:"true"`
	Min        int      `yaml:"min" json:"min" required:"true"`
	Max        int      `yaml:"max" json:"max" required:"true"`
	Action     string   `yaml:"action" json:"action" required:"true"`
	ActionLate string   `yaml:"action_late" json:"action_late"`
	Hold       bool     `yaml:"hold" json:"hold"`
	Escalation string   `yaml:"escalation" json:"escalation"`
	Tasks      []string `yaml:"tasks" json:"tasks,omitempty"`
	Weakest    int      `yaml:"weakest" json:"weakest"`
	Restart    []string `yaml:"restart" json:"restart,omitempty"`
}

// FormGroup is a diagnosis group as written.
type FormGroup struct {
	ID      string   `yaml:"id" json:"id" required:"true"`
	Items   []string `yaml:"items" json:"items" required:"true"`
	Verdict string   `yaml:"verdict" json:"verdict" required:"true"`
	Advice  string   `yaml:"advice" json:"advice"`
}

// Form returns the card as it would be written in full, with its version.
func (c *Card) Form() Form {
	f := Form{
		ID: c.ID, Version: c.Version, Title: c.Title, Prefix: c.Prefix, Start: string(c.Start), Scorer: c.Scorer,
		BelowThreshold: c.BelowThreshold, PartnerOnly: c.PartnerOnly, OutOf: c.OutOf,
	}
	for _, cat := range c.Categories {
		fc := FormCategory{ID: cat.ID, Title: cat.Title, Max: cat.Max}
		for _, it := range cat.Items {
			points := it.Max
			fc.Items = append(fc.Items, FormItem{
				ID: it.ID, Title: it.Title, Max: &points, Auto: it.Auto,
				Guidance: Guidance{it.Guidance[0], it.Guidance[1], it.Guidance[2]},
				Question: it.Question, Gap: it.Gap, Check: FormCheck(it.Check),
			})
		}
		f.Categories = append(f.Categories, fc)
	}
	for _, b := range c.Bands {
		f.Bands = append(f.Bands, FormBand(b))
	}
	for _, g := range c.Groups {
		f.Groups = append(f.Groups, FormGroup(g))
	}
	return f
}

// content is what a card says, whatever its file looks like: JSON in a fixed
// order, which is YAML too and parses to the same card.
func (c *Card) content() []byte {
	f := c.Form()
	f.Version = ""
	b, err := json.Marshal(f)
	if err != nil {
		panic(err) // strings, numbers and lists always marshal
	}
	return b
}

// versionOf names content by its hash.
func versionOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])[:12]
}

func (f FormCategory) category() Category {
	cat := Category{ID: f.ID, Title: strings.TrimSpace(f.Title), Max: f.Max, Cell: "category_" + f.ID}
	for _, it := range f.Items {
		points := 2
		if it.Max != nil {
			points = *it.Max
		}
		item := Item{
			ID: it.ID, Title: strings.TrimSpace(it.Title), Max: points, Auto: it.Auto,
			Guidance: [3]string{
				strings.TrimSpace(it.Guidance.Missing), strings.TrimSpace(it.Guidance.Partial), strings.TrimSpace(it.Guidance.Complete),
			},
			Question: strings.TrimSpace(it.Question), Gap: strings.TrimSpace(it.Gap),
			Cell:  "item_" + strings.ReplaceAll(it.ID, ".", "_") + "_score",
			Check: Check{it.Check.Name, orNil(it.Check.Sources), orNil(it.Check.Params), listOrNil(it.Check.Hints)},
		}
		item.Line = item.ID + " " + item.Gap + " - " + item.Question
		cat.Items = append(cat.Items, item)
	}
	return cat
}

func (f FormBand) band() Band {
	b := Band(f)
	b.Name, b.Action, b.ActionLate = strings.TrimSpace(f.Name), strings.TrimSpace(f.Action), strings.TrimSpace(f.ActionLate)
	b.Tasks, b.Restart = listOrNil(f.Tasks), listOrNil(f.Restart)
	if b.ActionLate == "" {
		b.ActionLate = b.Action
	}
	if b.Escalation == "" {
		b.Escalation = "None"
	}
	return b
}

func (f FormGroup) group() Group {
	g := Group(f)
	g.Verdict, g.Advice = strings.TrimSpace(f.Verdict), strings.TrimSpace(f.Advice)
	return g
}

// orNil and listOrNil make "given but empty" and "not given" one content.
func orNil(m map[string]string) map[string]string {
	if len(m) == 0 {
		return nil
	}
	return m
}

func listOrNil(l []string) []string {
	if len(l) == 0 {
		return nil
	}
	return l
}
