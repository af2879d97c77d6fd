package autoscore

import (
	"strings"
	"testing"
)

// Whatever stands in a contact's fields is judged, and no list of rules is
// left out by an odd spelling.
func FuzzContactDetails(f *testing.F) {
	for _, s := range []string{
		"hanna@millbrook.example.com", "a@b", "a@-b.com", "\"a b\"@example.com", "a@xn--", "a@例え.jp",
		"+44 20 7946 0101", "030 901820", "+", "00", "1;ext=", "tel:+49;phone-context=x",
	} {
		f.Add(s)
	}
	j := New(Rules{PhoneRegion: "DE", Domains: []string{"seller.example.net"}})
	f.Fuzz(func(t *testing.T, s string) {
		if code := j.mailbox(s); code == "" {
			at := strings.LastIndexByte(s, '@')
			if at < 1 || !strings.Contains(s[at:], ".") && !strings.ContainsAny(s[at:], "。．｡") || strings.HasSuffix(strings.ToLower(strings.TrimSpace(s)), "@seller.example.net") {
				t.Errorf("%q can be used", s)
			}
		} else if sentences[code] == "" {
			t.Errorf("%q gives %q, which has no sentence", s, code)
		}
		if n := j.number(s); n != "" && j.number(n) != n {
			t.Errorf("%q is %q, which is %q", s, n, j.number(n))
		}
	})
}
