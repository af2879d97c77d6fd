package salesforce

import (
	"encoding/json"
	"errors"
	"time"
	"unicode/utf8"

	"github.com/shopspring/decimal"
)

// wire gives the JSON value that sets a field to canonical text; "" clears.
// Texts are cut to the field's length, dates and instants are turned into what
// the field holds.
func (f *field) wire(canonical string, zone *time.Location) (any, error) {
	switch f.Type {
	case "boolean":
		switch canonical {
		case "true":
			return true, nil
		case "false", "": // a checkbox is never null
			return false, nil
		}
		return nil, errors.New("not true or false")
	}
	if canonical == "" {
		return nil, nil
	}
	switch f.Type {
	case "int", "long", "double", "currency", "percent":
		d, err := decimal.NewFromString(canonical)
		if err != nil {
			return nil, errors.New("not a number")
		}
		return json.Number(d.String()), nil
	case "date":
		if _, err := time.Parse(time.DateOnly, canonical); err == nil {
			return canonical, nil
		}
		t, err := time.Parse(time.RFC3339, canonical)
		if err != nil {
			return nil, errors.New("not a date")
		}
		return t.In(zone).Format(time.DateOnly), nil
	case "datetime":
		t, err := time.Parse(time.RFC3339, canonical)
		if err != nil {
			if t, err = time.ParseInLocation(time.DateOnly, canonical, zone); err != nil {
				return nil, errors.New("not an instant")
			}
		}
		return t.UTC().Format(canonicalStamp), nil
	}
	return cut(canonical, f.Length), nil
}

// cut shortens text to at most length UTF-16 units, the way the CRM counts,
// and shows that it did. 0 does not limit.
func cut(text string, length int) string {
	if length <= 0 || utf8.RuneCountInString(text) <= length/2 {
		return text
	}
	units, end := 0, 0 // end: where the text is cut if an ellipsis follows
	for i, r := range text {
		if units <= length-1 {
			end = i
		}
		units++
		if r > 0xFFFF {
			units++
		}
	}
	if units <= length {
		return text
	}
	return text[:end] + "…"
}
