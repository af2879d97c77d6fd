package config

import (
	"encoding/json"
	"reflect"
	"time"

	"github.com/invopop/jsonschema"

	"github.com/handoffscore/syncd/internal/yamlfile"
)

// MakeSchema derives the JSON Schema from the types. The result is kept as
// schema.json beside this file.
func MakeSchema() ([]byte, error) {
	r := &jsonschema.Reflector{FieldNameTag: "yaml", RequiredFromJSONSchemaTags: true, DoNotReference: true, Anonymous: true, Mapper: schemaOf}
	s := r.Reflect(&Config{})
	s.ID, s.Title = "https://github.com/handoffscore/syncd/config/schema.json", "syncd configuration"
	markRequired(s, reflect.TypeFor[Config]())
	b, err := json.MarshalIndent(s, "", "  ")
	return append(b, '\n'), err
}

// schemaOf describes the types that are text in the file.
func schemaOf(t reflect.Type) *jsonschema.Schema {
	switch t {
	case reflect.TypeFor[Secret]():
		return &jsonschema.Schema{Type: "string", Pattern: `^\$\{(env|file):.+\}$`, Description: "${env:NAME} or ${file:PATH}"}
	case reflect.TypeFor[Day]():
		return &jsonschema.Schema{Type: "string", Pattern: `^\d{4}-\d{2}-\d{2}$`}
	case reflect.TypeFor[time.Duration]():
		return &jsonschema.Schema{Type: "string", Pattern: `^([0-9]+(\.[0-9]+)?(h|m|s|ms))+$`}
	case reflect.TypeFor[yamlfile.Flat]():
		text := &jsonschema.Schema{Type: "string"}
		return &jsonschema.Schema{Type: "object", AdditionalProperties: &jsonschema.Schema{OneOf: []*jsonschema.Schema{
			text, {Type: "object", AdditionalProperties: text},
		}}}
	}
	return nil
}

// markRequired takes the keys that must be given from the same tag that the
// decoder reads.
func markRequired(s *jsonschema.Schema, t reflect.Type) {
	for t.Kind() == reflect.Slice || t.Kind() == reflect.Pointer {
		t = t.Elem()
		if s.Items != nil {
			s = s.Items
		}
	}
	if t.Kind() != reflect.Struct || s.Properties == nil {
		return
	}
	for f := range t.Fields() {
		name := f.Tag.Get("yaml")
		if f.Tag.Get("required") == "true" {
			s.Required = append(s.Required, name)
		}
		if p, ok := s.Properties.Get(name); ok {
			markRequired(p, f.Type)
		}
	}
}
