package transport

import "github.com/tidwall/gjson"

// Walk goes over JSON once, from its front to its end; gjson's ForEach looks for
// the end of a nested value before it is read, at every depth anew. The JSON is
// to be valid.
//
//	for name := range w.Fields {
//		if name == "id" {
//			id = w.Text()
//		}
//	}
//
// A value that the loop's body does not read is passed over. A loop that is
// left early leaves the walk where it is.
type Walk struct {
	json string
	at   int
}

// Over returns a walk over a value.
func Over(v gjson.Result) *Walk { return &Walk{json: v.Raw} }

// Fields yields the names of an object's fields; anything else has none.
func (w *Walk) Fields(yield func(name string) bool) {
	if w.next() != '{' {
		w.pass()
		return
	}
	w.at++
	for w.next() == '"' {
		name := w.quoted()
		w.next()
		from := w.at
		if !yield(name) {
			return
		}
		if w.at == from {
			w.pass()
		}
	}
	w.leave()
}

// Items stops at every item of a list. As with gjson's ForEach those of an
// object are its values, and any other value is its own item.
func (w *Walk) Items(yield func() bool) {
	switch w.next() {
	case '[':
		w.at++
		for c := w.next(); c != ']' && c != 0; c = w.next() {
			from := w.at
			if !yield() {
				return
			}
			if w.at == from {
				w.pass()
			}
		}
		w.leave()
	case '{':
		for range w.Fields {
			if !yield() {
				return
			}
		}
	case 0:
	default:
		from := w.at
		if yield() && w.at == from {
			w.pass()
		}
	}
}

// leave passes over the end of a list or an object.
func (w *Walk) leave() { w.at = min(w.at+1, len(w.json)) }

// AtList reports whether a list comes next.
func (w *Walk) AtList() bool { return w.next() == '[' }

// Value reads a value whole.
func (w *Walk) Value() gjson.Result {
	w.next()
	from := w.at
	w.pass()
	return gjson.Parse(w.json[from:w.at])
}

// Both returns a value whole that read reads to its end.
func (w *Walk) Both(read func()) gjson.Result {
	w.next()
	from := w.at
	read()
	return gjson.Parse(w.json[from:w.at])
}

// Text reads a value as text: a string as it is, null as "".
func (w *Walk) Text() string {
	switch w.next() {
	case '"':
		return w.quoted()
	case 'n': // as most properties are
		w.pass()
		return ""
	}
	return w.Value().String()
}

// next is the first byte of what comes next, 0 at the end.
func (w *Walk) next() byte {
	for ; w.at < len(w.json); w.at++ {
		if c := w.json[w.at]; c > ' ' && c != ',' && c != ':' {
			return c
		}
	}
	w.at = len(w.json)
	return 0
}

// pass passes over a value.
func (w *Walk) pass() {
	depth := 0
	for c := w.next(); c != 0; c = w.next() {
		switch c {
		case '"':
			w.string()
		case '{', '[':
			w.at++
			depth++
		case '}', ']':
			w.at++
			depth--
		default: // a number, true, false or null
			for w.at++; w.at < len(w.json); w.at++ {
				if c := w.json[w.at]; c <= ' ' || c == ',' || c == ']' || c == '}' {
					break
				}
			}
		}
		if depth <= 0 {
			return
		}
	}
}

// quoted reads a string.
func (w *Walk) quoted() string {
	from := w.at
	if w.string() {
		return gjson.Parse(w.json[from:w.at]).Str
	}
	return w.json[from+1 : w.at-1]
}

// string passes over a string and reports whether anything in it is escaped.
func (w *Walk) string() (escaped bool) {
	json := w.json
	for i := w.at + 1; i < len(json); i++ {
		switch json[i] {
		case '"':
			w.at = i + 1
			return escaped
		case '\\':
			i++
			escaped = true
		}
	}
	w.at = len(json)
	return true
}
