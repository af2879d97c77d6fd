package hubspot

import (
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/handoffscore/syncd/internal/crm"
)

// canonicalStamp is how syncd writes instants, see crm.Kind; HubSpot takes the
// same form.
const canonicalStamp = "2006-01-02T15:04:05.000Z"

// canonical gives the canonical text of a property's value.
func canonical(kind crm.Kind, raw string) string {
	if raw == "" {
		return ""
	}
	switch kind {
	case crm.Number:
		return number(raw)
	case crm.Bool:
		return strings.ToLower(strings.TrimSpace(raw))
	case crm.Date:
		return day(raw, time.UTC)
	case crm.DateTime:
		if t, ok := instant(raw); ok {
			return t.Format(canonicalStamp)
		}
	case crm.Picklist:
		return options(raw)
	case crm.User:
		return strings.TrimSpace(raw)
	}
	return raw
}

// instant reads ISO 8601 or epoch milliseconds, in UTC.
func instant(raw string) (time.Time, bool) {
	raw = strings.TrimSpace(raw)
	if raw == "" {
		return time.Time{}, false
	}
	if digits(strings.TrimPrefix(raw, "-")) {
		ms, err := strconv.ParseInt(raw, 10, 64)
		if err != nil {
			return time.Time{}, false
		}
		const most = 253402300799999 // the end of year 9999
		if ms < -most || ms > most {
			return time.Time{}, false
		}
		return time.UnixMilli(ms).UTC(), true
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999-0700", "2006-01-02T15:04Z07:00", time.DateOnly} {
		if t, err := time.Parse(layout, raw); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// day gives the date of a value that may be a date already, or an instant, of
// which zone tells the day. Text that is neither stays as it is.
func day(raw string, zone *time.Location) string {
	raw = strings.TrimSpace(raw)
	if len(raw) == len(time.DateOnly) {
		if _, err := time.Parse(time.DateOnly, raw); err == nil {
			return raw
		}
	}
	if t, ok := instant(raw); ok {
		return t.In(zone).Format(time.DateOnly)
	}
	return raw
}

// number gives a decimal without exponent or trailing zeros, with every other
// digit it came with. Text that is no number stays as it is.
func number(raw string) string {
	raw = strings.TrimSpace(raw)
	if digits(raw) && (raw[0] != '0' || len(raw) == 1) {
		return raw // as most scores and amounts are
	}
	d, err := decimal.NewFromString(raw)
	if err != nil || len(raw) > 60 || d.Exponent() > 40 || d.Exponent() < -40 {
		return raw
	}
	return d.String()
}

// options joins the values of an enumeration, each once, in their order.
func options(raw string) string {
	if !strings.Contains(raw, ";") {
		return strings.TrimSpace(raw)
	}
	var out []string
	seen := map[string]bool{}
	for _, v := range strings.Split(raw, ";") {
		if v = strings.TrimSpace(v); v != "" && !seen[v] {
			seen[v] = true
			out = append(out, v)
		}
	}
	return strings.Join(out, ";")
}

// fold makes names comparable.
func fold(name string) string { return strings.ToLower(strings.TrimSpace(name)) }
