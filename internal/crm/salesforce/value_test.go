package salesforce

import (
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/handoffscore/syncd/internal/crm"
)

func TestIDsAreEighteenCharacters(t *testing.T) {
	for in, want := range map[string]string{
		"006R00000024gDt":    "006R00000024gDtIAI", // printed in the vendor's documentation
		"006R00000024gDtIAI": "006R00000024gDtIAI",
		"000000000000000":    "000000000000000AAA",
		"AAAAAAAAAAAAAAA":    "AAAAAAAAAAAAAAA555",
		"D-104":              "D-104",
		"":                   "",
	} {
		if got := id18(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestCanonicalText(t *testing.T) {
	for _, c := range []struct {
		kind       string
		json, want string
	}{
		{"double", `12.0`, "12"},
		{"double", `0.50`, "0.5"},
		{"double", `100`, "100"},
		{"double", `-0.0`, "0"},
		{"currency", `90071992547409931`, "90071992547409931"},
		{"currency", `1.25E7`, "12500000"},
		{"double", `1e-3`, "0.001"},
		{"double", `null`, ""},
		{"boolean", `true`, "true"},
		{"boolean", `false`, "false"},
		{"date", `"2026-11-20"`, "2026-11-20"},
		{"datetime", `"2026-11-20T09:12:44.000+0000"`, "2026-11-20T09:12:44.000Z"},
		{"datetime", `"2026-11-20T09:12:44.000+0200"`, "2026-11-20T07:12:44.000Z"},
		{"datetime", `"2026-11-20T09:12:44Z"`, "2026-11-20T09:12:44.000Z"},
		{"picklist", `"a;b"`, "a;b"},
		{"textarea", `"<p>\u00a0</p>"`, "<p>\u00a0</p>"},
		{"user", `"005R00000024gDt"`, "005R00000024gDtIAI"},
		{"address", `{"city":"Bonn","street":null,"postalCode":"53111"}`, "Bonn, 53111"},
	} {
		f := field{Type: c.kind, Length: 300}
		if c.kind == "user" {
			f = field{Type: "reference", ReferenceTo: []string{"User"}}
		}
		if got := text(f.kind(), gjson.Parse(c.json)); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.kind, c.json, got, c.want)
		}
	}
}

func TestWireForm(t *testing.T) {
	berlin, _ := time.LoadLocation("Europe/Berlin")
	for _, c := range []struct {
		f        field
		in, want string // want "!" is an error
	}{
		{field{Type: "double"}, "12.50", `12.5`},
		{field{Type: "double"}, "90071992547409931", `90071992547409931`},
		{field{Type: "double"}, "3", `3`},
		{field{Type: "double"}, "0", `0`},
		{field{Type: "double"}, "007", `7`},
		{field{Type: "double"}, "-1", `-1`},
		{field{Type: "double"}, "", `null`},
		{field{Type: "double"}, "many", `!`},
		{field{Type: "boolean"}, "true", `true`},
		{field{Type: "boolean"}, "", `false`},
		{field{Type: "boolean"}, "yes", `!`},
		{field{Type: "string", Length: 5}, "abcdef", `"abcd…"`},
		{field{Type: "string", Length: 5}, "abcde", `"abcde"`},
		{field{Type: "string", Length: 4}, "a😀b😀", `"a😀…"`},
		{field{Type: "string"}, "", `null`},
		{field{Type: "date"}, "2026-11-20T23:30:00.000Z", `"2026-11-21"`},
		{field{Type: "date"}, "soon", `!`},
		{field{Type: "datetime"}, "2026-11-20T09:00:00.000Z", `"2026-11-20T09:00:00.000Z"`},
		{field{Type: "datetime"}, "2026-11-20", `"2026-11-19T23:00:00.000Z"`},
		{field{Type: "picklist", Length: 255}, "Green", `"Green"`},
	} {
		v, err := c.f.wire(c.in, berlin)
		got := "!"
		if err == nil {
			got = string(v.append(nil))
		}
		if got != c.want {
			t.Errorf("%s %q: %s, want %s", c.f.Type, c.in, got, c.want)
		}
	}
}

func FuzzAnyAnswerIsRead(f *testing.F) {
	for _, s := range []string{`[]`, `null`, ``, `{}`, `[{}]`, `[{"errorCode":1}]`, `<html>`, `{"error":{"a":1}}`} {
		f.Add(s)
	}
	f.Fuzz(func(_ *testing.T, s string) {
		faultOf([]byte(s))
		number(s)
		id18(s)
		clean(s)
	})
}

func TestWhatIsShownHoldsNobodysDetails(t *testing.T) {
	got := clean("Value dana.fox@example.com or +49 (30) 1234-5678 is wrong for\n 006R00000024gDtIAI")
	want := "Value [address] or [number] is wrong for 006R00000024gDtIAI"
	if got != want {
		t.Errorf("got %q", got)
	}
	if got := clean(strings.Repeat("x", 1000)); len([]rune(got)) != 300 {
		t.Errorf("%d characters", len(got))
	}
}

func TestNativeNames(t *testing.T) {
	for _, c := range []struct {
		f    crm.Field
		want string
	}{
		{crm.Field{Prefix: "handoff", Base: "status"}, "Handoff_Status__c"},
		{crm.Field{Prefix: "handoff", Base: "item_1_1_score"}, "Handoff_Item_1_1_Score__c"},
		{crm.Field{Prefix: "partner", Base: "score_out_of"}, "Partner_Score_Out_Of__c"},
		{crm.Field{Prefix: "handoff", Base: "status", Native: "X__c"}, "X__c"},
		{crm.Field{Name: "arr"}, ""},
	} {
		if got := nativeName(c.f); got != c.want {
			t.Errorf("%+v: %q, want %q", c.f, got, c.want)
		}
	}
}
