package crm

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Cut shortens text to at most units UTF-16 units, the way CRMs count, and
// shows that it did. 0 does not limit.
func Cut(text string, units int) string {
	if units <= 0 || utf8.RuneCountInString(text) <= units/2 {
		return text
	}
	n, end := 0, 0 // end: where the text is cut if an ellipsis follows
	for i, r := range text {
		if n <= units-1 {
			end = i
		}
		n++
		if r > 0xFFFF {
			n++
		}
	}
	if n <= units {
		return text
	}
	return text[:end] + "…"
}

// Units counts text in UTF-16 units.
func Units(text string) int {
	n := 0
	for _, r := range text {
		n++
		if r > 0xFFFF {
			n++
		}
	}
	return n
}

// Tidy makes text fit for any CRM: valid Unicode, no control characters but
// line feeds and tabs, nothing blank around it.
func Tidy(text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, ""), "\r\n", "\n")
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\r':
			return '\n'
		case unicode.IsControl(r) && r != '\n' && r != '\t':
			return -1
		}
		return r
	}, text)
	return strings.TrimSpace(text)
}

// Count is a number of things in words: "1 connection", "2 connections".
func Count[N ~int | ~int64](n N, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
