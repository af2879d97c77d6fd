package richtext

import "testing"

// BenchmarkPlain reads a note as an editor leaves it.
func BenchmarkPlain(b *testing.B) {
	const note = `<div><p>Signed for <b>24 months</b> after legal dropped the exit clause &amp; the CFO agreed.</p>` +
		`<ul><li>pipeline report by 15 January</li><li>SSO through Entra ID</li><li>40,000 contacts to migrate</li></ul>` +
		`<p style="margin:0">Budget &lt; 5k a month, see <a href="https://example.com/x">the offer</a>.<br>They connect <Acme ERP> to us.</p></div>`
	b.ReportAllocs()
	for b.Loop() {
		if Plain(note) == "" {
			b.Fatal("nothing is left")
		}
	}
}
