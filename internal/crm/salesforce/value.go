package salesforce

import (
	"strings"
	"time"

	"github.com/shopspring/decimal"
	"github.com/tidwall/gjson"

	"github.com/handoffscore/syncd/internal/crm"
)

// stampLayout is how the API writes instants; RFC 3339 does not read it.
const stampLayout = "2006-01-02T15:04:05.000-0700"

// canonicalStamp is how syncd writes instants, see crm.Kind.
const canonicalStamp = "2006-01-02T15:04:05.000Z"

// kind is the canonical kind of a described field.
func (f *field) kind() crm.Kind {
	switch f.Type {
	case "boolean":
		return crm.Bool
	case "int", "long", "double", "currency", "percent":
		return crm.Number
	case "date":
		return crm.Date
	case "datetime":
		return crm.DateTime
	case "picklist", "multipicklist", "combobox":
		return crm.Picklist
	case "reference":
		for _, to := range f.ReferenceTo {
			if to == "User" {
				return crm.User
			}
		}
	case "textarea":
		if f.Length > 255 || f.Length == 0 {
			return crm.LongText
		}
	}
	return crm.Text
}

// text gives the canonical text of a value as it came, by the field's kind.
// The text shares no memory with the answer.
func text(kind crm.Kind, v gjson.Result) string {
	switch v.Type {
	case gjson.Null:
		return ""
	case gjson.True:
		return "true"
	case gjson.False:
		return "false"
	case gjson.Number:
		return number(v.Raw)
	case gjson.JSON:
		return compound(v)
	}
	switch kind {
	case crm.DateTime:
		return stamp(v.Str)
	case crm.Date:
		if len(v.Str) > len("2006-01-02") {
			return strings.Clone(v.Str[:len("2006-01-02")])
		}
	case crm.Number:
		return number(v.Str)
	case crm.User:
		return id18(v.Str)
	}
	return strings.Clone(v.Str)
}

// number gives a decimal without exponent or trailing zeros, with every digit
// it came with. Text that is no number stays as it is.
func number(raw string) string {
	plain := true
	dot := -1
	for i := range len(raw) {
		switch ch := raw[i]; {
		case ch == '.':
			dot = i
		case ch == '-' && i == 0 || ch >= '0' && ch <= '9':
		default:
			plain = false
		}
	}
	if !plain {
		d, err := decimal.NewFromString(raw)
		if err != nil || d.Exponent() > 40 || d.Exponent() < -40 {
			return strings.Clone(raw)
		}
		return d.String()
	}
	if dot >= 0 {
		raw = strings.TrimRight(strings.TrimRight(raw, "0"), ".")
	}
	if raw == "-0" {
		raw = "0"
	}
	return strings.Clone(raw)
}

// stamp gives the canonical text of an instant; text that is none stays as it is.
func stamp(raw string) string {
	if t := instant(raw); !t.IsZero() {
		return t.Format(canonicalStamp)
	}
	return strings.Clone(raw)
}

// instant reads an instant in UTC, zero if it is none.
func instant(raw string) time.Time {
	for _, layout := range []string{stampLayout, time.RFC3339Nano} {
		if t, err := time.Parse(layout, raw); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// compound joins the parts of an address or a location.
func compound(v gjson.Result) string {
	var parts []string
	v.ForEach(func(_, part gjson.Result) bool {
		if part.Type == gjson.String && part.Str != "" || part.Type == gjson.Number {
			parts = append(parts, part.String())
		}
		return true
	})
	return strings.Join(parts, ", ")
}
