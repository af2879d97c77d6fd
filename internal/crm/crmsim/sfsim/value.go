package sfsim

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	dateLayout = "2006-01-02"
	timeLayout = "2006-01-02T15:04:05.000-0700"
)

func dateOf(at stamp) string { return time.Unix(int64(at), 0).UTC().Format(dateLayout) }

func stampOf(t time.Time) stamp { return stamp(t.Unix()) }

func (a stamp) time() time.Time { return time.Unix(int64(a), 0).UTC() }

func (a stamp) String() string { return a.time().Format(timeLayout) }

// appendValue writes a stored value as the API shows it in JSON.
func appendValue(b []byte, v any, f *field) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case string:
		return appendString(b, v)
	case bool:
		return strconv.AppendBool(b, v)
	case stamp:
		b = append(b, '"')
		b = v.time().AppendFormat(b, timeLayout)
		return append(b, '"')
	case float64:
		return appendNumber(b, v, f == nil || f.kind != "int")
	}
	return append(b, "null"...)
}

// appendNumber writes a number the way the vendor's Java does: doubles always
// with a decimal point, and with an exponent from ten million on.
func appendNumber(b []byte, v float64, double bool) []byte {
	if !double {
		return strconv.AppendInt(b, int64(v), 10)
	}
	a := math.Abs(v)
	if a != 0 && (a < 1e-3 || a >= 1e7) {
		s := strconv.FormatFloat(v, 'E', -1, 64)
		mantissa, exp, _ := strings.Cut(s, "E")
		if !strings.Contains(mantissa, ".") {
			mantissa += ".0"
		}
		sign := ""
		if strings.HasPrefix(exp, "-") {
			sign = "-"
		}
		return append(b, mantissa+"E"+sign+strings.TrimLeft(exp, "+-0")...)
	}
	at := len(b)
	b = strconv.AppendFloat(b, v, 'f', -1, 64)
	for _, c := range b[at:] {
		if c == '.' {
			return b
		}
	}
	return append(b, ".0"...)
}

const hexDigits = "0123456789abcdef"

// appendString writes a JSON string. It is written out for speed: a page has
// many thousand of them.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c < utf8.RuneSelf {
			b = append(b, s[start:i]...)
			switch c {
			case '"', '\\':
				b = append(b, '\\', c)
			case '\n':
				b = append(b, `\n`...)
			case '\r':
				b = append(b, `\r`...)
			case '\t':
				b = append(b, `\t`...)
			default:
				b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
			}
			i++
			start = i
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			b = append(b, s[start:i]...)
			b = append(b, "\ufffd"...)
			start = i + n
		}
		i += n
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}

// parseTime reads an instant as the API takes it; ok is false otherwise.
func parseTime(s string) (stamp, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999-0700"} {
		if t, err := time.Parse(layout, s); err == nil {
			return stampOf(t), true
		}
	}
	return 0, false
}

func isDate(s string) bool {
	_, err := time.Parse(dateLayout, s)
	return err == nil
}

// units is the length of a text as the vendor counts it: in UTF-16 units.
func units(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r > 0xffff {
			n++
		}
	}
	return n
}

// clip shortens a text to at most n UTF-16 units.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	used := 0
	for i, r := range s {
		used++
		if r > 0xffff {
			used++
		}
		if used > n {
			return s[:i]
		}
	}
	return s
}

// round keeps a number's decimal places as the field has them, half up.
func round(v float64, scale int) float64 {
	text := strconv.FormatFloat(math.Abs(v), 'f', -1, 64)
	whole, frac, _ := strings.Cut(text, ".")
	if len(frac) <= scale {
		return v
	}
	up := frac[scale] >= '5'
	out, _ := strconv.ParseFloat(whole+"."+frac[:scale]+"0", 64)
	if up {
		out += math.Pow10(-scale)
		out, _ = strconv.ParseFloat(strconv.FormatFloat(out, 'f', scale, 64), 64)
	}
	return math.Copysign(out, v)
}
