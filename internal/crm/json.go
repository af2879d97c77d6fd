package crm

import (
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// What is kept of every deal is written as JSON by hand: it is the largest text
// of a pass, and reflection took three times as long. AppendJSON writes what
// the tags of the types say, and a test holds the two against each other.

// AppendJSON appends the deal as JSON.
func (d *Deal) AppendJSON(b []byte) []byte {
	b = append(b, `{"ref":{"connection":`...)
	b = AppendText(b, d.Ref.Connection)
	b = AppendMember(b, "object", string(d.Ref.Object))
	b = AppendMember(b, "id", d.Ref.ID)
	b = append(b, `},"name":`...)
	b = appendCell(b, d.Name)
	b = AppendSome(b, "account_id", string(d.AccountID))
	b = append(b, `,"won":`...)
	b = strconv.AppendBool(b, d.Won)
	b = append(b, `,"closed":`...)
	b = strconv.AppendBool(b, d.Closed)
	b = append(b, `,"won_at":{`...)
	b = AppendTime(b, "at", d.WonAt.At)
	if d.WonAt.Imprecise {
		b = append(Comma(b), `"imprecise":true`...)
	}
	b = AppendSome(b, "source", d.WonAt.Source)
	b = append(b, '}')
	for _, c := range []struct {
		name string
		cell *Cell
	}{
		{"stage", &d.Stage},
		{"pipeline", &d.Pipeline},
		{"record_type", &d.RecordType},
		{"type", &d.Type},
		{"amount", &d.Amount},
		{"currency", &d.Currency},
		{"close_date", &d.CloseDate},
	} {
		b = appendCell(AppendName(b, c.name), *c.cell)
	}
	b = AppendSome(b, "owner", string(d.Owner))
	b = AppendSome(b, "seller", string(d.Seller))
	b = AppendTime(b, "created_at", d.CreatedAt)
	b = AppendTime(b, "modified_at", d.ModifiedAt)
	if !d.Fields.IsZero() {
		b = appendCells(AppendName(b, "fields"), d.Fields)
	}
	b = appendRoles(b, d.Roles)
	b = appendContacts(b, d.Contacts)
	b = appendNotes(b, d.Notes)
	b = strconv.AppendUint(AppendName(b, "notes_state"), uint64(d.NotesState), 10)
	return append(b, '}')
}

func appendCells(b []byte, c Cells) []byte {
	b = append(b, '{')
	for name, cell := range c.All() {
		b = appendCell(AppendKey(b, name), cell)
	}
	return append(b, '}')
}

func appendCell(b []byte, c Cell) []byte {
	if c.State == Read && c.At.IsZero() {
		return AppendText(b, c.Text)
	}
	b = append(b, '{')
	if c.State != Read {
		b = strconv.AppendUint(AppendName(b, "s"), uint64(c.State), 10)
	}
	b = AppendSome(b, "v", c.Text)
	b = AppendTime(b, "at", c.At)
	return append(b, '}')
}

func appendRoles(b []byte, roles map[string]Role) []byte {
	if len(roles) == 0 {
		return b
	}
	var keys [8]string
	b = append(AppendName(b, "roles"), '{')
	for _, key := range sorted(roles, keys[:0]) {
		b = append(AppendKey(b, key), `{"state":`...)
		b = strconv.AppendUint(b, uint64(roles[key].State), 10)
		if ids := roles[key].Contacts; len(ids) > 0 {
			b = append(b, `,"contacts":[`...)
			for _, id := range ids {
				b = AppendText(Comma(b), string(id))
			}
			b = append(b, ']')
		}
		b = append(b, '}')
	}
	return append(b, '}')
}

func appendContacts(b []byte, list []Contact) []byte {
	if len(list) == 0 {
		return b
	}
	b = append(AppendName(b, "contacts"), '[')
	for i := range list {
		c := &list[i]
		b = append(Comma(b), '{')
		b = AppendMember(b, "id", string(c.ID))
		for _, f := range []struct {
			name string
			cell *Cell
		}{
			{"name", &c.Name}, {"title", &c.Title}, {"email", &c.Email}, {"phone", &c.Phone}, {"mobile", &c.Mobile}, {"context", &c.Context},
		} {
			b = appendCell(AppendName(b, f.name), *f.cell)
		}
		b = strconv.AppendUint(AppendName(b, "bounce"), uint64(c.Bounce), 10)
		b = append(b, '}')
	}
	return append(b, ']')
}

func appendNotes(b []byte, list []Note) []byte {
	if len(list) == 0 {
		return b
	}
	b = append(AppendName(b, "notes"), '[')
	for i := range list {
		n := &list[i]
		b = append(Comma(b), '{')
		b = AppendMember(b, "id", n.ID)
		b = AppendMember(b, "kind", string(n.Kind))
		b = AppendStamp(AppendName(b, "at"), n.At)
		b = AppendSome(b, "author", string(n.Author))
		b = AppendSome(b, "title", n.Title)
		b = AppendSome(b, "body", n.Body)
		if n.Ours {
			b = append(b, `,"ours":true`...)
		}
		b = append(b, '}')
	}
	return append(b, ']')
}

// AppendTexts appends an object of texts, by name.
func AppendTexts(b []byte, m map[string]string) []byte {
	var names [64]string
	b = append(b, '{')
	for _, name := range sorted(m, names[:0]) {
		b = AppendText(AppendKey(b, name), m[name])
	}
	return append(b, '}')
}

func sorted[V any](m map[string]V, names []string) []string {
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Comma separates a member or an element from the one before it.
func Comma(b []byte) []byte {
	if last := b[len(b)-1]; last != '{' && last != '[' {
		return append(b, ',')
	}
	return b
}

// AppendName appends a member's name; its value is to follow. The name is one of
// the program's own and stands as it is.
func AppendName(b []byte, name string) []byte {
	return append(append(append(Comma(b), '"'), name...), '"', ':')
}

// AppendKey is AppendName for any text.
func AppendKey(b []byte, key string) []byte { return append(AppendText(Comma(b), key), ':') }

// AppendMember appends a text under a name.
func AppendMember(b []byte, name, text string) []byte { return AppendText(AppendName(b, name), text) }

// AppendSome appends a text under a name unless it is "".
func AppendSome(b []byte, name, text string) []byte {
	if text == "" {
		return b
	}
	return AppendMember(b, name, text)
}

// AppendTime appends an instant under a name unless it is zero.
func AppendTime(b []byte, name string, t time.Time) []byte {
	if t.IsZero() {
		return b
	}
	return AppendStamp(AppendName(b, name), t)
}

// AppendStamp appends an instant.
func AppendStamp(b []byte, t time.Time) []byte {
	return append(t.AppendFormat(append(b, '"'), time.RFC3339Nano), '"')
}

// AppendInt appends a number under a name.
func AppendInt(b []byte, name string, n int) []byte {
	return strconv.AppendInt(AppendName(b, name), int64(n), 10)
}

// AppendTrue appends a mark under a name where it is set.
func AppendTrue(b []byte, name string, is bool) []byte {
	if !is {
		return b
	}
	return append(AppendName(b, name), "true"...)
}

// AppendEach appends a list under a name unless it is empty.
func AppendEach[E any](b []byte, name string, list []E, one func([]byte, *E) []byte) []byte {
	if len(list) == 0 {
		return b
	}
	return AppendList(AppendName(b, name), list, one)
}

// AppendList appends a list, null if it is nil.
func AppendList[E any](b []byte, list []E, one func([]byte, *E) []byte) []byte {
	if list == nil {
		return append(b, "null"...)
	}
	b = append(b, '[')
	for i := range list {
		b = one(Comma(b), &list[i])
	}
	return append(b, ']')
}

// AppendStrings appends a list of texts under a name unless it is empty.
func AppendStrings(b []byte, name string, list []string) []byte {
	return AppendEach(b, name, list, func(b []byte, s *string) []byte { return AppendText(b, *s) })
}

// AppendText appends a text as a JSON string. HTML stays as it is; bytes that
// are no UTF-8 become the sign for that.
func AppendText(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); {
		for i+8 <= len(s) && plain(s[i:i+8]) {
			i += 8
		}
		if i == len(s) {
			break
		}
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				b = append(append(b, s[from:i]...), `\ufffd`...)
				from = i + 1
			}
			i += size
			continue
		}
		b = append(b, s[from:i]...)
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
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
		from = i
	}
	return append(append(b, s[from:]...), '"')
}

// plain reports whether each of eight bytes stands for itself in a JSON string:
// a subtraction borrows the top bit of a byte that is below ' ', or that is the
// quote or the backslash, which the sign before it has made 0.
func plain(s string) bool {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	w := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 | uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
	return (w|(w-' '*ones)|(w^'"'*ones-ones)|(w^'\\'*ones-ones))&tops == 0
}
