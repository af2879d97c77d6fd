package yamlfile

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// sample is a struct with every kind of field.
type sample struct {
	Name     string            `yaml:"name" required:"true"`
	Count    int               `yaml:"count"`
	Small    int8              `yaml:"small"`
	Share    float64           `yaml:"share"`
	On       bool              `yaml:"on"`
	Wait     time.Duration     `yaml:"wait"`
	Since    date              `yaml:"since"`
	Until    *date             `yaml:"until"`
	Limit    *int              `yaml:"limit"`
	Tags     []string          `yaml:"tags"`
	Labels   map[string]string `yaml:"labels"`
	Auth     *auth             `yaml:"auth"`
	Parts    []part            `yaml:"parts"`
	Extra    `yaml:",inline"`
	Ignored  string `yaml:"-"`
	Untagged string
	hidden   string
}

type auth struct {
	Flow   string `yaml:"flow" required:"true"`
	Token  secret `yaml:"token"`
	Secret string `yaml:"client_secret"`
}

type part struct {
	ID  string `yaml:"id" required:"true"`
	Max int    `yaml:"max"`
}

type Extra struct {
	Note string `yaml:"note"`
}

// date is a type that reads itself.
type date struct{ time.Time }

func (d *date) UnmarshalText(b []byte) (err error) {
	if d.Time, err = time.Parse(time.DateOnly, string(b)); err != nil {
		return notDate(b)
	}
	return nil
}

type notDate string

func (n notDate) Error() string { return fmt.Sprintf("%q is not a date", string(n)) }
func (n notDate) Fix() string   { return "write it like 2026-12-01" }

// secret takes references only, and says what it was given.
type secret string

func (s *secret) UnmarshalText(b []byte) error {
	if *s = secret(b); !strings.HasPrefix(string(b), "${") {
		return errors.New("plain value " + string(b))
	}
	return nil
}

func TestDecodeFillsEveryKindOfField(t *testing.T) {
	const src = "\ufeff# a comment\r\n" + `name: 2026-12-01
count: -12
small: 7
share: 0.25
on: true
wait: 36h
since: 2026-12-01
until: "2026-12-31"
limit: 0
tags: [a, 1.10, 007]
labels: {"1.1": x, 1.10: y, "two words": 5}
auth:
  flow: jwt
  token: ${env:TOKEN}
parts:
  - id: 1
    max: 2
  - {id: b}
note: >-
  one
  line
`
	got := sample{Ignored: "kept", Untagged: "kept", hidden: "kept"}
	doc, faults := Decode("s.yaml", []byte(src), &got)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	day := func(s string) date { d, _ := time.Parse(time.DateOnly, s); return date{d} }
	until, zero := day("2026-12-31"), 0
	want := sample{
		Name: "2026-12-01", Count: -12, Small: 7, Share: 0.25, On: true, Wait: 36 * time.Hour,
		Since: day("2026-12-01"), Until: &until, Limit: &zero,
		Tags:   []string{"a", "1.10", "007"},
		Labels: map[string]string{"1.1": "x", "1.10": "y", "two words": "5"},
		Auth:   &auth{Flow: "jwt", Token: "${env:TOKEN}"},
		Parts:  []part{{ID: "1", Max: 2}, {ID: "b"}},
		Extra:  Extra{Note: "one line"}, Ignored: "kept", Untagged: "kept", hidden: "kept",
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(sample{})); diff != "" {
		t.Error(diff)
	}
	for path, has := range map[string]bool{
		"auth.flow": true, `labels["1.10"]`: true, "parts[1].id": true, "parts[1].max": false, "": true,
	} {
		if doc.Has(path) != has {
			t.Errorf("Has(%s) = %v", path, !has)
		}
	}
}

