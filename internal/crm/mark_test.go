package crm

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestMarkedKey(t *testing.T) {
	for _, c := range []struct{ text, key string }{
		{"[syncd a/1]", "a/1"},
		{"Words\n\n[syncd a/1]", "a/1"},
		{"Words\r\n[syncd a/1]\r\nmore", "a/1"},
		{"Words and at its end [syncd a/1] ", "a/1"},
		{"<p>Words</p><p>[syncd a/1]</p><p>more</p>", "a/1"},
		{"Words<br>[syncd&nbsp;a/1]<br/>more", "a/1"},
		{`<div dir="auto"><b>[syncd a/1]</b></div><div>more</div>`, "a/1"},
		{"<p>Words [syncd\u00a0a/1]</p>", "a/1"},
		{"[syncd b/2]\n[syncd a/1]", "a/1"},
		{"[syncd a/1]\nas in [syncd b/2], but", "a/1"},
		{"Words [syncd a/1] in the middle", ""},
		{"[syncd a/1] begins a line", ""},
		{"ends a line [syncd a/1]\nof two", ""},
		{"<p>Words [syncd a/1]</p><p>more</p>", ""},
		{"<p>Words <b>[syncd a/1]</b> more</p>", ""},
		{"[syncd]", ""},
		{"[syncd ]", ""},
		{"[syncd a/1", ""},
		{"[syncd a\n1]", ""},
		{"[SYNCD a/1]", ""},
		{"", ""},
	} {
		if got := MarkedKey(c.text); got != c.key {
			t.Errorf("%q: key %q, want %q", c.text, got, c.key)
		}
	}
}

func TestMarkable(t *testing.T) {
	for key, want := range map[string]bool{
		"006D000000ABC/sales-to-cs/1/ae_rehandoff": true, "": false, " ": false, " a": false, "a]": false, "a[": false, "a\nb": false,
		"R&D": false, "<a>": false, "a\x00": false, "\xff": false, "it's": false,
	} {
		if got := Markable(key); got != want {
			t.Errorf("%q: %v", key, got)
		}
	}
}

func FuzzBeforeMark(f *testing.F) {
	f.Add("Words", "a/1", "after")
	f.Fuzz(func(t *testing.T, before, key, after string) {
		text := before + "\n" + Mark(key) + "\n" + after
		if !Markable(key) || MarkedKey(text) != key {
			return
		}
		got := BeforeMark(text, "note", "\n")
		if MarkedKey(got) != key || strings.Replace(got, "note\n", "", 1) != text {
			t.Errorf("%q became %q", text, got)
		}
	})
}

func FuzzMarked(f *testing.F) {
	f.Add("Words 😀 words", "a/1", 30)
	f.Fuzz(func(t *testing.T, body, key string, most int) {
		x := Task{Key: key, Body: body}
		if !Markable(key) {
			return
		}
		most = Units(Mark(key)) + 2 + (most%100+100)%100
		got := x.Marked(most, nil)
		if !utf8.ValidString(got) || MarkedKey(got) != key || Units(got) > most {
			t.Errorf("%q of %d units at most became %q", body, most, got)
		}
		if again := (Task{Key: key, Body: got}).Marked(most, nil); again != got {
			t.Errorf("%q, done once more, became %q", got, again)
		}
	})
}
