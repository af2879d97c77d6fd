package config_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/handoffscore/syncd/config"
	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
	"github.com/handoffscore/syncd/internal/handoff"
	"github.com/handoffscore/syncd/internal/scorecard"
)

var update = flag.Bool("update", false, "rewrite schema.json")

const good = `company: {time_zone: Europe/Berlin, currency: EUR}
connections:
  - name: org
    crm: salesforce
    auth: {flow: client_credentials, login_url: "https://acme.my.salesforce.com", client_id: "${env:ID}", client_secret: "${file:/run/secret}"}
    scope: {go_live: 2026-12-01}
    fields: {arr: ARR__c, evidence: {"1.1": Use_Case__c}}
`

func TestTheShortestUsefulConfig(t *testing.T) {
	c, faults := config.Parse("x.yaml", []byte(good))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	con := c.Connections[0]
	if con.Mode != "observe" || con.APIVersion != "60.0" || c.Database != "syncd.db" || con.Scorecards[0] != "sales-to-cs" {
		t.Errorf("defaults: %+v", con)
	}
	if con.Fields["evidence.1.1"] != "Use_Case__c" {
		t.Errorf("fields: %v", con.Fields)
	}
}

func TestExamplesAreValid(t *testing.T) {
	for _, name := range []string{"salesforce", "hubspot"} {
		for _, size := range []string{config.Minimal, config.Usual, config.Full} {
			text, err := config.Example(name, size)
			if err != nil {
				t.Fatal(err)
			}
			if _, faults := config.Parse(name, []byte(text)); len(faults) > 0 {
				t.Error(size, faults)
			}
		}
	}
	if _, err := config.Example("pipedrive", config.Usual); err == nil {
		t.Error("an example for a CRM there is none for")
	}
}

// The full examples teach every key of the schema, in use or behind a #.
func TestFullExamplesHaveEveryKey(t *testing.T) {
	var doc map[string]any
	if err := json.Unmarshal(config.Schema(), &doc); err != nil {
		t.Fatal(err)
	}
	keys := map[string]bool{}
	var walk func(n map[string]any)
	walk = func(n map[string]any) {
		for _, part := range n {
			if sub, ok := part.(map[string]any); ok {
				walk(sub)
			}
		}
		props, _ := n["properties"].(map[string]any)
		for key := range props {
			keys[key] = true
		}
	}
	walk(doc)
	if len(keys) < 40 {
		t.Fatalf("the schema has %d keys: the test looks in the wrong place", len(keys))
	}
	alone := map[string]string{
		"base_url": "hubspot", "searches_per_second": "hubspot", "token": "hubspot", "owners": "hubspot", "teams": "hubspot",
		"login_url": "salesforce", "username": "salesforce", "password": "salesforce", "security_token": "salesforce", "private_key": "salesforce",
		"audience": "salesforce", "composite_writes": "salesforce", "chatter": "salesforce", "attempt_object": "salesforce",
	}
	for _, name := range []string{"salesforce", "hubspot"} {
		text, err := config.Example(name, config.Full)
		if err != nil {
			t.Fatal(err)
		}
		for key := range keys {
			if only := alone[key]; only != "" && only != name {
				continue
			}
			if !regexp.MustCompile(`\b` + key + `\b`).MatchString(text) {
				t.Errorf("full-%s.yaml does not speak of %s", name, key)
			}
		}
	}
}

