package hubspot

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

// fault is an error as HubSpot tells it: of a whole request, or of one record
// of a batch. Every part may be missing.
type fault struct {
	Category    string
	SubCategory string
	Policy      string // of a 429
	Message     string // without personal data
	IDs         []string
	Trace       []string
	Scopes      []string
	Expired     string // when a token ended, of EXPIRED_AUTHENTICATION
	Bad         []badValue
}

// badValue is one property value that was not accepted.
type badValue struct {
	Property string
	Code     string
	Message  string
}

// faultOf reads an error body, which may be anything at all.
func faultOf(body []byte) fault {
	if !gjson.ValidBytes(body) {
		return fault{}
	}
	return readFault(gjson.ParseBytes(body))
}

func readFault(r gjson.Result) fault {
	if !r.IsObject() {
		return fault{}
	}
	f := fault{
		Category: clean(r.Get("category").String()), Policy: clean(r.Get("policyName").String()),
		Message: clean(r.Get("message").String()),
	}
	if f.Category == "" {
		f.Category = clean(r.Get("errorType").String())
	}
	if sub := r.Get("subCategory"); sub.Type == gjson.String {
		f.SubCategory = sub.String()
	} else if sub.IsObject() { // the specification's shape
		f.SubCategory = sub.Raw
	}
	f.readContext(r.Get("context"))
	r.Get("errors").ForEach(func(_, e gjson.Result) bool {
		f.readContext(e.Get("context"))
		if names := words(e.Get("context.propertyName")); len(names) > 0 {
			f.Bad = append(f.Bad, badValue{names[0], clean(e.Get("code").String()), clean(e.Get("message").String())})
		}
		return true
	})
	if bad := badValues(r.Get("message").String()); len(bad) > 0 {
		f.Bad = bad
	}
	for _, b := range f.Bad {
		if len(f.Bad) == 1 && b.Message != "" {
			f.Message = b.Message
		}
	}
	return f
}

func (f *fault) readContext(ctx gjson.Result) {
	for _, name := range []string{"ids", "id", "fromObjectId", "objectId", "objectIds"} {
		f.IDs = append(f.IDs, words(ctx.Get(name))...)
	}
	f.Trace = append(f.Trace, words(ctx.Get("objectWriteTraceId"))...)
	for _, name := range []string{"requiredGranularScopes", "requiredScopes", "missingScopes"} {
		for _, s := range words(ctx.Get(name)) {
			f.Scopes = append(f.Scopes, clean(s))
		}
	}
	if at := words(ctx.Get("expire time")); len(at) > 0 {
		f.Expired = at[0]
	}
}

// words reads a string, a number or a list of them.
func words(r gjson.Result) []string {
	switch {
	case !r.Exists() || r.Type == gjson.Null:
		return nil
	case r.IsArray():
		var out []string
		r.ForEach(func(_, x gjson.Result) bool {
			out = append(out, idOf(x))
			return true
		})
		return out
	}
	return []string{idOf(r)}
}

// idOf reads an id that may come as a string or as a number.
func idOf(r gjson.Result) string {
	if r.Type == gjson.Number {
		return strings.Clone(r.Raw)
	}
	return strings.Clone(r.String())
}

// badValues reads the list of problems that travels as JSON inside the message
// of a 400.
func badValues(message string) []badValue {
	_, list, found := strings.Cut(message, "[")
	if !found || !gjson.Valid("["+list) {
		return nil
	}
	var out []badValue
	for _, p := range gjson.Parse("[" + list).Array() {
		if name := p.Get("name").String(); name != "" {
			out = append(out, badValue{name, clean(p.Get("error").String()), clean(p.Get("message").String())})
		}
	}
	return out
}

var (
	addressForm = regexp.MustCompile(`[^\s"'<>(),;:\[\]]+@[^\s"'<>(),;:\[\]]+`)
	phoneForm   = regexp.MustCompile(`\+[\d\s().\-/]{6,}\d|\(?\d{2,5}\)?[\s./\-]+\d[\d\s./\-]{4,}\d`)
	tokenForm   = regexp.MustCompile(`(?i)\b(pat-[a-z0-9\-]{6,}|bearer\s+\S+)`)
)

// clean takes out of the vendor's words what must not reach an error or a log,
// and bounds their length.
func clean(s string) string {
	s = tokenForm.ReplaceAllString(s, "[token]")
	s = addressForm.ReplaceAllString(s, "[address]")
	s = phoneForm.ReplaceAllStringFunc(s, func(m string) string {
		if dateForm.MatchString(m) {
			return m
		}
		return "[number]"
	})
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == utf8.RuneError {
			return ' '
		}
		return r
	}, s)
	const most = 300
	if len(s) > most {
		cut := most
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		s = s[:cut] + "…"
	}
	return strings.Clone(s)
}

var dateForm = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}`)
