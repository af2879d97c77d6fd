package config

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"

	"github.com/handoffscore/syncd/internal/handoff"
	"github.com/handoffscore/syncd/internal/scorecard"
	"github.com/handoffscore/syncd/internal/yamlfile"
)

//go:embed scorecards/*.yaml
var shipped embed.FS

//go:embed minimal-*.yaml example-*.yaml full-*.yaml
var examples embed.FS

//go:embed texts.yaml
var shippedTexts []byte

//go:embed schema.json
var schema []byte

// Default is a configuration with everything that need not be given.
func Default() *Config {
	return &Config{
		Database: "syncd.db",
		HTTP:     HTTP{Listen: "127.0.0.1:8080"},
		Limits:   Limits{MaxEscalationsPerRun: 25, MaxBandChanges: 0.2},
	}
}

// Load reads and validates the file. The error is yamlfile.Faults with every
// fault of the file, or says why it could not be read.
func Load(path string) (*Config, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	c, faults := Parse(path, src)
	if len(faults) > 0 {
		return nil, faults
	}
	return c, nil
}

// Parse decodes and validates src; file names it in faults. Secrets are not
// resolved, only checked to be references.
func Parse(file string, src []byte) (*Config, yamlfile.Faults) {
	c := Default()
	c.path = file
	doc, faults := yamlfile.Decode(file, src, c)
	if doc == nil {
		return nil, faults
	}
	for i := range c.Connections {
		c.Connections[i].setDefaults()
	}
	return c, append(faults, c.validate(doc)...)
}

func (c *Connection) setDefaults() {
	def := func(field *string, value string) {
		if *field == "" {
			*field = value
		}
	}
	def(&c.Mode, "observe")
	def(&c.Schedule, "*/15 * * * *")
	def(&c.Sweep, "@daily")
	switch c.CRM {
	case "salesforce":
		def(&c.APIVersion, "60.0")
	case "hubspot":
		def(&c.APIVersion, "2026-03")
		def(&c.BaseURL, "https://api.hubapi.com")
	}
	if len(c.Scorecards) == 0 {
		c.Scorecards = []string{"sales-to-cs"}
	}
	if c.Roles == nil {
		c.Roles = defaultRoles(c.CRM)
	}
	if c.Lag == 0 {
		c.Lag = defaultLag
	}
	if c.Overlap == 0 {
		c.Overlap = defaultOverlap
	}
	if c.Budget.DailyShare == 0 {
		c.Budget.DailyShare = 0.2
	}
	if c.InFlight == 0 {
		c.InFlight = 10
	}
}

// Roles are the keys of the roles that the shipped scorecards look at.
func Roles() []string { return []string{"champion", "executive_sponsor", "day_to_day", "objector"} }

// defaultRoles are role names that CRMs offer out of the box or that teams
// commonly add.
func defaultRoles(crm string) map[string][]string {
	r := map[string][]string{
		"champion":          {"Champion"},
		"executive_sponsor": {"Executive Sponsor", "Economic Buyer", "Economic Decision Maker"},
		"day_to_day":        {"Day-to-day", "Day-to-day contact", "Business User"},
		"objector":          {"Blocker", "Evaluator"},
	}
	if crm == "hubspot" {
		r["champion"] = append(r["champion"], "CHAMPION")
		r["executive_sponsor"] = append(r["executive_sponsor"], "EXECUTIVE_SPONSOR", "BUDGET_HOLDER")
		r["day_to_day"] = append(r["day_to_day"], "END_USER")
		r["objector"] = append(r["objector"], "BLOCKER")
	}
	return r
}

// Words are the texts of tasks: the shipped ones, and those of the file over
// them.
func (c *Config) Words() handoff.Texts {
	all := handoff.Texts{}
	if _, faults := yamlfile.Decode("texts.yaml", shippedTexts, &all); len(faults) > 0 {
		panic(faults) // they are embedded
	}
	maps.Copy(all, c.Texts)
	return all
}

// Scorecards are the shipped ones by file name.
func Scorecards() map[string][]byte {
	files := map[string][]byte{}
	names, err := fs.Glob(shipped, "scorecards/*.yaml")
	if err != nil {
		panic(err) // the pattern is a constant
	}
	for _, name := range names {
		b, err := shipped.ReadFile(name)
		if err != nil {
			panic(err) // it is embedded
		}
		files[filepath.Base(name)] = b
	}
	return files
}

// Cards parses the shipped scorecards, and those of scorecards_dir over them,
// by id.
func (c *Config) Cards() (map[string]*scorecard.Card, error) {
	files := Scorecards()
	if c.ScorecardsDir != "" {
		dir := c.ScorecardsDir
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(filepath.Dir(c.path), dir)
		}
		paths, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
		if err != nil {
			return nil, err
		}
		if len(paths) == 0 {
			return nil, fmt.Errorf("scorecards_dir: no .yaml file in %s", dir)
		}
		for _, path := range paths {
			b, err := os.ReadFile(path)
			if err != nil {
				return nil, fmt.Errorf("scorecards_dir: %w", err)
			}
			files[filepath.Base(path)] = b
		}
	}
	return scorecard.ParseSet(files)
}

// Sizes of examples: the shortest useful one, one that shows what most need, and
// one with every key.
const (
	Minimal = "minimal"
	Usual   = "example"
	Full    = "full"
)

// Example is a commented configuration for "salesforce" or "hubspot".
func Example(crm, size string) (string, error) {
	b, err := examples.ReadFile(size + "-" + crm + ".yaml")
	if err != nil {
		return "", fmt.Errorf("--crm takes salesforce or hubspot, not %q", crm)
	}
	return string(b), nil
}

// Schema is the JSON Schema of the file, for editors.
func Schema() []byte { return schema }

// Path is where the configuration was read from.
func (c *Config) Path() string { return c.path }
