package hubspot

import (
	"errors"
	"slices"
	"strings"

	"github.com/handoffscore/syncd/internal/crm"
)

// refusedValue is why one value of a property is refused, whatever the record.
type refusedValue struct {
	class crm.Class
	code  string
	text  string
}

// definite are refusals that follow from the property alone, and byValue those
// that follow from property and value; all else depends on the record.
var (
	definite = map[string]crm.Class{
		"PROPERTY_DOESNT_EXIST": crm.ClassInvalid, "READ_ONLY_VALUE": crm.ClassPermission, "PROPERTY_READ_ONLY": crm.ClassPermission,
	}
	byValue = []string{"INVALID_OPTION", "INVALID_DATE", "INVALID_INTEGER", "INVALID_NUMBER", "INVALID_BOOLEAN", "INVALID_LONG", "INVALID_DATETIME"}
)

// refuse notes why a record was not written. err is the request's error where
// the whole request was refused for it.
func (w *writing) refuse(j job, f fault, err error) {
	class := classOf(f)
	var fields []string
	for _, b := range f.Bad {
		fields = append(fields, w.logical(b.Property))
		if c, ok := definite[b.Code]; ok {
			class = c
			w.c.forget() // the schema was not what it seemed
		} else if slices.Contains(byValue, b.Code) {
			class = crm.ClassInvalid
		}
	}
	code, message := f.Category, f.Message
	if len(f.Bad) > 0 {
		if f.Bad[0].Code != "" {
			code = f.Bad[0].Code
		}
		message = sentence(f.Bad)
	}
	if message == "" && err != nil {
		var e *crm.Error
		if errors.As(err, &e) && e.Err != nil {
			code, message = e.Code, e.Err.Error()
		}
	}
	w.reject(j.at, class, code, message, fields)
	w.remember(j, f)
}

// remember keeps a single record's bad value, so that others with the same
// value need not be found one by one.
func (w *writing) remember(j job, f fault) {
	for _, b := range f.Bad {
		if text, sent := j.props[b.Property]; sent && slices.Contains(byValue, b.Code) {
			w.bad[value{b.Property, text}] = refusedValue{crm.ClassInvalid, b.Code, sentence([]badValue{b})}
		}
	}
}

// learn takes from the refusal of a whole request what holds for every record
// in it; false if nothing does.
func (w *writing) learn(f fault, jobs []job) bool {
	learnt := false
	for _, b := range f.Bad {
		class, ok := definite[b.Code]
		if !ok {
			continue
		}
		w.c.forget()
		for _, j := range jobs {
			if text, sent := j.props[b.Property]; sent {
				w.bad[value{b.Property, text}] = refusedValue{class, b.Code, sentence([]badValue{b})}
				learnt = true
			}
		}
	}
	return learnt
}

// withoutBad rejects records with a value that is known to be refused and
// returns the others.
func (w *writing) withoutBad(jobs []job) []job {
	if len(w.bad) == 0 {
		return jobs
	}
	var rest []job
next:
	for _, j := range jobs {
		for name, text := range j.props {
			if r, ok := w.bad[value{name, text}]; ok {
				w.reject(j.at, r.class, r.code, r.text, []string{w.logical(name)})
				continue next
			}
		}
		rest = append(rest, j)
	}
	return rest
}

// logical is the logical field behind a property, or the property's own name.
func (s *schema) logical(name string) string {
	if list := s.mapping.byNative[name]; len(list) > 0 {
		return list[0].logical.Name
	}
	return name
}

// classOf groups the reasons HubSpot gives for one record.
func classOf(f fault) crm.Class {
	about := strings.ToUpper(f.Category + " " + f.Policy + " " + f.SubCategory)
	switch {
	case strings.Contains(about, "NOT_FOUND"):
		return crm.ClassGone
	case strings.Contains(about, "VALIDATION"), strings.Contains(about, "CONFLICT"), strings.Contains(about, "ALREADY_EXISTS"):
		return crm.ClassValidation
	case strings.Contains(about, "SCOPE"), strings.Contains(about, "PERMISSION"), strings.Contains(about, "FORBIDDEN"), strings.Contains(about, "BANNED"):
		return crm.ClassPermission
	case strings.Contains(about, "LOCK"):
		return crm.ClassLocked
	case strings.Contains(about, "DAILY"):
		return crm.ClassQuota
	case strings.Contains(about, "RATE_LIMIT"), strings.Contains(about, "INTERNAL"), strings.Contains(about, "TIMEOUT"), strings.Contains(about, "SERVICE"):
		return crm.ClassBusy
	}
	return crm.ClassInvalid
}

// sentence names the properties and what HubSpot says of them.
func sentence(bad []badValue) string {
	parts := make([]string, len(bad))
	for i, b := range bad {
		parts[i] = "property " + b.Property
		if b.Message != "" {
			parts[i] += ": " + b.Message
		} else if b.Code != "" {
			parts[i] += ": " + b.Code
		}
	}
	return clean(strings.Join(parts, "; "))
}
