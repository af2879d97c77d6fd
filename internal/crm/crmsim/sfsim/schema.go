package sfsim

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

//go:embed schema.txt
var schemaText string

// A field is one column of an object, with what describe says of it.
type field struct {
	name, label string
	kind        string // the describe type
	length      int    // of texts
	precision   int    // digits in all, of numbers
	scale       int
	pos         int // in record.vals; -1 is the record's own id
	targets     []string
	rel         string // relationship name towards the parent
	children    string // relationship name from the parent, "" none
	byPoly      bool   // only fields of Name are readable through the relation
	required    bool
	create      bool
	update      bool
	filter      bool
	sort        bool
	group       bool
	calculated  bool
	custom      bool
	externalID  bool
	unique      bool
	idLookup    bool
	nameField   bool
	html        bool
	restricted  bool // picklist that takes only its values
	values      []string
	def         any
	indexed     bool
	help        string
	seen        bool // custom fields: granted to the integration user
	edited      bool
	format      string // of the automatic number that it is, "" none
	onDelete    string // of custom lookups: what becomes of a record whose parent is deleted
}

// text reports whether values are strings that people write.
func (f *field) text() bool {
	switch f.kind {
	case "string", "textarea", "picklist", "combobox", "email", "phone", "url", "anyType":
		return true
	}
	return false
}

func (f *field) number() bool {
	return f.kind == "double" || f.kind == "currency" || f.kind == "percent" || f.kind == "int"
}

func (f *field) isID() bool { return f.kind == "id" || f.kind == "reference" }

// long reports whether the field is a long text area.
func (f *field) long() bool { return f.kind == "textarea" && f.length > 255 }

// A child is a relationship seen from the parent.
type child struct {
	t   *table
	f   *field
	rel string
}

// soapKind is the XML type that describe gives beside the field type.
func (f *field) soapKind() string {
	switch f.kind {
	case "id", "reference":
		return "tns:ID"
	case "boolean", "int", "double", "date":
		return "xsd:" + f.kind
	case "currency", "percent":
		return "xsd:double"
	case "datetime":
		return "xsd:dateTime"
	case "base64":
		return "xsd:base64Binary"
	case "anyType":
		return "xsd:anyType"
	}
	return "xsd:string"
}

// standard reads the objects that every org has.
func standard() []*table {
	var all []*table
	var t *table
	for n, line := range strings.Split(schemaText, "\n") {
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || strings.HasPrefix(line, "#"):
		case words[0] == "object":
			t = newTable(words[1], words[2], words[3], words[4])
			all = append(all, t)
		case strings.HasPrefix(words[0], "audit"):
			t.audit(words[0])
		default:
			f, err := readField(words)
			if err != nil {
				panic(fmt.Sprintf("sfsim: schema.txt:%d: %v", n+1, err)) // the file is part of the program
			}
			t.addField(f)
		}
	}
	return all
}

// audit adds the columns that the platform keeps. "audit-" leaves out IsDeleted,
// "audit!" has only the id.
func (t *table) audit(which string) {
	t.addField(&field{name: "Id", label: t.label + " ID", kind: "id", length: 18, filter: true, sort: true, group: true, idLookup: true})
	if which == "audit!" {
		return
	}
	lines := "CreatedDate datetime ro\nCreatedById ref(User) CreatedBy=- ro\nLastModifiedDate datetime ro\n" +
		"LastModifiedById ref(User) LastModifiedBy=- ro\nSystemModstamp datetime ro"
	if which == "audit" {
		lines = "IsDeleted boolean ro\n" + lines
	}
	for _, line := range strings.Split(lines, "\n") {
		f, err := readField(strings.Fields(line))
		if err != nil {
			panic("sfsim: " + err.Error())
		}
		t.addField(f)
	}
}

func readField(words []string) (*field, error) {
	f := &field{name: words[0], label: label(words[0]), create: true, update: true, filter: true, sort: true, group: true}
	kind, arg, _ := strings.Cut(strings.TrimSuffix(words[1], ")"), "(")
	f.kind = kind
	var err error
	switch kind {
	case "string", "textarea", "combobox", "email", "phone", "url":
		f.length, err = strconv.Atoi(arg)
	case "double", "currency", "percent":
		_, err = fmt.Sscanf(arg, "%d,%d", &f.precision, &f.scale)
		f.group = false
	case "int":
		f.precision = 8
	case "picklist":
		f.length = 255
	case "base64":
		f.filter, f.sort, f.group = false, false, false
	case "anytype":
		f.kind, f.length, f.group = "anyType", 255, false
	case "datetime":
		f.group = false
	case "boolean":
		f.def = false
	case "date":
	case "ref":
		f.kind, f.length, f.targets = "reference", 18, strings.Split(arg, "|")
	default:
		err = fmt.Errorf("unknown type %q", kind)
	}
	if err != nil {
		return nil, fmt.Errorf("field %s: %w", f.name, err)
	}
	if f.long() {
		f.filter, f.sort, f.group = false, false, false
	}
	for _, w := range words[2:] {
		if err := f.flag(w); err != nil {
			return nil, err
		}
	}
	f.indexed = f.indexed || f.kind == "reference" && f.children != ""
	return f, nil
}

func (f *field) flag(w string) error {
	spaced := func(s string) string { return strings.ReplaceAll(s, "_", " ") }
	switch {
	case w == "required":
		f.required = true
	case w == "ro":
		f.create, f.update = false, false
	case w == "create":
		f.update = false
	case w == "calc":
		f.calculated = true
	case w == "nofilter":
		f.filter = false
	case w == "nosort":
		f.sort = false
	case w == "nogroup":
		f.group = false
	case w == "namefield":
		f.nameField, f.idLookup = true, true
	case w == "idlookup":
		f.idLookup = true
	case w == "restricted":
		f.restricted = true
	case w == "bypoly":
		f.byPoly = true
	case w == "indexed":
		f.indexed = true
	case w == "entity":
		f.targets = []string{entities}
	case strings.HasPrefix(w, "default="):
		switch v := spaced(w[len("default="):]); v {
		case "true":
			f.def = true
		default:
			f.def = v
		}
	case strings.HasPrefix(w, "values="):
		f.values = strings.Split(spaced(w[len("values="):]), "|")
	case strings.Contains(w, "="):
		rel, children, _ := strings.Cut(w, "=")
		f.rel, f.children = strings.Trim(rel, "-"), strings.Trim(children, "-")
	default:
		return fmt.Errorf("field %s: unknown flag %q", f.name, w)
	}
	return nil
}

// label makes "Last Modified Date" of LastModifiedDate and "Owner ID" of OwnerId.
func label(name string) string {
	var b strings.Builder
	for i, r := range name {
		if i > 0 && unicode.IsUpper(r) && !unicode.IsUpper(rune(name[i-1])) {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return strings.Replace(b.String(), " Id", " ID", 1)
}
