package crm

import "strings"

// Kind is the type of a field and fixes its canonical text:
//
//	Text, LongText  as it stands (HubSpot and rich-text fields: HTML as it stands)
//	Number          a decimal without exponent or trailing zeros: "12", "0.5"
//	Bool            "true" or "false"
//	Date            2006-01-02
//	DateTime        RFC 3339 in UTC with milliseconds: 2006-01-02T15:04:05.000Z
//	Picklist        the stored value, not the label; several joined by ";"
//	User            a UserID
type Kind string

// Kinds of field.
const (
	Text     Kind = "text"
	LongText Kind = "longtext"
	Number   Kind = "number"
	Bool     Kind = "bool"
	Date     Kind = "date"
	DateTime Kind = "datetime"
	Picklist Kind = "picklist"
	User     Kind = "user"
)

// Writer says who may write a field.
type Writer uint8

// Writers of a field. syncd writes only those that are Ours, and reads no
// field of its own as input (the key apart).
const (
	Org  Writer = iota // the org, in its own way
	CSM                // the CSM, a CS manager or RevOps
	AE                 // who sold the deal
	Ours               // syncd alone
)

// Field is one logical field of a deal (or of its contacts) and where it lives.
type Field struct {
	Name    string // logical name, the key in Deal.Fields: "status", "evidence.1.1", "arr"
	Native  string // the CRM's API name if configured; "" means derived from Prefix and Base
	Prefix  string // field set, "handoff" or "partner"; used when Native is ""
	Base    string // name within the set: "status", "item_1_1_score"
	Object  Object // ObjectDeal, or ObjectContact for facts about people ("" means ObjectDeal)
	Kind    Kind   // "" takes whatever kind the CRM says the field has
	Writer  Writer
	Options []string // values a picklist must offer
	Label   string   // for people, at most 40 characters
	Help    string   // what a person is to fill in, at most 500 characters; may be empty
	// Optional: a field that the CRM does not have reads as Unmapped and is
	// not written, without this being a fault. A field that is configured by
	// name is never optional.
	Optional bool
	// Track asks for the time of the last change, where the CRM keeps it.
	Track  bool
	Access Access
}

// Underscored turns an item id into a part of a field name: "5.1" to "5_1".
func Underscored(item string) string { return strings.ReplaceAll(item, ".", "_") }
