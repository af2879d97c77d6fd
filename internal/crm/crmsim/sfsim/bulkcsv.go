package sfsim

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A csvForm is how the lines of a job's data are written.
type csvForm struct {
	name   string // of the delimiter, as the API says it
	comma  rune
	ending string // "LF" or "CRLF"
}

var delimiters = map[string]rune{"BACKQUOTE": '`', "CARET": '^', "COMMA": ',', "PIPE": '|', "SEMICOLON": ';', "TAB": '\t'}

// readForm reads the settings of a new job.
func readForm(in map[string]string) (csvForm, *apiError) {
	or := func(v, otherwise string) string {
		if v == "" {
			return otherwise
		}
		return v
	}
	f := csvForm{name: or(in["columnDelimiter"], "COMMA"), ending: or(in["lineEnding"], "LF")}
	f.comma = delimiters[f.name]
	switch {
	case f.comma == 0:
		return f, refuse(400, "INVALIDJOB", "Invalid columnDelimiter: %s", f.name)
	case f.ending != "LF" && f.ending != "CRLF":
		return f, refuse(400, "INVALIDJOB", "Invalid lineEnding: %s", f.ending)
	case or(in["contentType"], "CSV") != "CSV":
		return f, refuse(400, "INVALIDJOB", "Only contentType CSV is supported")
	}
	return f, nil
}

// line writes one row, every cell in quotes.
func (f csvForm) line(b []byte, cells []string) []byte {
	for i, cell := range cells {
		if i > 0 {
			b = utf8.AppendRune(b, f.comma)
		}
		b = append(b, '"')
		b = append(b, strings.ReplaceAll(cell, `"`, `""`)...)
		b = append(b, '"')
	}
	if f.ending == "CRLF" {
		b = append(b, '\r')
	}
	return append(b, '\n')
}

// read splits an upload into rows. why says what makes it useless, in the words
// of a failed job.
func (f csvForm) read(data []byte) (rows [][]string, why string) {
	if !f.endsRight(data) {
		return nil, "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is " + f.ending
	}
	if !utf8.Valid(data) {
		return nil, "InvalidBatch : The data is not encoded in UTF-8"
	}
	r := csv.NewReader(bytes.NewReader(data))
	r.Comma = f.comma
	rows, err := r.ReadAll()
	switch {
	case err != nil:
		return nil, "InvalidBatch : Failed to parse CSV data: " + err.Error()
	case len(rows) == 0:
		return nil, "InvalidBatch : The data has no header row"
	}
	return rows, ""
}

// endsRight reports whether every line outside quotes ends as the job says.
func (f csvForm) endsRight(data []byte) bool {
	quoted := false
	for i, c := range data {
		switch {
		case c == '"':
			quoted = !quoted
		case c == '\n' && !quoted && (i > 0 && data[i-1] == '\r') != (f.ending == "CRLF"):
			return false
		}
	}
	return true
}

// cellOf is a stored value as bulk results show it. Date-times end in Z there.
func cellOf(v any, f *field) string {
	switch v := v.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case stamp:
		return v.time().Format("2006-01-02T15:04:05.000Z")
	case float64:
		return string(appendNumber(nil, v, f.kind != "int"))
	}
	return ""
}

// valueOf turns a cell into what a JSON body would hold; ok is false if it is no
// value of the field's type.
func valueOf(f *field, cell string) (v any, ok bool) {
	text := strings.TrimSpace(cell)
	switch {
	case cell == "#N/A":
		return nil, true
	case f.kind == "boolean":
		switch strings.ToLower(text) {
		case "true", "1":
			return true, true
		case "false", "0":
			return false, true
		}
		return nil, false
	case f.number():
		n, err := strconv.ParseFloat(text, 64)
		if err != nil || !json.Valid([]byte(text)) || f.kind == "int" && (n != float64(int32(n))) {
			return nil, false
		}
		return json.Number(text), true
	case f.kind == "date":
		return text, isDate(text)
	case f.kind == "datetime":
		_, ok := parseTime(text)
		return text, ok
	case f.kind == "base64":
		_, err := decode64(text)
		return text, err == nil
	}
	return cell, true
}
