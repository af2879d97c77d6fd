package salesforce

import (
	"strings"

	"github.com/tidwall/gjson"

	"github.com/handoffscore/syncd/internal/crm/transport"
)

// result is the answer to one of the questions of a composite request.
type result struct {
	ref, status, body gjson.Result
	page              page // what body holds if the question was answered
}

// resultsOf reads a composite answer in one walk.
func resultsOf(w *transport.Walk) (list []result) {
	for name := range w.Fields {
		switch {
		case name != "compositeResponse":
			continue
		case w.AtList():
			for range w.Items {
				list = append(list, resultOf(w))
			}
		default:
			list = []result{resultOf(w)}
		}
		break
	}
	return list
}

func resultOf(w *transport.Walk) (r result) {
	for name := range w.Fields {
		switch name {
		case "referenceId":
			take(w, &r.ref)
		case "httpStatusCode":
			take(w, &r.status)
		case "body":
			if !r.body.Exists() {
				r.body = w.Both(func() { r.page = pageOf(w) })
			}
		}
	}
	return r
}

// page is one page of an answer.
type page struct {
	total gjson.Result // rows of all pages
	done  gjson.Result // whether it is the last one
	next  gjson.Result // the address of the next one
	rows  []gjson.Result
}

func pageOf(w *transport.Walk) (p page) {
	for name := range w.Fields {
		switch name {
		case "totalSize":
			take(w, &p.total)
		case "done":
			take(w, &p.done)
		case "nextRecordsUrl":
			take(w, &p.next)
		case "records":
			if p.rows == nil {
				p.rows = rowsOf(w, p.total.Int())
			}
		}
	}
	return p
}

// rowsOf reads the rows of a page; total is how many there are on all pages.
func rowsOf(w *transport.Walk, total int64) []gjson.Result {
	if !w.AtList() {
		return w.Value().Array()
	}
	rows := make([]gjson.Result, 0, min(max(total, 0), fullPage))
	for range w.Items {
		rows = append(rows, w.Value())
	}
	return rows
}

// row is a row of an answer, walked over once: several of its columns are asked
// for, a dozen of some.
type row struct{ columns []column }

// column is one value of a row.
type column struct {
	of    string // what lies beside the row's own record, as "Contact"; "" of its own
	name  string
	value gjson.Result
}

// read takes over a row, in place of the one before, and returns it.
func (r *row) read(v gjson.Result) *row {
	r.columns = r.columns[:0]
	r.add("", v)
	return r
}

func (r *row) add(of string, v gjson.Result) {
	v.ForEach(func(k, v gjson.Result) bool {
		r.columns = append(r.columns, column{of, k.Str, v})
		if of == "" && v.IsObject() && k.Str != "attributes" {
			r.add(k.Str, v)
		}
		return true
	})
}

// get returns the value of a column as it is asked for: "Role", "Contact.Email".
func (r *row) get(path string) gjson.Result {
	of, name, beside := strings.Cut(path, ".")
	if !beside {
		of, name = "", path
	}
	for i := range r.columns {
		if c := &r.columns[i]; c.name == name && c.of == of {
			return c.value
		}
	}
	return gjson.Result{}
}

// take reads a value: of a name that comes twice, the first one counts.
func take(w *transport.Walk, into *gjson.Result) {
	if !into.Exists() {
		*into = w.Value()
	}
}