// Each row makes one thing wrong and wants one fault at its place.
func TestFaults(t *testing.T) {
	for _, c := range []struct{ name, from, to, path, says string }{
		{"unknown key", "    crm: salesforce", "    crn: salesforce", "connections[0].crn", "crm"},
		{"a password in the address", "connections:", "database: postgres://me:hunter2@db/syncd\nconnections:", "database", "holds a password"},
		{"a password among parameters", "connections:", "database: postgres://me@db/syncd?sslpassword=hunter2\nconnections:", "database", "holds a password"},
		{"a password with a slash", "connections:", "database: postgres://me:hun/ter2@db/syncd\nconnections:", "database", "%2F"},
		{"words of libpq", "connections:", "database: host=db user=me password=hunter2 dbname=syncd\nconnections:", "database", "neither a file"},
		{"a name that climbs", "name: ", "name: \"..\" # ", "connections[0].name", "letter or digit first"},
		{"a name with a slash", "name: ", "name: \"a/b\" # ", "connections[0].name", "dashes"},
		{"a name with signs for terminals", "name: ", "name: \"a\\e[2Jb\" # ", "connections[0].name", "dashes"},
		{"a name without end", "name: ", "name: " + strings.Repeat("ö", 65) + " # ", "connections[0].name", "up to 64"},
		{"a lag of weeks", "    scope:", "    lag: 400h\n    scope:", "connections[0]", "at most a day"},
		{"requests without end", "    scope:", "    in_flight: 100000\n    scope:", "connections[0].in_flight", "25"},
		{"evidence of no item", `"1.1": Use_Case__c`, `"9.9": Use_Case__c`, `connections[0].fields.evidence["9.9"]`, "no item"},
		{"a reference that is none", "connections:", "database: ${home:X}\nconnections:", "database", "is no reference"},
		{"a waiver by nobody", "    scope:", "    visibility_waiver: {by: \" \", until: 2027-03-31}\n    scope:", "connections[0].visibility_waiver.by", "has no value"},
		{"a waiver without an end", "    scope:", "    visibility_waiver: {by: Jane Doe}\n    scope:", "connections[0].visibility_waiver.until", "until"},
		{"unknown crm", "crm: salesforce", "crm: salesfroce", "connections[0].crm", "salesforce"},
		{"unknown flow", "flow: client_credentials", "flow: client_credential", "connections[0].auth.flow", "client_credentials"},
		{"mode", "    scope:", "    mode: dry\n    scope:", "connections[0].mode", "observe"},
		{"schedule", "    scope:", "    schedule: often\n    scope:", "connections[0].schedule", "cron"},
		{"time zone", "Europe/Berlin", "Europe/Bern1", "company.time_zone", "IANA"},
		{"currency", "currency: EUR", "currency: euro", "company.currency", "EUR"},
		{"phone region", "currency: EUR", "currency: EUR, phone_region: XX", "company.phone_region", "DE"},
		{"working hours", "currency: EUR", "currency: EUR, working_hours: nine to five", "company.working_hours", "Mon-Fri"},
		{"http.listen", "connections:", "http: {listen: here}\nconnections:", "http.listen", "off"},
		{"http.listen has a port by name", "connections:", "http: {listen: \"127.0.0.1:http\"}\nconnections:", "http.listen", "no address"},
		{"profiles for everybody", "connections:", "http: {admin: \":6060\"}\nconnections:", "http.admin", "loopback"},
		{"profiles for the network", "connections:", "http: {admin: \"10.0.0.1:6060\"}\nconnections:", "http.admin", "loopback"},
		{"profiles beside the pages", "connections:", "http: {admin: \"127.0.0.1:8080\"}\nconnections:", "http.admin", "its own"},
		{"plain http", "https://acme", "http://acme", "connections[0].auth.login_url", "https"},
		{"literal secret", `"${env:ID}"`, `abc123`, "connections[0].auth.client_id", "${env:NAME}"},
		{"no go_live", "scope: {go_live: 2026-12-01}", "scope: {types: [New]}", "connections[0].scope.go_live", "go_live"},
		{"go_live is no date", "2026-12-01", "soon", "connections[0].scope.go_live", "2026-12-01"},
		{"unknown field", "arr: ARR__c", "ar: ARR__c", "connections[0].fields.ar", "arr"},
		{"unknown role", "    scope:", "    roles: {champoin: [C]}\n    scope:", "connections[0].roles.champoin", "champion"},
		{"unknown scorecard", "    scope:", "    scorecards: [sales-to-sc]\n    scope:", "connections[0].scorecards[0]", "sales-to-cs"},
		{"threshold without its card", "go_live: 2026-12-01", "go_live: 2026-12-01, threshold: 100", "connections[0].scope.threshold", "simplified"},
		{"missing secret", `, client_secret: "${file:/run/secret}"`, "", "connections[0].auth.client_secret", "add it"},
		{"budget of more than all", "    scope:", "    budget: {daily_share: 1.2}\n    scope:", "connections[0].budget.daily_share", "0.2"},
		{"searches below none", "    scope:", "    budget: {searches_per_second: -1}\n    scope:", "connections[0].budget.searches_per_second", "leave it out"},
		{"searches of an org", "    scope:", "    budget: {searches_per_second: 3}\n    scope:", "connections[0].budget.searches_per_second", "HubSpot only"},
		{"text of no kind", "connections:", "texts: {csm_remainder: {subject: A, body: B}}\nconnections:", "texts.csm_remainder", "csm_reminder"},
		{"text with a score", "connections:", "texts: {ae_rehandoff: {subject: Only 14 of forty, body: B}}\nconnections:", "texts.ae_rehandoff", "digit"},
		{"text with a band", "connections:", "texts: {ae_rehandoff: {subject: A, body: This is below standard}}\nconnections:", "texts.ae_rehandoff", "Below Standard"},
		{"text of what there is not", "connections:", "texts: {ae_rehandoff: {subject: \"{{.Score}}\", body: B}}\nconnections:", "texts.ae_rehandoff", "Score"},
		{"correction before final", "    scope:", "    correction_window: -1h\n    scope:", "connections[0].correction_window", "0s"},
		{"api version", "    scope:", "    api_version: \"30.0\"\n    scope:", "connections[0].api_version", "31.0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			src := strings.Replace(good, c.from, c.to, 1)
			if src == good {
				t.Fatal("the row changes nothing")
			}
			_, faults := config.Parse("x.yaml", []byte(src))
			found := false
			for _, f := range faults {
				if f.Path == c.path && strings.Contains(f.Message+f.Fix, c.says) && f.Line > 0 && f.Col > 0 && f.Excerpt != "" {
					found = true
				}
			}
			if !found {
				t.Errorf("want a fault at %s saying %q, got:\n%v", c.path, c.says, faults)
			}
		})
	}
}

