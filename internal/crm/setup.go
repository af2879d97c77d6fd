package crm

import "time"

// Setup is what a connection asks of an adapter, in no vendor's words. It is
// built from the configuration and the scorecards in use.
type Setup struct {
	Connection string
	Fields     []Field             // every logical field, each name once
	Roles      map[string][]string // role key -> accepted role names or labels, compared trimmed and case-folded
	Zone       *time.Location      // the company's; for dates without a time
	// Since is when scoring begins (go_live). A deal whose record has not
	// moved since then cannot have been won since, and need not be read.
	Since time.Time
}
