package hssim

import (
	"strconv"
	"unicode/utf8"
)

// Records are most of what a portal sends, so they are encoded by hand; all
// other answers go through encoding/json.

const hexDigits = "0123456789abcdef"

// appendText appends s as a JSON string. Bytes that are not UTF-8 become U+FFFD.
func appendText(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				b = append(b, s[start:i]...)
				b = append(b, "\ufffd"...)
				i++
				start = i
				continue
			}
			i += size
			continue
		}
		b = append(b, s[start:i]...)
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		i++
		start = i
	}
	return append(append(b, s[start:]...), '"')
}

// A view says what of a record an answer shows.
type view struct {
	props   []*property
	history []*property
	stale   bool // the state the search index has, not the current one
	isNew   *bool
	trace   string
	linked  []*table // associations to embed
	dated   bool
}

// appendRecord appends one record as the object endpoints show it.
func (s *Server) appendRecord(b []byte, r *record, v view) []byte {
	st := r.cur
	if v.stale {
		st = r.seen
	}
	b = append(b, `{"id":"`...)
	b = strconv.AppendInt(b, r.id, 10)
	b = append(b, `","properties":{`...)
	for i, p := range v.props {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendText(b, p.name), ':')
		if text := r.value(st, p); text != "" {
			b = appendText(b, text)
		} else {
			b = append(b, "null"...)
		}
	}
	b = append(b, '}')
	if len(v.history) > 0 {
		b = s.appendHistory(b, r, v.history)
	}
	b = appendText(append(b, `,"createdAt":`...), isoTime(st.created))
	b = appendText(append(b, `,"updatedAt":`...), isoTime(st.modified))
	b = strconv.AppendBool(append(b, `,"archived":`...), st.archived != 0)
	if st.archived != 0 {
		b = appendText(append(b, `,"archivedAt":`...), isoTime(st.archived))
	}
	if v.isNew != nil {
		b = strconv.AppendBool(append(b, `,"new":`...), *v.isNew)
	}
	if v.trace != "" {
		b = appendText(append(b, `,"objectWriteTraceId":`...), v.trace)
	}
	if v.dated {
		b = append(b, `,"url":"https://app.hubspot.com/contacts/`...)
		b = strconv.AppendInt(b, s.portal, 10)
		b = append(b, "/record/"+r.t.kind.id+"/"...)
		b = append(strconv.AppendInt(b, r.id, 10), '"')
	}
	if len(v.linked) > 0 {
		b = s.appendLinks(b, r, v.linked)
	}
	return append(b, '}')
}

func (s *Server) appendHistory(b []byte, r *record, props []*property) []byte {
	b = append(b, `,"propertiesWithHistory":{`...)
	for i, p := range props {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendText(b, p.name), ":["...)
		for j, h := range r.history(p) {
			if j > 0 {
				b = append(b, ',')
			}
			b = appendText(append(b, `{"value":`...), h.text)
			b = appendText(append(b, `,"timestamp":`...), isoTime(h.at))
			b = appendText(append(b, `,"sourceType":`...), h.by.kind)
			if h.by.id != "" {
				b = appendText(append(b, `,"sourceId":`...), h.by.id)
			}
			if h.by.user != 0 {
				b = strconv.AppendInt(append(b, `,"updatedByUserId":`...), h.by.user, 10)
			}
			b = append(b, '}')
		}
		b = append(b, ']')
	}
	return append(b, '}')
}

// appendLinks embeds associations, in the older shape: one row for the
// unlabelled type and one for each label. Kinds without any are left out, and so
// is the whole part of a record without any.
func (s *Server) appendLinks(b []byte, r *record, to []*table) []byte {
	first := true
	for _, t := range to {
		links := r.linksTo(t)
		if len(links) == 0 {
			continue
		}
		if first {
			b = append(b, `,"associations":{`...)
		} else {
			b = append(b, ',')
		}
		first = false
		b = append(appendText(b, t.plural), `:{"results":[`...)
		for i, l := range links {
			if i > 0 {
				b = append(b, ',')
			}
			for j, name := range s.linkNames(l, r) {
				if j > 0 {
					b = append(b, ',')
				}
				b = appendText(append(b, `{"id":`...), l.other(r).key())
				b = append(appendText(append(b, `,"type":`...), name), '}')
			}
		}
		b = append(b, "]}"...)
	}
	if first {
		return b
	}
	return append(b, '}')
}

// linkNames are the type names of an association in the older shape.
func (s *Server) linkNames(l *link, r *record) []string {
	names := []string{associationName(r.t, l.other(r).t)}
	for _, lb := range l.labels {
		names = append(names, lb.name)
	}
	return names
}