// A waiver that lacks something is one fault for each thing, said once.
func TestAWaiverIsFaultedOnce(t *testing.T) {
	for waiver, want := range map[string]int{`{by: "", until: 2027-03-31}`: 1, `{by: Jane Doe}`: 1, `{by: " "}`: 2, `{by: Jane Doe, until: ""}`: 1, `{by: Jane Doe, until: soon}`: 1} {
		src := strings.Replace(good, "    scope:", "    visibility_waiver: "+waiver+"\n    scope:", 1)
		if _, faults := config.Parse("x.yaml", []byte(src)); len(faults) != want {
			t.Errorf("%s: %d faults, want %d:\n%v", waiver, len(faults), want, faults)
		}
	}
}

// Posts are off unless asked for, Salesforce's alone, and go with tasks.
func TestChatter(t *testing.T) {
	hubspot, err := config.Example("hubspot", config.Usual)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		src, lines string
		on         bool
		says       string // "" if there is no fault
	}{
		{good, "", false, ""},
		{good, "    chatter: true\n", true, ""},
		{good, "    chatter: true\n    tasks: false\n", true, "tasks is false"},
		{hubspot, "    chatter: true\n", true, "not for HubSpot"},
	} {
		cfg, faults := config.Parse("x.yaml", []byte(strings.Replace(c.src, "    scope:", c.lines+"    scope:", 1)))
		if c.says == "" && (len(faults) > 0 || cfg.Connections[0].Chatter != c.on) {
			t.Errorf("%q: %v", c.lines, faults)
		}
		if c.says != "" && (len(faults) != 1 || faults[0].Path != "connections[0].chatter" || faults[0].Line == 0 || !strings.Contains(faults[0].Message, c.says) || !strings.Contains(faults[0].Fix, "remove")) {
			t.Errorf("%q: %v", c.lines, faults)
		}
	}
}

