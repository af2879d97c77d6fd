package richtext

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestPlain(t *testing.T) {
	rows := []struct{ name, in, want string }{
		{"empty", "", ""},
		{"plain text is untouched", "  Two  spaces\nand a line ", "  Two  spaces\nand a line "},
		{"an ampersand alone is text", "R&D pays", "R&D pays"},
		{"entities are read", "Smith &amp; Sons&nbsp;AB", "Smith & Sons\u00a0AB"},
		{"comparison is not markup", "a < b & c > d", "a < b & c > d"},
		{"a bound is not markup", "budget <5k and >3 seats", "budget <5k and >3 seats"},
		{"a name in angle brackets is kept", "connects <Acme ERP> to us", "connects <Acme ERP> to us"},
		{"a name beside real markup is kept", "<p>connects <Acme ERP> to us</p>", "connects <Acme ERP> to us"},
		{"an address in angle brackets is kept", "Write to <jo@example.com> first", "Write to <jo@example.com> first"},
		{"unclosed tag is kept", "<b>Live</b> in May <div", "Live in May <div"},
		{"empty rich text", "<p><br></p>", ""},
		{"emphasis leaves no marks", "<p><strong>TBD</strong></p>", "TBD"},
		{"a link gives its words", `<a href="https://example.com/x">see email</a>`, "see email"},
		{"an image gives nothing", `<p><img src="https://example.com/x.png" alt="x"></p>`, ""},
		{"script and style are dropped", "<style>p{}</style><script>alert(1)</script><p>Kept</p>", "Kept"},
		{"blocks stay apart", "<div>d</div><div>x</div>y", "d\n\nx\n\ny"},
		{"line breaks", "one<br>two<br/>three", "one\ntwo\nthree"},
		{"bullets", "<ul><li>SSO</li><li>SFTP</li></ul>", "- SSO\n\n- SFTP"},
		{"cells stay apart", "<table><tr><td>ERP</td><td>v2</td></tr></table>", "ERP v2"},
		{"office markup", "<p>Go<o:p></o:p></p>", "Go"},
		{"underscores and stars are not escaped", "<p>a_b * c # 1. d</p>", "a_b * c # 1. d"},
		{"comment", "<!-- hidden --><p>seen</p>", "seen"},
		{"heading", "<h2>Plan</h2>text", "Plan\n\ntext"},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			if got := Plain(r.in); got != r.want {
				t.Errorf("Plain(%q) = %q, want %q", r.in, got, r.want)
			}
		})
	}
}

func TestDeepAndLong(t *testing.T) {
	deep := strings.Repeat("<div>", 5000) + "inside" + strings.Repeat("</div>", 5000)
	if got := Plain(deep); got != "inside" {
		t.Errorf("deep nesting gave %d bytes, want the word inside it", len(got))
	}
	long := "<style>x</style><p>" + strings.Repeat("word &amp; ", maxParsed/8) + "</p><script>x</script>end"
	got := Plain(long)
	if !strings.HasPrefix(got, "word & word") || !strings.HasSuffix(got, "end") || strings.Contains(got, "x") {
		t.Errorf("long text: got %q ... %q", got[:20], got[len(got)-20:])
	}
}

func TestPlainDoesNotCopyPlainText(t *testing.T) {
	s := strings.Repeat("nothing to convert ", 20)
	if n := testing.AllocsPerRun(50, func() { Plain(s) }); n != 0 {
		t.Errorf("%v allocations for text without markup, want 0", n)
	}
}

func FuzzPlain(f *testing.F) {
	for _, s := range []string{"", "a < b", "<p>x</p>", "<p", "</", "<!--", "&#x0;", "<table><td>", "<a <b>", "\xff<p>\xfe</p>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Plain(s)
		if utf8.ValidString(s) && !utf8.ValidString(got) {
			t.Errorf("Plain(%q) = %q is not valid UTF-8", s, got)
		}
	})
}
