package crm

import "time"

// Setup is what a connection asks of an adapter, in no vendor's words. It is
// built from the configuration and the scorecards in use.
type Setup struct {
	Connection string
	Fields     []Field // every logical field, each name once
	// Notes are cells that people fill in for each other, one to a judgement
	// item. They are created and looked for like fields, and never read.
	Notes []Field
	Roles map[string][]string // role key -> accepted role names or labels, compared trimmed and case-folded
	Zone  *time.Location      // the company's; for dates without a time
	// Since is when scoring begins (go_live). A deal whose record has not
	// moved since then cannot have been won since, and need not be read.
	Since time.Time
	// Partner is the logical name of the field that says which partner a deal
	// came with. Deals where it holds anything are named as such, won or not. ""
	// means that nobody asks.
	Partner string
	// Waiver is the zero value where nobody has given one.
	Waiver Waiver
	// Posts: an escalation is said in the deal's feed too, where the CRM has one.
	Posts bool
	// Attempts: a record is kept of every attempt that is final, where the CRM
	// has the object for it.
	Attempts bool
	// TimesMatter reports whether the times at which a deal's tracked fields
	// came by their values can matter, given its cells. An adapter that pays
	// for these times in calls asks it of every deal and leaves them zero
	// where they cannot. nil means they always do.
	TimesMatter func(id string, cell func(name string) Cell) bool
	// OwnTimes is asked where TimesMatter says no: whether those of syncd's own
	// tracked fields, and no others, are wanted all the same. nil means never.
	OwnTimes func(id string, cell func(name string) Cell) bool
}
