package salesforce

import (
	"bytes"
	"encoding/xml"
	"regexp"
	"strings"
	"unicode"

	"github.com/tidwall/gjson"
)

// fault is what an error answer says, in whichever of the vendor's forms.
type fault struct {
	Code    string
	Message string // free of personal data
	Fields  []string
	HTML    bool // a page for people: a proxy, an edge server or maintenance
}

// faultOf reads an error body: the REST array, the object of the token
// endpoint and of collections, a SOAP fault, a page of HTML, or nothing at all.
func faultOf(body []byte) fault {
	b := bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	switch {
	case len(b) == 0:
		return fault{Message: "empty answer"}
	case b[0] == '<':
		return markup(b)
	case !gjson.ValidBytes(b):
		return fault{Message: "an answer that is not JSON"}
	}
	v := gjson.ParseBytes(b)
	if inner := v.Get("compositeResponse.0.body"); inner.Exists() {
		v = inner
	}
	if v.IsArray() {
		v = v.Get("0")
	}
	return faultIn(v)
}

// faultIn reads one error object. Collections call the code statusCode, the
// token endpoint error, Bulk exceptionCode.
func faultIn(v gjson.Result) fault {
	var f fault
	if !v.IsObject() {
		return f
	}
	f.Code = strings.Clone(first(v, "errorCode", "statusCode", "error", "exceptionCode"))
	f.Message = clean(first(v, "message", "error_description", "exceptionMessage"))
	for _, name := range v.Get("fields").Array() {
		f.Fields = append(f.Fields, strings.Clone(name.String()))
	}
	if !codeForm.MatchString(f.Code) {
		f.Code = ""
	}
	return f
}

// codeForm keeps free text out of the place where a code belongs.
var codeForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,79}$`)

func first(v gjson.Result, keys ...string) string {
	for _, k := range keys {
		if s := v.Get(k); s.Type == gjson.String && s.Str != "" {
			return s.Str
		}
	}
	return ""
}

func markup(b []byte) fault {
	var env struct {
		Code string `xml:"Body>Fault>faultcode"`
		Text string `xml:"Body>Fault>faultstring"`
	}
	if xml.Unmarshal(b, &env) == nil && env.Code != "" {
		code := env.Code[strings.LastIndexByte(env.Code, ':')+1:]
		return fault{Code: code, Message: clean(strings.TrimPrefix(env.Text, code+": "))}
	}
	return fault{HTML: true, Message: "an HTML page where JSON was due"}
}

var (
	mailForm = regexp.MustCompile(`[^\s@<>"'(),;:]+@[^\s@<>"'(),;:]+`)
	// phoneForm takes words with letters too, record ids among them, so that
	// digits inside one are never taken for a number of their own.
	phoneForm = regexp.MustCompile(`\b\w*[A-Za-z_]\w*\b|\+?\d[\d ()./-]{6,}\d`)
	spaces    = regexp.MustCompile(`\s+`)
)

// clean makes the vendor's words fit to be shown and logged: one line, at most
// 300 characters, with whatever looks like an address or a phone number taken
// out. Record ids stay.
func clean(text string) string {
	text = mailForm.ReplaceAllString(text, "[address]")
	text = phoneForm.ReplaceAllStringFunc(text, func(s string) string {
		if isID(s) || strings.ContainsFunc(s, unicode.IsLetter) || strings.Contains(s, "_") {
			return s
		}
		return "[number]"
	})
	text = strings.TrimSpace(spaces.ReplaceAllString(text, " "))
	if r := []rune(text); len(r) > 300 {
		text = string(r[:299]) + "…"
	}
	return text
}
