package sfsim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// sub runs a subrequest of a composite or batch call.
func (c *call) sub(method, target string, body []byte) (int, []byte, map[string]string) {
	in := &call{
		s: c.s, r: c.r.Clone(c.r.Context()), method: strings.ToUpper(method), session: c.session, now: c.now, began: c.began, start: c.start,
		body: body, inner: true, rows: c.rows, written: c.written,
	}
	in.r.Method = in.method
	for _, name := range []string{"If-Unmodified-Since", "If-Modified-Since"} {
		in.r.Header.Del(name)
	}
	path, query, _ := strings.Cut(target, "?")
	fail := func(e *apiError) (int, []byte, map[string]string) {
		b, _ := e.body()
		if e.page != "" {
			b = mustJSON(e.page)
		}
		return e.status, b, nil
	}
	var err error
	if in.params, err = url.ParseQuery(query); err != nil {
		return fail(refuse(400, "MALFORMED_QUERY", "%v", err))
	}
	ep, e := in.route(path)
	c.subs[in.kind]++
	in.fault = c.s.strikeInside(in.kind, in.object)
	if in.fault == nil {
		in.fault = c.fault
	}
	if e == nil {
		e = in.fault.refusal()
	}
	if e == nil && !ep.rest {
		e = notFound()
	}
	if e == nil && (in.kind == "composite" || in.kind == "batch") {
		e = refuse(400, "INVALID_REQUEST", "Nested composite requests are not supported")
	}
	if e != nil {
		return fail(e)
	}
	a, e := ep.handle()
	if e != nil {
		return fail(e)
	}
	return a.status, a.body, a.header
}

// rawOr is JSON as it is, or null. Bodies that are not JSON go out as strings.
func rawOr(b []byte) json.RawMessage {
	switch {
	case len(b) == 0:
		return json.RawMessage("null")
	case json.Valid(b):
		return b
	}
	return mustJSON(string(b))
}

type subrequest struct {
	Method      string            `json:"method"`
	URL         string            `json:"url"`
	ReferenceID string            `json:"referenceId"`
	Body        json.RawMessage   `json:"body"`
	HTTPHeaders map[string]string `json:"httpHeaders"`
}

type subresponse struct {
	Body        json.RawMessage   `json:"body"`
	HTTPHeaders map[string]string `json:"httpHeaders"`
	Status      int               `json:"httpStatusCode"`
	ReferenceID string            `json:"referenceId"`
}

// composite answers POST /composite.
func (c *call) composite() (*answer, *apiError) {
	var in struct {
		AllOrNone bool         `json:"allOrNone"`
		Collate   bool         `json:"collateSubrequests"`
		Requests  []subrequest `json:"compositeRequest"`
	}
	if e := decode(c.body, &in); e != nil {
		return nil, e
	}
	if e := c.s.overLimit(in.Requests); e != nil {
		// The vendor wraps this one: a single result that belongs to no
		// subrequest (a payload in guardian/support-service-lambdas#766).
		return ok(map[string]any{"compositeResponse": []any{map[string]any{
			"body": []*apiError{e}, "httpHeaders": map[string]string{}, "httpStatusCode": e.status, "referenceId": nil,
		}}}), nil
	}
	if e := checkReferences(in.Requests); e != nil {
		return nil, e
	}
	results := make([]subresponse, 0, len(in.Requests))
	values := map[string]any{}
	clean := c.s.atomically(func() bool {
		for _, rq := range in.Requests {
			res := c.compositeOne(rq, values)
			results = append(results, res)
			if in.AllOrNone && !fine(res) {
				return false
			}
		}
		return true
	})
	if !clean {
		culprit := len(results) - 1
		for i, rq := range in.Requests {
			if i != culprit {
				res := halted(rq.ReferenceID, "The transaction was rolled back since another operation in the same transaction failed.")
				if i < len(results) {
					results[i] = res
				} else {
					results = append(results, res)
				}
			}
		}
	}
	return ok(map[string]any{"compositeResponse": results}), nil
}

// fine reports whether a subrequest did all it was asked to.
func fine(res subresponse) bool {
	if res.Status >= 300 {
		return false
	}
	var list []struct {
		Success *bool `json:"success"`
	}
	if json.Unmarshal(res.Body, &list) == nil {
		for _, x := range list {
			if x.Success != nil && !*x.Success {
				return false
			}
		}
	}
	return true
}

// overLimit refuses more subrequests than one composite call may have.
func (s *Server) overLimit(list []subrequest) *apiError {
	queries, collections, most := 0, 0, maxQueries
	if s.o.CompositeCollections != 0 {
		most = max(s.o.CompositeCollections, 0)
	}
	for _, rq := range list {
		switch {
		case strings.Contains(rq.URL, "/composite/sobjects"):
			collections++
		case strings.Contains(rq.URL, "/query"):
			queries++
		}
	}
	switch {
	case len(list) > maxSubrequests:
		return refuse(400, "LIMIT_EXCEEDED", "The request can’t contain more than %d operations.", maxSubrequests)
	case queries+collections > maxQueries:
		return refuse(400, "LIMIT_EXCEEDED", "The request can’t contain more than %d query or sObject Collections operations.", maxQueries)
	case collections > most:
		return refuse(400, "LIMIT_EXCEEDED", "The request can’t contain more than %d sObject Collections operations.", most)
	}
	return nil
}

