package hssim

import (
	"encoding/json"
	"fmt"
	"strings"
)

// An apiError is a refusal with the status and body the vendor gives it. HTML
// replaces the JSON body for what the edge answers.
type apiError struct {
	status        int
	Status        string              `json:"status"`
	Message       string              `json:"message"`
	CorrelationID string              `json:"correlationId,omitempty"`
	ErrorType     string              `json:"errorType,omitempty"`
	PolicyName    string              `json:"policyName,omitempty"`
	GroupName     string              `json:"groupName,omitempty"`
	Errors        []errorDetail       `json:"errors,omitempty"`
	Context       map[string][]string `json:"context,omitempty"`
	Links         map[string]string   `json:"links,omitempty"`
	Category      string              `json:"category,omitempty"`
	SubCategory   string              `json:"subCategory,omitempty"`
	html          string
	retryAfter    string
	oauth         *oauthRefusal
}

type errorDetail struct {
	Message     string              `json:"message"`
	In          string              `json:"in,omitempty"`
	Code        string              `json:"code,omitempty"`
	SubCategory string              `json:"subCategory,omitempty"`
	Context     map[string][]string `json:"context,omitempty"`
}

func refuse(status int, category, format string, args ...any) *apiError {
	return &apiError{status: status, Status: "error", Category: category, Message: fmt.Sprintf(format, args...)}
}

func invalid(format string, args ...any) *apiError {
	return refuse(400, "VALIDATION_ERROR", format, args...)
}

func notFound(format string, args ...any) *apiError {
	return refuse(404, "OBJECT_NOT_FOUND", format, args...)
}

func (e *apiError) with(key string, values ...string) *apiError {
	if e.Context == nil {
		e.Context = map[string][]string{}
	}
	e.Context[key] = values
	return e
}

// A problem is one property value that was not accepted. A list of them travels
// as JSON text inside the message of a 400.
type problem struct {
	IsValid   bool   `json:"isValid"`
	Message   string `json:"message"`
	Error     string `json:"error"`
	Name      string `json:"name"`
	Localized string `json:"localizedErrorMessage"`
	PortalID  int64  `json:"portalId"`
}

func (s *Server) problem(code, name, format string, args ...any) problem {
	message := fmt.Sprintf(format, args...)
	return problem{Message: message, Error: code, Name: name, Localized: message, PortalID: s.portal}
}

func badValues(problems []problem) *apiError {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(problems) // plain strings always encode
	e := invalid("Property values were not valid: %s", strings.TrimSpace(b.String()))
	for _, p := range problems {
		e.Errors = append(e.Errors, errorDetail{Message: p.Message, Code: p.Error, Context: map[string][]string{"propertyName": {p.Name}}})
	}
	return e
}

// rowError is one entry of the errors of a batch answer.
type rowError struct {
	Status      string              `json:"status"`
	Category    string              `json:"category"`
	SubCategory string              `json:"subCategory,omitempty"`
	Message     string              `json:"message"`
	Context     map[string][]string `json:"context"`
}

func row(category, message, key string, values ...string) rowError {
	return rowError{Status: "error", Category: category, Message: message, Context: map[string][]string{key: values}}
}

func missingRows(t *table, ids []string) rowError {
	return row("OBJECT_NOT_FOUND", "Could not get some "+strings.ToUpper(t.singular)+" objects, they may be deleted or not exist. Check that ids are valid.", "ids", ids...)
}
