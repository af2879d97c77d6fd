package salesforce

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/handoffscore/syncd/internal/crm"
)

// content is what a field is set to.
type content struct {
	text string
	bare bool // a number, true, false or null, which stands in JSON as it is
}

var nothing = content{"null", true}

// append appends the content as JSON.
func (c content) append(b []byte) []byte {
	if c.bare {
		return append(b, c.text...)
	}
	return crm.AppendText(b, c.text)
}

// values are the fields of a record in the order of their API names, each once.
type values []value

type value struct {
	native string
	content
}

// set sets a field. It is quick where fields come in their order.
func (v *values) set(native string, to content) {
	at := len(*v)
	if at > 0 && (*v)[at-1].native >= native {
		var there bool
		at, there = slices.BinarySearchFunc(*v, native, func(x value, native string) int { return strings.Compare(x.native, native) })
		if there {
			(*v)[at].content = to
			return
		}
	}
	*v = slices.Insert(*v, at, value{native, to})
}

// setText sets a field to a text.
func (v *values) setText(native, text string) { v.set(native, content{text: text}) }

// wire gives what sets a field to canonical text; "" clears.
// Texts are cut to the field's length, dates and instants are turned into what
// the field holds.
func (f *field) wire(canonical string, zone *time.Location) (content, error) {
	switch f.Type {
	case "boolean":
		switch canonical {
		case "true", "false":
			return content{canonical, true}, nil
		case "": // a checkbox is never null
			return content{"false", true}, nil
		}
		return nothing, errors.New("not true or false")
	}
	if canonical == "" {
		return nothing, nil
	}
	switch f.Type {
	case "int", "long", "double", "currency", "percent":
		if integer(canonical) {
			return content{canonical, true}, nil // as scores are
		}
		d, err := decimal.NewFromString(canonical)
		if err != nil {
			return nothing, errors.New("not a number")
		}
		return content{d.String(), true}, nil
	case "date":
		if _, err := time.Parse(time.DateOnly, canonical); err == nil {
			return content{text: canonical}, nil
		}
		t, err := time.Parse(time.RFC3339, canonical)
		if err != nil {
			return nothing, errors.New("not a date")
		}
		return content{text: t.In(zone).Format(time.DateOnly)}, nil
	case "datetime":
		t, err := time.Parse(time.RFC3339, canonical)
		if err != nil {
			if t, err = time.ParseInLocation(time.DateOnly, canonical, zone); err != nil {
				return nothing, errors.New("not an instant")
			}
		}
		return content{text: t.UTC().Format(canonicalStamp)}, nil
	}
	return content{text: crm.Cut(canonical, f.Length)}, nil
}

// integer reports whether text is a whole number as JSON writes it, without a sign.
func integer(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text == "0" || text != "" && text[0] != '0'
}
