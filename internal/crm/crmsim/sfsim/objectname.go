package sfsim

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// What the records of a custom object are called.

const (
	longestFormat = 30 // of an automatic number
	longestName   = 80 // of a record
)

var formatPart = regexp.MustCompile(`\{([^{}]*)\}`)

// numberFormat reports whether a display format can number records.
func numberFormat(format string) bool {
	numbers := 0
	for _, m := range formatPart.FindAllStringSubmatch(format, -1) {
		switch part := m[1]; {
		case part != "" && len(part) <= 10 && strings.Trim(part, "0") == "":
			numbers++
		case !slices.Contains([]string{"YYYY", "YY", "MM", "DD"}, part):
			return false
		}
	}
	return numbers == 1 && units(format) <= longestFormat && !strings.ContainsAny(formatPart.ReplaceAllString(format, ""), "{}")
}

// numbered is a display format with a number in it.
func numbered(format string, n uint64, at stamp) string {
	day := at.time()
	return formatPart.ReplaceAllStringFunc(format, func(part string) string {
		switch part {
		case "{YYYY}":
			return day.Format("2006")
		case "{YY}":
			return day.Format("06")
		case "{MM}":
			return day.Format("01")
		case "{DD}":
			return day.Format("02")
		}
		return fmt.Sprintf("%0*d", len(part)-2, n)
	})
}

// christen gives a new record of a custom object its name: the next number,
// or its id where nobody gave it one. Numbers of records that were rolled
// back are not used again.
func (s *Server) christen(r *record, at stamp) {
	if r.t.object == nil {
		return
	}
	f := r.t.exact["Name"]
	switch {
	case f.format != "":
		r.vals[f.pos] = numbered(f.format, r.t.object.next, at)
		r.t.object.next++
	case r.vals[f.pos] == nil:
		r.vals[f.pos] = r.id[:15]
	}
}
