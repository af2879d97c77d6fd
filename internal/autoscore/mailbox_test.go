package autoscore

import (
	"net/mail"
	"strings"
	"testing"

	"golang.org/x/net/idna"
	"pgregory.net/rapid"
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

// What is usual is what the libraries leave as it is.
func TestUsualAddressesAreTheLibrarys(t *testing.T) {
	part := rapid.StringOfN(rapid.SampledFrom([]rune("abnxz019-._+é@ \"")), 0, 8, -1)
	usuals := 0
	rapid.Check(t, func(t *rapid.T) {
		local, host := part.Draw(t, "local"), part.Draw(t, "host")+rapid.SampledFrom([]string{"", ".com", ".xn--p1ai"}).Draw(t, "suffix")
		if usual(local) {
			a, err := mail.ParseAddress(local + "@example.com")
			if err != nil || a.Address != local+"@example.com" {
				t.Fatalf("%q is usual, and net/mail says %v, %v", local, a, err)
			}
			usuals++
		}
		if labelled(host) && !strings.Contains(host, "--") {
			ascii, err := idna.Lookup.ToASCII(host)
			if err != nil || ascii != host {
				t.Fatalf("%q is usual, and IDNA says %q, %v", host, ascii, err)
			}
			if a, err := mail.ParseAddress("a@" + host); err != nil || a.Address != "a@"+host {
				t.Fatalf("%q is usual, and net/mail says %v, %v", host, a, err)
			}
			usuals++
		}
	})
	if usuals == 0 {
		t.Error("nothing was usual")
	}
}
