package yamlfile

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestExcerptsHideSecrets(t *testing.T) {
	for _, tt := range []struct{ name, src, want string }{
		{"plain", "token: abc # c", "token: [redacted]"},
		{"quoted key", `"client_secret": abc`, `"client_secret": [redacted]`},
		{"in a list", "- password: abc", "- password: [redacted]"},
		{"in braces", "auth: {flow: x, token: abc, y: z}", "auth: {flow: x, token: [redacted]"},
		{"first in braces", "auth: {token: abc}", "auth: {token: [redacted]"},
		{"longer names", "webhook_secret: abc\nrefresh_token: d\nsecurity_token: e\nMY-API-KEY: f", "webhook_secret: [redacted]\nrefresh_token: [redacted]\nsecurity_token: [redacted]\nMY-API-KEY: [redacted]"},
		{"a name that only begins so", "token_url: https://a.example\nsecretary: Ann", "token_url: https://a.example\nsecretary: Ann"},
		{"reference", "token: ${env:T}\na: b", "token: ${env:T}\na: b"},
		{"reference in quotes", `token: "${file:/run/t}" # c`, `token: "${file:/run/t}" # c`},
		{"reference in braces", "auth: {token: ${env:T}, flow: x}", "auth: {token: ${env:T}, flow: x}"},
		{"reference, then a secret", "auth: {token: ${env:T}, password: abc}", "auth: {token: ${env:T} [redacted]"},
		{"half a reference", "token: ${env:T}abc", "token: [redacted]"},
		{"block", "private_key: |\n  -----BEGIN\n\n  abc\nb: c", "private_key: |\n  [redacted]\n\n  [redacted]\nb: c"},
		{"a reference in a block is text", "private_key: |\n  ${env:T}\n", "private_key: |\n  [redacted]\n"},
		{"next line", "token:\n  abc\nb: c", "token:\n  [redacted]\nb: c"},
		{"next line, a reference", "token:\n  ${env:T}\nb: c", "token:\n  ${env:T}\nb: c"},
		{"next line, not indented", "{token:\nabc\n}", "{token:\n[redacted]\n}"},
		{"folded over lines", "token: abc\n  def\nb: c", "token: [redacted]\n  [redacted]\nb: c"},
		{"quote over lines", "token: \"abc\ndef\nghi\"\nb: c", "token: [redacted]\n[redacted]\n[redacted]\nb: c"},
		{"no value, then another key", "token:\npassword: abc\nb: c", "token:\npassword: [redacted]\nb: c"},
		{"key and value apart", "? token\n: abc\nb: c", "? token\n[redacted]\nb: c"},
		{"password in an address", "database: postgres://u:abc@h/d", "database: postgres://u:[redacted]@h/d"},
		{"password with signs in an address", "database: postgres://u:a@b:c@h/d", "database: postgres://u:[redacted]@h/d"},
		{"password with a slash in an address", "database: postgres://u:a/b@h/d", "database: postgres://u:[redacted]@h/d"},
		{"password among parameters", "database: postgres://u@h/d?sslpassword=abc&x=y", "database: postgres://u@h/d?sslpassword=[redacted]&x=y"},
		{"password in words of libpq", "database: host=h password=abc dbname=d", "database: host=h password=[redacted] dbname=d"},
		{"no space after the colon in quotes", `{"token":"abc"}`, `{"token":[redacted]`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, strings.Join(masked(tt.src), "\n")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Whatever is wrong around a secret, its value is in no fault.
func TestNoFaultTellsASecret(t *testing.T) {
	for _, src := range []string{
		"auth:\n  token: @hunter2", "auth:\n  token: 'hunter2", "auth:\n\ttoken: hunter2",
		"auth:\n  token: hunter2: x", "auth: {token: [hunter2, b: }", "auth:\n  tokn: 1\n  token: hunter2",
		"auth:\n  token: hunter2\n  token: hunter2", "token: hunter2", "auth:\n  client_secret:\n    - hunter2\n    - 2",
		"auth:\n  client_secret: true\n  token:\n    hunter2: 1\n", "auth: {\"token\":\"hunter2\", x: y}",
		"auth:\n  token: |\n    hunter2\n   hunter2\n", "private_key: >\n  hunter2\n  @hunter2\n",
		"password: &hunter2 a", "password: !hunter2 a",
	} {
		var s sample
		_, faults := Decode("s.yaml", []byte(src), &s)
		if len(faults) == 0 {
			t.Errorf("%q: no fault", src)
		}
		if strings.Contains(faults.Error(), "hunter2") {
			t.Errorf("%q:\n%v", src, faults)
		}
	}
}

func TestExcerpts(t *testing.T) {
	long := "note: " + strings.Repeat("a", 300) + "Z" + strings.Repeat("b", 300)
	doc := &Doc{lines: masked("a:\tb\n\n" + long)}
	for _, tt := range []struct {
		at   place
		want string
	}{
		{place{1, 4}, "    1 | a:\tb\n      |   \t^"},
		{place{1, 99}, "    1 | a:\tb\n      |   \t ^"},
		{place{2, 1}, "    2 |\n      | ^"},
		{place{3, 307}, "    3 | " + strings.Repeat("a", 50) + "Z" + strings.Repeat("b", 49) + "\n      | " + strings.Repeat(" ", 50) + "^"},
		{place{9, 1}, ""},
		{place{0, 0}, ""},
	} {
		if diff := cmp.Diff(tt.want, doc.excerpt(tt.at)); diff != "" {
			t.Errorf("%v: %s", tt.at, diff)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		"name: a\ncount: 010\n", "auth: {token: abc}", "parts:\n  - id: 1\n    max: x\n", "a: &x [*x]", "? a\n: b",
		"- - - a", "a: |\n b\n  c", "\t", "---\n---\n", "%YAML 1.2\n---\na: b", "<<: *a", "!!map {a: b}", "{a: b, a: c}", "é: \"\\x\"",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		var s sample
		doc, faults := Decode("f.yaml", []byte(src), &s)
		if doc == nil && len(faults) == 0 {
			t.Error("neither a Doc nor a fault")
		}
		for _, fault := range faults {
			if fault.Line < 1 || fault.Col < 1 || fault.Message == "" {
				t.Errorf("%+v", fault)
			}
		}
		_ = faults.Error()
		if doc != nil {
			_ = doc.Fault("parts[0].id", "m", "")
		}
	})
}
