package scorecard

// Spec says what a named check takes. autoscore implements every check that
// is listed here and no other; a card naming anything else does not load.
type Spec struct {
	Needs    []string // sources that must be given
	Takes    []string // sources that may be given
	Params   []string // parameters that must be given
	Optional []string // parameters that may be given
	Auto     bool     // may settle an item without a person
}

// Checks returns the closed set of checks by name. A source is the logical
// name of a field on the deal.
func Checks() map[string]Spec {
	return map[string]Spec{
		// Text that a person judges. A pick alone caps at 1. With
		// nothing_caps, a bare "nothing" caps at 1 instead of asking.
		"text": {Needs: []string{"text"}, Takes: []string{"pick", "boilerplate"}, Optional: []string{"nothing_caps"}},
		// Text, or "none, confirmed" by a pick. A discount above 0 contradicts none.
		"text_or_none": {Needs: []string{"text"}, Takes: []string{"none", "pick", "discount"}},
		// A contact in a mapped role.
		"role": {Params: []string{"role"}},
		// Who objected: a contact in the role, a text, or none confirmed.
		"objector": {Takes: []string{"text", "none"}, Params: []string{"role"}},
		// A date, or a range of dates, or text.
		"timeline": {Takes: []string{"date", "until", "text"}},
		// Text and a date; the date alone is half.
		"milestone": {Takes: []string{"text", "date", "same_as"}},

		// The contacts of the roles, comma-separated, have usable e-mail and phone.
		"contacts_complete": {Params: []string{"roles"}, Auto: true},
		// Something of substance was written at or after the win.
		"notes_after_close": {Takes: []string{"notes"}, Auto: true},
		// Won, with plausible close date, recurring revenue and term, and the
		// org's required fields filled.
		"deal_correct": {Takes: []string{"arr", "term_months"}, Auto: true},

		// Partner handoffs.
		"account_logic": {Needs: []string{"text"}, Takes: []string{"owner", "listed"}},
		"relationship":  {Needs: []string{"text"}, Takes: []string{"ours", "theirs"}},
		// An offer with a date inside so many days of sending, agreed with the partner.
		"offer": {Needs: []string{"text"}, Takes: []string{"date", "agreed", "sent_at"}, Params: []string{"days"}},
		// One move, one line, with an open task where that is mapped.
		"next_action": {Needs: []string{"text"}, Takes: []string{"task_open"}},
		// One name, no queue, group or shared mailbox.
		"single_owner": {Needs: []string{"owner"}},
		// Criteria and a window in days, both set before the handoff was sent.
		"acceptance": {Needs: []string{"text"}, Takes: []string{"days", "set_at", "sent_at"}},
		// Something a seller can open: a link or an attachment.
		"proof": {Needs: []string{"text"}},
	}
}

// Hints are remarks a check may add without changing floor or cap.
func Hints() []string {
	return []string{
		"number_or_date",    // no number, date or named event in the text
		"version_or_method", // no version or method named
		"measure_or_date",   // nothing that can be measured
		"senior_title",      // no senior word in the sponsor's title
	}
}