func TestValuesNotGivenKeepTheirDefaults(t *testing.T) {
	got := sample{Count: 5, On: true, Auth: &auth{Flow: "jwt"}, Tags: []string{"x"}}
	if _, faults := Decode("s.yaml", []byte("name: a\nauth:\n  flow: password\n  token: ${file:t}\nuntil:\n"), &got); faults != nil {
		t.Fatal(faults)
	}
	want := sample{Name: "a", Count: 5, On: true, Auth: &auth{Flow: "password", Token: "${file:t}"}, Tags: []string{"x"}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(sample{})); diff != "" {
		t.Error(diff)
	}
	// A required key must still be in the file, whatever was set before.
	_, faults := Decode("s.yaml", []byte("auth: {}\n"), &got)
	if diff := cmp.Diff([]string{"1:1 auth.flow: is missing", "1:1 name: is missing"}, brief(faults)); diff != "" {
		t.Error(diff)
	}
}

// brief shows faults without file, fix and excerpt.
func brief(fs Faults) []string {
	var all []string
	for _, f := range fs {
		path := f.Path
		if path != "" {
			path += ": "
		}
		all = append(all, fmt.Sprintf("%d:%d %s%s", f.Line, f.Col, path, f.Message))
	}
	return all
}

func TestEveryFaultHasItsPlace(t *testing.T) {
	for _, tt := range []struct{ name, src, want string }{
		{"empty file", "", "1:1 name: is missing"},
		{"only a comment", "# nothing\n", "1:1 name: is missing"},
		{"unknown key", "name: a\ncuont: 1", "2:1 cuont: unknown key \"cuont\""},
		{"unknown key below", "name: a\nauth:\n  flow: x\n  flw: y", "4:3 auth.flw: unknown key \"flw\""},
		{"repeated key", "name: a\nname: b", "2:1 name: is given twice, first on line 1"},
		{"repeated key of a map", "name: a\nlabels: {a: 1, a: 2}", "2:16 labels.a: is given twice, first on line 2"},
		{"text for a number", "name: a\ncount: many", "2:8 count: wants a whole number, not many"},
		{"number in quotes", "name: a\ncount: '5'", "2:8 count: wants a whole number, not the text \"5\""},
		{"fraction for a whole number", "name: a\ncount: 1.5", "2:8 count: wants a whole number, not 1.5"},
		{"octal", "name: a\ncount: 010", "2:8 count: wants a whole number, not 010"},
		{"octal that is none", "name: a\ncount: 08", "2:8 count: wants a whole number, not 08"},
		{"hexadecimal", "name: a\ncount: 0x10", "2:8 count: wants a whole number, not 0x10"},
		{"underscores", "name: a\ncount: 1_000", "2:8 count: wants a whole number, not 1_000"},
		{"too large", "name: a\nsmall: 300", "2:8 small: is too large a number"},
		{"far too large", "name: a\ncount: 99999999999999999999", "2:8 count: is too large a number"},
		{"fraction too large", "name: a\nshare: 1e999", "2:8 share: is too large a number"},
		{"not a number", "name: a\nshare: .nan", "2:8 share: wants a number, not .nan"},
		{"infinite", "name: a\nshare: .inf", "2:8 share: wants a number, not .inf"},
		{"yes for true", "name: a\non: yes", "2:5 on: wants true or false, not yes"},
		{"true in quotes", "name: a\non: \"true\"", "2:5 on: wants true or false, not the text \"true\""},
		{"True is not true", "name: a\non: True", "2:5 on: wants true or false, not True"},
		{"true for text", "name: true", "1:7 name: wants text, and true means yes or no"},
		{"list for text", "name: [a]", "1:7 name: wants text, not a list"},
		{"block list for text", "name:\n  - a", "1:1 name: wants text, not a list"},
		{"keys for a number", "name: a\ncount:\n  x: 1", "2:1 count: wants a whole number, not keys of its own"},
		{"nothing for a number", "name: a\ncount:", "2:1 count: wants a whole number, not nothing"},
		{"nothing for a bool", "name: a\non: ~", "2:1 on: wants true or false, not nothing"},
		{"nothing for a share", "name: a\nshare:", "2:1 share: wants a number, not nothing"},
		{"nothing for a length of time", "name: a\nwait:", "2:1 wait: wants a length of time, not nothing"},
		{"text for a list", "name: a\ntags: x", "2:7 tags: wants a list, not x"},
		{"text for keys", "name: a\nauth: jwt", "2:7 auth: wants keys of its own, not jwt"},
		{"list for keys", "name: a\nauth: [jwt]", "2:7 auth: wants keys of its own, not a list"},
		{"text for a map", "name: a\nlabels: jwt", "2:9 labels: wants keys of its own, not jwt"},
		{"bad length of time", "name: a\nwait: 3 days", "2:7 wait: wants a length of time, not 3 days"},
		{"bad date", "name: a\nsince: soon", `2:8 since: "soon" is not a date`},
		{"bad date behind a pointer", "name: a\nuntil: soon", `2:8 until: "soon" is not a date`},
		{"list for a date", "name: a\nsince: [x]", "2:8 since: wants a single value, not a list"},
		{"missing in an entry", "name: a\nparts:\n  - max: 2", "3:5 parts[0].id: is missing"},
		{"nothing for an entry", "name: a\nparts:\n  -", "3:5 parts[0].id: is missing"},
		{"fault in an entry", "name: a\nparts:\n- {id: x, max: y}", "3:16 parts[0].max: wants a whole number, not y"},
		{"required but nothing", "name:", "1:1 name: has no value"},
		{"required but blank", "name: '  '", "1:1 name: has no value"},
		{"anchor", "name: &x a", "1:7 name: anchors and aliases are not used in this file"},
		{"alias", "name: a\nnote: *x", "2:7 note: anchors and aliases are not used in this file"},
		{"tag", "name: !!str a", "1:7 name: tags are not used in this file"},
		{"tag where a list belongs", "name: a\ntags: !x [a]", "2:7 tags: tags are not used in this file"},
		{"merge key", "name: a\n<<: {count: 1}", "2:1 this key is not a plain word"},
		{"second document", "name: a\n---\nname: b", "3:1 a second document starts here"},
		{"the file is a list", "- a", "1:1 wants keys of its own, not a list"},
		{"the file is a word", "hello", "1:1 wants keys of its own, not hello"},
		{"secret not shown", "name: a\nauth: {flow: x, client_secret: [hunter2]}", "2:32 auth.client_secret: wants text, not a list"},
		{"secret as true", "name: a\nauth: {flow: x, token: hunter2}", "2:24 auth.token: plain value [redacted]"},
		{"missing in the file of a list", "name: a\nparts: x", "2:8 parts: wants a list, not x"},
		{"long text is cut", "name: a\ncount: " + strings.Repeat("x", 60), `2:8 count: wants a whole number, not the text "` + strings.Repeat("x", 40) + `"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var s sample
			doc, faults := Decode("s.yaml", []byte(tt.src), &s)
			if diff := cmp.Diff([]string{tt.want}, brief(faults)); diff != "" {
				t.Error(diff)
			}
			if doc == nil {
				t.Error("no Doc, though the YAML can be read")
			}
		})
	}
}

func TestBrokenYAMLNamesTheSlip(t *testing.T) {
	for _, tt := range []struct{ name, src, at, fix string }{
		{"tab", "auth:\n\tflow: x", "2:1", "indent with spaces, not tabs"},
		{"open quote", "name: \"a\ncount: 2", "1:7", "close the quote"},
		{"open bracket", "tags: [a\ncount: 2", "2:1", "check indentation, quotes and brackets on this line and the one above"},
		{"two colons", "name: a: b", "1:7", "check the indentation, or put a value that holds a colon in quotes"},
		{"reserved character", "name: @a", "1:7", "put the value in quotes"},
		{"no colon", "name\ncount: 1", "1:1", `write "key: value"`},
		{"not UTF-8", "name: a\xffb", "1:8", "save the file as UTF-8"},
		{"control character", "name: a\x00b", "1:8", "remove it"},
		{"too large", strings.Repeat("#", maxBytes+1), "1:1", "is this the right file?"},
		{"deep brackets", strings.Repeat("[", 5000), "1:101", "is this the right file?"},
		{"deep braces", strings.Repeat("{a: ", 5000), "1:401", "is this the right file?"},
		{"deep dashes", strings.Repeat("- ", 5000) + "a", "1:201", "is this the right file?"},
		{"deep questions", strings.Repeat("? ", 5000), "1:201", "is this the right file?"},
		{"deep indentation", "a:\n" + strings.Repeat(" ", 5000) + "b: 1", "2:1001", "is this the right file?"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var s sample
			doc, faults := Decode("s.yaml", []byte(tt.src), &s)
			if len(faults) != 1 || doc != nil {
				t.Fatalf("doc %v, faults %v", doc, faults)
			}
			f := faults[0]
			if at := fmt.Sprintf("%d:%d", f.Line, f.Col); at != tt.at || f.Fix != tt.fix {
				t.Errorf("at %s (%s), want %s (%s): %s", at, f.Fix, tt.at, tt.fix, f.Message)
			}
		})
	}
}

func TestFixesSayWhatToWrite(t *testing.T) {
	for src, want := range map[string]string{
		"name: a\ncuont: 1":                        `did you mean "count"?`,
		"name: a\nzzzzzz: 1":                       `known: name, count, small, share, on, wait, since, until, limit, tags, labels, auth, parts, note`,
		"name: a\ncount: 010":                      "a leading zero can mean octal; write 10",
		"name: a\ncount: -0_7":                     "a leading zero can mean octal; write -7",
		"name: a\ncount: 00":                       "a leading zero can mean octal; write 0",
		"name: a\ncount: 1_000":                    "write 1000",
		"name: a\ncount: '5'":                      "write 5 without quotes",
		"name: true":                               `write "true"`,
		"name: a\ntags: x":                         "write [x]",
		"name: a\ntags: {x: y}":                    `start each entry with "- "`,
		"name: a\nsince: x":                        "write it like 2026-12-01",
		"count: 1":                                 `add "name:"`,
		"name: !!str a":                            "remove !!str",
		"name: a\nauth: {flow: x, token: 'plain'}": "",
	} {
		var s sample
		_, faults := Decode("s.yaml", []byte(src), &s)
		if len(faults) != 1 || faults[0].Fix != want {
			t.Errorf("%q: %+v, want fix %q", src, faults, want)
		}
	}
}

func TestAllFaultsComeAtOnceInOrder(t *testing.T) {
	var s sample
	doc, faults := Decode("s.yaml", []byte("count: x\nauth:\n  flw: 1\nparts:\n  - {id: a}\n  - {max: 01}\n"), &s)
	faults = append(faults, doc.Fault("parts[0].id", "is taken", "choose another"))
	const want = `s.yaml:1:1: name: is missing (add "name:")
    1 | count: x
      | ^
s.yaml:1:8: count: wants a whole number, not x
    1 | count: x
      |        ^
s.yaml:2:1: auth.flow: is missing (add "flow:")
    2 | auth:
      | ^
s.yaml:3:3: auth.flw: unknown key "flw" (did you mean "flow"?)
    3 |   flw: 1
      |   ^
s.yaml:5:10: parts[0].id: is taken (choose another)
    5 |   - {id: a}
      |          ^
s.yaml:6:5: parts[1].id: is missing (add "id:")
    6 |   - {max: 01}
      |     ^
s.yaml:6:11: parts[1].max: wants a whole number, not 01 (a leading zero can mean octal; write 1)
    6 |   - {max: 01}
      |           ^`
	if diff := cmp.Diff(want, faults.Err().Error()); diff != "" {
		t.Error(diff)
	}
	if Faults(nil).Err() != nil {
		t.Error("no faults are an error")
	}
}

func TestFaultOfMeaningIsPlacedAtTheNearestParent(t *testing.T) {
	var s sample
	doc, faults := Decode("s.yaml", []byte("name: a\nauth:\n  flow: jwt\nlabels:\n  \"1.1\": x\n  \"a[0].b\": y\nparts:\n  - id: a\n"), &s)
	if faults != nil {
		t.Fatal(faults)
	}
	for path, want := range map[string][2]int{
		"auth.flow":                {3, 9},
		"auth.username":            {2, 1},
		"auth.deep.er[3].still":    {2, 1},
		Join("labels", "1.1"):      {5, 10},
		Join("labels", "1.2", "x"): {4, 1},
		Join("labels", "a[0].b"):   {6, 13},
		Join("labels", `a["`):      {4, 1},
		"parts[0].max":             {8, 5},
		"parts[7].max":             {7, 1},
		"nowhere":                  {1, 1},
		"":                         {1, 1},
	} {
		f := doc.Fault(path, "m", "")
		if got := [2]int{f.Line, f.Col}; got != want || f.Path != path {
			t.Errorf("%s at %v, want %v", path, got, want)
		}
	}
}

func TestOnlyStructsAndMapsCanBeFilled(t *testing.T) {
	for name, into := range map[string]any{"nil": nil, "not a pointer": sample{}, "nil pointer": (*sample)(nil)} {
		if _, faults := Decode("s.yaml", []byte("a: 1"), into); len(faults) != 1 {
			t.Errorf("%s: %v", name, faults)
		}
	}
	var odd struct {
		C  chan int       `yaml:"c"`
		M  map[int]string `yaml:"m"`
		CC []chan int     `yaml:"cc"`
	}
	_, faults := Decode("s.yaml", []byte("c: 1\nm: {1: a}\ncc: [[1]]"), &odd)
	want := []string{"1:4 c: cannot be set from a file", "2:1 m: cannot be set from a file", "3:6 cc[0]: wants something else, not a list"}
	if diff := cmp.Diff(want, brief(faults)); diff != "" {
		t.Error(diff)
	}
	m := map[string][]string{}
	if _, faults := Decode("s.yaml", []byte("a: [x]\nb:"), &m); faults != nil {
		t.Fatal(faults)
	}
	if diff := cmp.Diff(map[string][]string{"a": {"x"}, "b": {}}, m); diff != "" {
		t.Error(diff)
	}
}

func TestFlatTakesKeysNestedOrWithDots(t *testing.T) {
	var file struct {
		Fields Flat `yaml:"fields"`
	}
	doc, faults := Decode("s.yaml", []byte("fields:\n  arr: ARR__c\n  evidence: {\"1.1\": Use__c}\n  none.4.2: None__c\n"), &file)
	if faults != nil {
		t.Fatal(faults)
	}
	if diff := cmp.Diff(Flat{"arr": "ARR__c", "evidence.1.1": "Use__c", "none.4.2": "None__c"}, file.Fields); diff != "" {
		t.Error(diff)
	}
	if !doc.Has(Join("fields", "evidence", "1.1")) {
		t.Error("a nested key has no place")
	}
	for src, want := range map[string]string{
		"fields: [a]": "1:9 fields: wants keys of its own, not a list",
		"fields:\n  evidence: {\"1.1\": a}\n  evidence.1.1: b": `3:3 fields["evidence.1.1"]: is given twice, nested and with a dot`,
		"fields: {arr: [a]}": "1:15 fields.arr: wants text, not a list",
		"fields: {arr: }":    "1:10 fields.arr: wants text, not nothing",
	} {
		if _, faults := Decode("s.yaml", []byte(src), &file); cmp.Diff([]string{want}, brief(faults)) != "" {
			t.Errorf("%q: %v", src, brief(faults))
		}
	}
}

func TestFaultsAreBounded(t *testing.T) {
	var s sample
	_, faults := Decode("s.yaml", []byte("name: a\n"+strings.Repeat("- x\n", 3)), &s)
	if len(faults) != 1 {
		t.Error(faults)
	}
	var b strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&b, "unknown%d: 1\n", i)
	}
	if _, faults = Decode("s.yaml", []byte(b.String()), &s); len(faults) != maxFaults {
		t.Errorf("%d faults", len(faults))
	}
}

func TestNearest(t *testing.T) {
	known := []string{"flow", "client_id", "client_secret", "login_url", "arr"}
	for word, want := range map[string]string{
		"flwo": "flow", "Flow": "flow", "clientid": "client_id", "client_secrets": "client_secret",
		"url": "", "a": "", "xyz": "", "ar": "arr", "arrr": "arr", "": "",
	} {
		if got := Nearest(word, known); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}