// Composite writes are off unless asked for, and Salesforce's alone.
func TestCompositeWrites(t *testing.T) {
	const on = "    composite_writes: true\n    scope:"
	for _, c := range []struct {
		src  string
		want bool
	}{{good, false}, {strings.Replace(good, "    scope:", on, 1), true}} {
		if cfg, faults := config.Parse("x.yaml", []byte(c.src)); len(faults) > 0 || cfg.Connections[0].Composite != c.want {
			t.Errorf("want %v: %v", c.want, faults)
		}
	}
	hubspot, err := config.Example("hubspot", config.Usual)
	if err != nil {
		t.Fatal(err)
	}
	_, faults := config.Parse("x.yaml", []byte(strings.Replace(hubspot, "    scope:", on, 1)))
	if len(faults) != 1 || faults[0].Path != "connections[0].composite_writes" || !strings.Contains(faults[0].Fix, "remove") {
		t.Errorf("for HubSpot: %v", faults)
	}
}

func TestTheServerCanBeSwitchedOff(t *testing.T) {
	for src, want := range map[string]string{"": "127.0.0.1:8080", `http: {listen: ""}`: "", "http: {listen: off}": "off", `http: {listen: "off", admin: "[::1]:0"}`: "off"} {
		c, faults := config.Parse("x.yaml", []byte(good+src+"\n"))
		if len(faults) > 0 || c.HTTP.Listen != want {
			t.Errorf("%s: %+v, %v", src, c.HTTP, faults)
		}
	}
}

func TestAllFaultsAtOnce(t *testing.T) {
	src := strings.NewReplacer("Europe/Berlin", "Nowhere", "crm: salesforce", "crm: sap", "2026-12-01", "never").Replace(good)
	_, faults := config.Parse("x.yaml", []byte(src))
	if len(faults) < 3 {
		t.Errorf("%d faults of three:\n%v", len(faults), faults)
	}
}

func TestTwoConnectionsOfOneName(t *testing.T) {
	second := good[strings.Index(good, "  - name"):]
	_, faults := config.Parse("x.yaml", []byte(good+second))
	if len(faults) != 1 || faults[0].Path != "connections[1].name" {
		t.Errorf("%v", faults)
	}
}

func TestSecretsNeverPrint(t *testing.T) {
	t.Setenv("ID", "hunter2")
	c, faults := config.Parse("x.yaml", []byte(good))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	auth := c.Connections[0].Auth
	if v, err := auth.ClientID.Value(); err != nil || v != "hunter2" {
		t.Fatalf("%q %v", v, err)
	}
	b, err := json.Marshal(auth)
	if err != nil {
		t.Fatal(err)
	}
	for _, printed := range []string{fmt.Sprint(auth), fmt.Sprintf("%+v %#v %s %q %d", auth, auth, auth.ClientID, auth.ClientID, auth.ClientID), string(b)} {
		if strings.Contains(printed, "hunter2") || strings.Contains(printed, "ID}") || !strings.Contains(printed, "[redacted]") {
			t.Errorf("printed %s", printed)
		}
	}
	if _, err := auth.ClientSecret.Value(); err == nil || !strings.Contains(err.Error(), "/run/secret") {
		t.Errorf("missing file: %v", err)
	}
}

func TestSchemaIsFreshAndAgreesWithTheDecoder(t *testing.T) {
	made, err := config.MakeSchema()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("schema.json", made, 0o644); err != nil {
			t.Fatal(err)
		}
	} else if !bytes.Equal(made, config.Schema()) {
		t.Fatal("schema.json is stale: run go test ./config -update")
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(made))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	sf, _ := config.Example("salesforce", config.Usual)
	hs, _ := config.Example("hubspot", config.Usual)
	for _, c := range []struct {
		src string
		ok  bool
	}{
		{good, true},
		{sf, true},
		{hs, true},
		{strings.Replace(good, "    crm:", "    crn:", 1), false},
		{strings.Replace(good, "crm: salesforce", "crm: sap", 1), false},
		{strings.Replace(good, "{arr: ARR__c", "{arr: [ARR__c]", 1), false},
		{strings.Replace(good, `"${env:ID}"`, "abc", 1), false},
		{"company: {time_zone: UTC}\n", false},
	} {
		var v any
		if err := yaml.Unmarshal([]byte(c.src), &v); err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(v); (err == nil) != c.ok {
			t.Errorf("schema says %v, want ok=%v for\n%s", err, c.ok, c.src)
		}
		if _, faults := config.Parse("x", []byte(c.src)); (len(faults) == 0) != c.ok {
			t.Errorf("decoder says %v, want ok=%v", faults, c.ok)
		}
	}
}

