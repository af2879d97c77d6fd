package richtext

import "strings"

// escapeStray turns every '<' that begins no HTML tag into "&lt;", so that no
// parser swallows "<5k" or "<Acme ERP>", and counts the tags that remain.
func escapeStray(s string) (string, int) {
	var b strings.Builder
	tags, done := 0, 0
	last := strings.LastIndexByte(s, '>')
	for i := 0; i < len(s); i++ {
		if s[i] != '<' {
			continue
		}
		if i < last && opensTag(s[i+1:]) {
			tags++
			continue
		}
		b.WriteString(s[done:i])
		b.WriteString("&lt;")
		done = i + 1
	}
	if done == 0 {
		return s, tags
	}
	b.WriteString(s[done:])
	return b.String(), tags
}

// opensTag reports whether s, the text behind a '<', begins a comment, a
// declaration or a tag that HTML or an office program knows.
func opensTag(s string) bool {
	if strings.HasPrefix(s, "!--") || strings.HasPrefix(s, "!DOCTYPE") || strings.HasPrefix(s, "!doctype") {
		return true
	}
	s = strings.TrimPrefix(s, "/")
	end := 0
	for end < len(s) && nameByte(s[end]) {
		end++
	}
	if end == 0 || end == len(s) || end > 20 {
		return false
	}
	switch s[end] {
	case '>', '/', ' ', '\t', '\n', '\r', '\f':
	default:
		return false
	}
	name := strings.ToLower(s[:end])
	return known(name) || strings.IndexByte(name, ':') > 0 // <o:p>
}

func nameByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == ':'
}

// known tells the element names that rich-text editors and mail programs emit.
func known(name string) bool {
	switch name {
	case "a", "abbr", "address", "article", "aside", "b", "big", "blockquote", "body", "br", "button",
		"caption", "center", "cite", "code", "col", "colgroup", "dd", "del", "details", "dfn", "div", "dl", "dt",
		"em", "figcaption", "figure", "font", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "head",
		"header", "hr", "html", "i", "iframe", "img", "input", "ins", "kbd", "label", "li", "link", "main",
		"mark", "meta", "nav", "nobr", "noscript", "object", "ol", "option", "p", "param", "pre", "q", "s",
		"samp", "script", "section", "select", "small", "span", "strike", "strong", "style", "sub", "summary",
		"sup", "table", "tbody", "td", "textarea", "tfoot", "th", "thead", "time", "title", "tr", "tt", "u",
		"ul", "var", "video", "wbr", "xml":
		return true
	}
	return false
}