func checkReferences(list []subrequest) *apiError {
	if len(list) == 0 {
		return refuse(400, "JSON_PARSER_ERROR", "compositeRequest must not be empty")
	}
	names := map[string]bool{}
	for _, rq := range list {
		switch {
		case !regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`).MatchString(rq.ReferenceID):
			return refuse(400, "INVALID_REFERENCE", "Provided referenceId ('%s') must start with a letter or a number, and it can contain only letters, numbers and underscores ('_').", rq.ReferenceID)
		case names[rq.ReferenceID]:
			return refuse(400, "INVALID_REFERENCE", "Duplicate referenceId provided: %s", rq.ReferenceID)
		}
		names[rq.ReferenceID] = true
	}
	return nil
}

func halted(reference, message string) subresponse {
	return subresponse{
		Body: mustJSON([]*apiError{refuse(400, "PROCESSING_HALTED", "%s", message)}), HTTPHeaders: map[string]string{}, Status: 400, ReferenceID: reference,
	}
}

func (c *call) compositeOne(rq subrequest, values map[string]any) subresponse {
	target, missing := fillReferences(rq.URL, values, url.PathEscape)
	body := string(rq.Body)
	if missing == "" && body != "" {
		body, missing = fillReferences(body, values, func(s string) string { q := string(mustJSON(s)); return q[1 : len(q)-1] })
	}
	if missing != "" {
		return halted(rq.ReferenceID, fmt.Sprintf("Invalid reference specified. No value for %s found in %s", missing, strings.SplitN(missing, ".", 2)[0]))
	}
	if !strings.HasPrefix(target, "/services/data/v") {
		return halted(rq.ReferenceID, "The url must start with /services/data/vXX.X/: "+target)
	}
	if body == "null" {
		body = ""
	}
	status, b, header := c.sub(rq.Method, target, []byte(body))
	if header == nil {
		header = map[string]string{}
	}
	res := subresponse{Body: rawOr(b), HTTPHeaders: header, Status: status, ReferenceID: rq.ReferenceID}
	if status < 300 {
		var v any
		if decode(b, &v) == nil {
			values[rq.ReferenceID] = v
		}
	}
	return res
}

// fillReferences puts values of earlier subrequests where @{name.path} stands.
// missing is the first reference that leads nowhere.
func fillReferences(text string, values map[string]any, escape func(string) string) (filled, missing string) {
	pattern := regexp.MustCompile(`@\{([^}]*)\}`)
	filled = pattern.ReplaceAllStringFunc(text, func(m string) string {
		path := m[2 : len(m)-1]
		v, found := follow(values, path)
		if !found && missing == "" {
			missing = path
		}
		return escape(v)
	})
	return filled, missing
}

func follow(values map[string]any, path string) (string, bool) {
	var at any = values
	for _, step := range strings.FieldsFunc(path, func(r rune) bool { return r == '.' || r == '[' || r == ']' }) {
		switch x := at.(type) {
		case map[string]any:
			at = x[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(x) {
				return "", false
			}
			at = x[i]
		default:
			return "", false
		}
	}
	switch x := at.(type) {
	case string:
		return x, true
	case json.Number, bool:
		return fmt.Sprint(x), true
	}
	return "", false
}

// batch answers POST /composite/batch. Each subrequest costs a request.
func (c *call) batch() (*answer, *apiError) {
	var in struct {
		Halt     bool `json:"haltOnError"`
		Requests []struct {
			Method string          `json:"method"`
			URL    string          `json:"url"`
			Body   json.RawMessage `json:"richInput"`
		} `json:"batchRequests"`
	}
	if e := decode(c.body, &in); e != nil {
		return nil, e
	}
	if n := len(in.Requests); n == 0 || n > maxSubrequests {
		return nil, refuse(400, "LIMIT_EXCEEDED", "The request has %d subrequests, the minimum is 1, the maximum is %d", n, maxSubrequests)
	}
	type result struct {
		Status int             `json:"statusCode"`
		Result json.RawMessage `json:"result"`
	}
	var results []result
	bad := false
	for _, rq := range in.Requests {
		if bad && in.Halt {
			results = append(results, result{http.StatusPreconditionFailed, mustJSON([]*apiError{refuse(412, "BATCH_PROCESSING_HALTED", "Batch processing halted per request")})})
			continue
		}
		c.s.limits.count(c.now, 1)
		target := "/services/data/" + strings.TrimPrefix(strings.TrimPrefix(rq.URL, "/"), "services/data/")
		status, b, _ := c.sub(rq.Method, target, bytes.TrimSpace(rq.Body))
		bad = bad || status >= 400
		results = append(results, result{status, rawOr(b)})
	}
	return ok(map[string]any{"hasErrors": bad, "results": results}), nil
}