// What a connection asks for, and what the simulated orgs have, agree by name.
func TestSetupAsksForWhatTheSimulatedOrgHas(t *testing.T) {
	text, _ := config.Example("salesforce", config.Usual)
	c, faults := config.Parse("x", []byte(text))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	set, err := c.Cards()
	if err != nil {
		t.Fatal(err)
	}
	setup := c.Setup(&c.Connections[0], []*scorecard.Card{set["sales-to-cs"], set["sales-to-cs-simplified"]})
	have := map[string]bool{}
	for _, f := range world.Cells() {
		have[f.Name] = true
	}
	ours, csm := 0, 0
	seen := map[string]bool{}
	for _, f := range setup.Fields {
		if seen[f.Name] {
			t.Errorf("%s is asked for twice", f.Name)
		}
		seen[f.Name] = true
		if !have[f.Name] {
			t.Errorf("%s is not in the simulated org", f.Name)
		}
		switch f.Writer {
		case crm.Ours:
			ours++
		case crm.CSM:
			csm++
		}
	}
	if d := cmp.Diff([]int{27, 25}, []int{ours, csm}); d != "" {
		t.Errorf("fields of ours and of the CSM:\n%s", d)
	}
}

func TestScorecardsOfTheOwnFolderReplaceShippedOnes(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "cards"), 0o700); err != nil {
		t.Fatal(err)
	}
	card := bytes.Replace(config.Scorecards()["sales-to-cs.yaml"], []byte("title: Sales-to-CS handoff"), []byte("title: Our own"), 1)
	for name, b := range map[string][]byte{"cards/sales-to-cs.yaml": card, "syncd.yaml": []byte(good + "scorecards_dir: cards\n")} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := config.Load(filepath.Join(dir, "syncd.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	set, err := c.Cards()
	if err != nil || set["sales-to-cs"].Title != "Our own" {
		t.Errorf("%v %v", set["sales-to-cs"], err)
	}
}

func TestShippedTextsSayNothingThatAEsAreNotToRead(t *testing.T) {
	set, err := config.Default().Cards()
	if err != nil {
		t.Fatal(err)
	}
	cards := slices.Collect(maps.Values(set))
	words := config.Default().Words()
	for _, kind := range handoff.Kinds() {
		if fault := words[kind].Lint(cards); fault != "" {
			t.Errorf("%s: %s", kind, fault)
		}
	}
	if len(words) != len(handoff.Kinds()) {
		t.Errorf("%d texts", len(words))
	}
}

// Every judgement item has a cell for the CSM's note, which is created and never
// read.
func TestNotesAreNoFieldsToRead(t *testing.T) {
	cfg, faults := config.Parse("x.yaml", []byte(strings.Replace(good, "fields: {", "fields: {item_1_2_note: Why__c, ", 1)))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	cards, err := cfg.Cards()
	if err != nil {
		t.Fatal(err)
	}
	con := &cfg.Connections[0]
	s := cfg.Setup(con, []*scorecard.Card{cards["sales-to-cs"], cards["sales-to-cs-simplified"], cards["partner-handoff"]})
	judged, notes := 0, map[string]crm.Field{}
	for _, f := range s.Fields {
		if strings.HasSuffix(f.Base, "_score") && strings.HasPrefix(f.Base, "item_") && f.Writer == crm.CSM {
			judged++
		}
		if strings.HasSuffix(f.Base, "_note") {
			t.Errorf("%s is read", f.Name)
		}
	}
	for _, f := range s.Notes {
		notes[f.Name] = f
	}
	if len(notes) != judged || len(notes) != len(s.Notes) || judged < 17 {
		t.Errorf("%d notes (%d by name) for %d items", len(s.Notes), len(notes), judged)
	}
	n := notes["item_1_1_note"]
	if n.Kind != crm.LongText || n.Writer != crm.CSM || n.Access != crm.Internal || len([]rune(n.Label)) > 40 || notes["item_1_2_note"].Native != "Why__c" {
		t.Errorf("%+v %+v", n, notes["item_1_2_note"])
	}
	if _, auto := notes["item_5_1_note"]; auto {
		t.Error("an item that nobody judges has a note")
	}
}
