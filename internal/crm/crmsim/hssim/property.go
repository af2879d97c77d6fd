package hssim

// A property is one definition of a table. Values of ordinary properties lie in
// the slot of a state; stamp and calc mark the ones that are worked out instead.
type property struct {
	name, label, typ, field, group, description string

	options    []option
	order      int
	calculated bool
	external   bool   // options come from elsewhere, as owners do
	refType    string // "OWNER" for user properties
	unique     bool
	hidden     bool
	form       bool
	builtin    bool
	readOnly   bool // its value cannot be written through the API
	veiled     bool // not visible to the token
	guarded    bool // holds sensitive data: its values need a scope that no credential has
	archived   int64
	created    int64
	updated    int64

	slot  uint16
	stamp func(*state) int64
	calc  func(*record, *state) string
	valid map[string]bool // values of options
}

type option struct {
	Label        string `json:"label"`
	Value        string `json:"value"`
	Description  string `json:"description"`
	DisplayOrder int    `json:"displayOrder"`
	Hidden       bool   `json:"hidden"`
}

type group struct {
	Name         string `json:"name"`
	Label        string `json:"label"`
	DisplayOrder int    `json:"displayOrder"`
	Archived     bool   `json:"archived"`
}

// offer replaces the options.
func (p *property) offer(options []option) {
	p.options = options
	p.valid = make(map[string]bool, len(options))
	for _, o := range options {
		p.valid[o.Value] = true
	}
}

// offerWords replaces the options by ones whose label is their value.
func (p *property) offerWords(words ...string) {
	options := make([]option, len(words))
	for i, w := range words {
		options[i] = option{Label: w, Value: w, DisplayOrder: i}
	}
	p.offer(options)
}

// many reports whether values are several options joined by semicolons.
func (p *property) many() bool { return p.field == "checkbox" }

func (p *property) number() bool   { return p.typ == "number" }
func (p *property) temporal() bool { return p.typ == "datetime" || p.typ == "date" }

// listed reports whether values are compared as enumerations: exactly.
func (p *property) listed() bool { return p.typ == "enumeration" || p.typ == "bool" }

// fieldsOf names the field types each property type may have.
var fieldsOf = map[string][]string{
	"bool":         {"booleancheckbox", "calculation_equation"},
	"enumeration":  {"select", "radio", "checkbox", "booleancheckbox", "calculation_equation"},
	"number":       {"number", "calculation_equation"},
	"date":         {"date"},
	"datetime":     {"date"},
	"string":       {"text", "textarea", "html", "phonenumber", "file", "calculation_equation"},
	"phone_number": {"phonenumber"},
}

// Degrees of sensitivity. A definition is listed under its own alone.
var sensitivities = []string{"non_sensitive", "sensitive", "highly_sensitive"}

func (p *property) sensitivity() string {
	if p.guarded {
		return sensitivities[1]
	}
	return sensitivities[0]
}

type metadata struct {
	Archivable         bool `json:"archivable"`
	ReadOnlyDefinition bool `json:"readOnlyDefinition"`
	ReadOnlyOptions    bool `json:"readOnlyOptions"`
	ReadOnlyValue      bool `json:"readOnlyValue"`
}

type propertyJSON struct {
	UpdatedAt            string   `json:"updatedAt"`
	CreatedAt            string   `json:"createdAt"`
	ArchivedAt           string   `json:"archivedAt,omitempty"`
	Name                 string   `json:"name"`
	Label                string   `json:"label"`
	Type                 string   `json:"type"`
	FieldType            string   `json:"fieldType"`
	Description          string   `json:"description"`
	GroupName            string   `json:"groupName"`
	Options              []option `json:"options"`
	ReferencedObjectType string   `json:"referencedObjectType,omitempty"`
	DisplayOrder         int      `json:"displayOrder"`
	Calculated           bool     `json:"calculated"`
	ExternalOptions      bool     `json:"externalOptions"`
	Archived             bool     `json:"archived"`
	HasUniqueValue       bool     `json:"hasUniqueValue"`
	Hidden               bool     `json:"hidden"`
	HubspotDefined       bool     `json:"hubspotDefined,omitempty"`
	ModificationMetadata metadata `json:"modificationMetadata"`
	FormField            bool     `json:"formField"`
	DataSensitivity      string   `json:"dataSensitivity"`
}

func (p *property) json() propertyJSON {
	options := p.options
	if options == nil {
		options = []option{}
	}
	return propertyJSON{
		UpdatedAt: isoTime(p.updated), CreatedAt: isoTime(p.created), ArchivedAt: isoTime(p.archived),
		Name: p.name, Label: p.label, Type: p.typ, FieldType: p.field, Description: p.description, GroupName: p.group,
		Options: options, ReferencedObjectType: p.refType, DisplayOrder: p.order, Calculated: p.calculated,
		ExternalOptions: p.external, Archived: p.archived != 0, HasUniqueValue: p.unique, Hidden: p.hidden,
		HubspotDefined: p.builtin, FormField: p.form, DataSensitivity: p.sensitivity(),
		ModificationMetadata: metadata{
			Archivable: !p.builtin, ReadOnlyDefinition: p.builtin, ReadOnlyOptions: p.builtin && (p.readOnly || p.external),
			ReadOnlyValue: p.readOnly,
		},
	}
}
