package sfsim

import (
	"encoding/json"
	"fmt"
	"strings"
)

// apiError is the answer to a request that is refused as a whole. It goes out
// as an array of one, unless page or object say otherwise.
type apiError struct {
	status  int
	Message string   `json:"message"`
	Code    string   `json:"errorCode"`
	Fields  []string `json:"fields,omitempty"`
	page    string   // HTML of the machines in front of the API
	object  any      // what the token endpoint answers
	header  map[string]string
}

func refuse(status int, code, format string, args ...any) *apiError {
	return &apiError{status: status, Code: code, Message: fmt.Sprintf(format, args...)}
}

func (e *apiError) body() ([]byte, string) {
	switch {
	case e.page != "":
		return []byte(e.page), "text/html;charset=UTF-8"
	case e.object != nil:
		return mustJSON(e.object), "application/json;charset=UTF-8"
	}
	return mustJSON([]*apiError{e}), "application/json;charset=UTF-8"
}

// recordError is why one record of a call was refused.
type recordError struct {
	Code    string   `json:"statusCode"`
	Message string   `json:"message"`
	Fields  []string `json:"fields"`
}

func deny(code, message string, fields ...string) *recordError {
	if fields == nil {
		fields = []string{}
	}
	return &recordError{Code: code, Message: message, Fields: fields}
}

// statuses of single-record calls that are refused for a record's sake; 400 is
// the rule.
func (e *recordError) status() int {
	switch e.Code {
	case "ENTITY_IS_DELETED", "NOT_FOUND", "INVALID_CROSS_REFERENCE_KEY":
		return 404
	case "INSUFFICIENT_ACCESS_OR_READONLY":
		return 403
	}
	return 400
}

func (e *recordError) whole() *apiError {
	status := e.status()
	if e.Code == "INVALID_CROSS_REFERENCE_KEY" && len(e.Fields) > 0 {
		status = 400
	}
	return &apiError{status: status, Message: e.Message, Code: e.Code, Fields: e.Fields}
}

func notFound() *apiError { return refuse(404, "NOT_FOUND", "The requested resource does not exist") }

func notAllowed(method string, allowed ...string) *apiError {
	e := refuse(405, "METHOD_NOT_ALLOWED", "HTTP Method '%s' not allowed. Allowed are %s", method, strings.Join(allowed, ","))
	e.header = map[string]string{"Allow": strings.Join(allowed, ",")}
	return e
}

func badSession() *apiError {
	return refuse(401, "INVALID_SESSION_ID", "Session expired or invalid")
}

// edge is what the machines in front of the API answer: HTML, never JSON.
func edge(status int, reason string) *apiError {
	return &apiError{status: status, page: fmt.Sprintf("<h1>Bad Message %d</h1><pre>reason: %s</pre>", status, reason)}
}

func down(status int, title string) *apiError {
	return &apiError{
		status: status,
		page: "<!DOCTYPE html>\n<html>\n<head><title>" + title + "</title></head>\n<body>\n<p>" + title +
			"</p>\n<p>We are down for maintenance. Sorry for the inconvenience.</p>\n</body>\n</html>\n",
	}
}

// oauthError is the shape of refusals at the token endpoint.
type oauthError struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
}

func oauth(code, description string) *apiError {
	return &apiError{status: 400, object: oauthError{code, description}}
}

func mustJSON(v any) []byte {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic("sfsim: " + err.Error()) // only values built here are encoded
	}
	return []byte(strings.TrimSuffix(b.String(), "\n"))
}
