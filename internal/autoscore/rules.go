package autoscore

import "time"

// Rules are the company's settings that judging depends on. The zero value
// judges with the shipped placeholder lists and no mapped region or domains.
type Rules struct {
	PhoneRegion string         // ISO 3166 region for numbers without a country code
	Domains     []string       // the seller's own mail domains
	Zone        *time.Location // the company's; nil means UTC
	// Required are logical names of fields that 5.3 wants filled, with the
	// label to name them by.
	Required []RequiredField
	// Labels are what the CRM calls a field, by logical name. Evidence uses
	// them, and a text that only repeats its field's label is a placeholder.
	// A field without one is called by the item's gap words.
	Labels map[string]string
	// Placeholders are added to the shipped lists; Allowed are taken out.
	Placeholders []string
	Allowed      []string
	// Currencies that amounts may be in: the company's and those with a rate.
	// Empty means any.
	Currencies []string
	// FreeTypes are deal types whose ARR may be 0 or blank (free, pilot).
	FreeTypes []string
	// Aliases are mailbox names that are teams, added to the shipped list.
	Aliases []string
}

// RequiredField is a field 5.3 wants filled.
type RequiredField struct{ Name, Label string }

// At is when a deal is judged and the moments its rules look at.
type At struct {
	Now     time.Time // the CRM's clock at the start of the pass
	Kickoff time.Time // zero if there is none
}
