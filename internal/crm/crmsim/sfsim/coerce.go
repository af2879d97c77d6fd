package sfsim

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
)

// coerce turns a JSON value from a request into what is stored. A value of the
// wrong JSON type spoils the whole request; one that is out of bounds only its
// record.
func (s *Server) coerce(f *field, v any) (any, *recordError, *apiError) {
	if v == nil {
		return s.coerceNull(f)
	}
	switch f.kind {
	case "boolean":
		if b, ok := v.(bool); ok {
			return b, nil, nil
		}
		return nil, nil, cannotRead(f, v)
	case "int", "double", "currency", "percent":
		n, ok := v.(json.Number)
		if !ok {
			return nil, nil, cannotRead(f, v)
		}
		return coerceNumber(f, n)
	}
	text, ok := v.(string)
	if !ok {
		return nil, nil, cannotRead(f, v)
	}
	switch f.kind {
	case "date":
		if text == "" {
			return nil, nil, nil
		}
		if !isDate(text) {
			return nil, nil, cannotRead(f, v)
		}
		return text, nil, nil
	case "datetime":
		if text == "" {
			return nil, nil, nil
		}
		at, ok := parseTime(text)
		if !ok {
			return nil, nil, cannotRead(f, v)
		}
		return at, nil, nil
	case "base64":
		if _, err := base64.StdEncoding.DecodeString(text); err != nil {
			return nil, nil, cannotRead(f, v)
		}
		return text, nil, nil
	case "reference", "id":
		if text == "" {
			return nil, nil, nil
		}
		return s.coerceRef(f, text)
	}
	return coerceText(f, text)
}

func (s *Server) coerceNull(f *field) (any, *recordError, *apiError) {
	switch {
	case f.kind == "boolean":
		return nil, deny("INVALID_TYPE_ON_FIELD_IN_RECORD", f.label+": value not of required type: ", f.name), nil
	case f.required:
		return nil, deny("REQUIRED_FIELD_MISSING", "Required fields are missing: ["+f.name+"]", f.name), nil
	}
	return nil, nil, nil
}

func coerceNumber(f *field, n json.Number) (any, *recordError, *apiError) {
	v, err := n.Float64()
	if err != nil || math.IsInf(v, 0) || (f.kind == "int" && v != math.Trunc(v)) {
		return nil, nil, cannotRead(f, n)
	}
	if f.kind == "int" {
		if math.Abs(v) >= 1<<31 {
			return nil, nil, cannotRead(f, n)
		}
		return v, nil, nil
	}
	v = round(v, f.scale)
	if math.Abs(v) >= math.Pow10(f.precision-f.scale) {
		return nil, deny("NUMBER_OUTSIDE_VALID_RANGE", fmt.Sprintf("%s: value outside of valid range on numeric field: %s", f.label, n), f.name), nil
	}
	return v, nil, nil
}

func coerceText(f *field, text string) (any, *recordError, *apiError) {
	text = strings.TrimSpace(text) // the platform trims texts
	if text == "" {
		v, e, _ := (*Server)(nil).coerceNull(f)
		return v, e, nil
	}
	if units(text) > f.length {
		return nil, deny("STRING_TOO_LONG", fmt.Sprintf("%s: data value too large: %s (max length=%d)", f.label, clip(text, 255), f.length), f.name), nil
	}
	switch {
	case f.kind == "picklist" && f.restricted && !slices.Contains(f.values, text):
		return nil, deny("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", f.label+": bad value for restricted picklist field: "+text, f.name), nil
	case f.kind == "email" && !plausibleMail(text):
		return nil, deny("INVALID_EMAIL_ADDRESS", f.label+": invalid email address: "+text, f.name), nil
	}
	return text, nil, nil
}

func plausibleMail(s string) bool {
	name, host, ok := strings.Cut(s, "@")
	return ok && name != "" && strings.Contains(host, ".") && !strings.ContainsAny(s, " \t\r\n<>,;") && !strings.Contains(host, "@")
}

func (s *Server) coerceRef(f *field, text string) (any, *recordError, *apiError) {
	id, ok := fullID(text)
	if !ok {
		return nil, deny("MALFORMED_ID", fmt.Sprintf("%s: id value of incorrect type: %s", f.label, text), f.name), nil
	}
	t := s.ofID(id)
	if t == nil || !slices.Contains(f.targets, t.name) {
		return nil, deny("FIELD_INTEGRITY_EXCEPTION", fmt.Sprintf("%s: id value of incorrect type: %s", f.label, text), f.name), nil
	}
	r := t.byID[id]
	switch {
	case r == nil:
		return nil, deny("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", f.name), nil
	case r.deleted:
		return nil, deny("ENTITY_IS_DELETED", "entity is deleted", f.name), nil
	}
	return id, nil, nil
}

// cannotRead is the refusal of a JSON value of the wrong type.
func cannotRead(f *field, v any) *apiError {
	token := "VALUE_STRING"
	switch n := v.(type) {
	case bool:
		token = strings.ToUpper(fmt.Sprintf("VALUE_%t", n))
	case json.Number:
		token = "VALUE_NUMBER_INT"
		if strings.ContainsAny(n.String(), ".eE") {
			token = "VALUE_NUMBER_FLOAT"
		}
	case map[string]any:
		token, v = "START_OBJECT", "{"
	case []any:
		token, v = "START_ARRAY", "["
	}
	kind := f.kind
	if f.text() {
		kind = "string"
	} else if f.isID() {
		kind = "reference"
	}
	return refuse(400, "JSON_PARSER_ERROR", "Cannot deserialize instance of %s from %s value %v or request may be missing a required field at [line:1, column:1]", kind, token, v)
}
