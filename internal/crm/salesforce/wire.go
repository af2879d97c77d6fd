package salesforce

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/shopspring/decimal"

	"github.com/handoffscore/syncd/internal/crm"
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
	return crm.Cut(canonical, f.Length), nil
}
