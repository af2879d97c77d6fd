package hssim

import (
	"strconv"
	"strings"
)

// A built is one line of the built-in property lists. Flags: r read-only value,
// c calculated, u unique, h hidden, o owner reference, f form field.
type built struct {
	name, label, typ, field, flags string
	options                        string // values, separated by blanks
}

var everyKind = []built{
	{"hs_object_id", "Record ID", "number", "number", "rc", ""},
	{"hs_merged_object_ids", "Merged record IDs", "enumeration", "checkbox", "rch", ""},
	{"hs_all_owner_ids", "All owner IDs", "enumeration", "checkbox", "rcho", ""},
	{"hubspot_owner_id", "Owner", "enumeration", "select", "o", ""},
	{"hubspot_owner_assigneddate", "Owner assigned date", "datetime", "date", "rc", ""},
	{"hubspot_team_id", "HubSpot team", "enumeration", "select", "rh", ""},
	{"hs_object_source", "Record source", "string", "text", "rch", ""},
	{"hs_unique_creation_key", "Unique creation key", "string", "text", "rh", ""},
}

var activityRollups = []built{
	{"notes_last_updated", "Last Activity Date", "datetime", "date", "rc", ""},
	{"notes_last_contacted", "Last Contacted", "datetime", "date", "rc", ""},
	{"num_notes", "Number of Sales Activities", "number", "number", "rc", ""},
	{"num_contacted_notes", "Number of times contacted", "number", "number", "rc", ""},
}

var builtIn = map[string][]built{
	"deals": {
		{"dealname", "Deal Name", "string", "text", "f", ""},
		{"amount", "Amount", "number", "number", "f", ""},
		{"amount_in_home_currency", "Amount in company currency", "number", "number", "rc", ""},
		{"deal_currency_code", "Currency", "enumeration", "select", "", "USD EUR GBP JPY CHF CAD AUD SEK NOK DKK PLN INR BRL SGD"},
		{"closedate", "Close Date", "datetime", "date", "f", ""},
		{"pipeline", "Pipeline", "enumeration", "select", "", ""},
		{"dealstage", "Deal Stage", "enumeration", "radio", "f", ""},
		{"dealtype", "Deal Type", "enumeration", "radio", "f", ""},
		{"description", "Deal Description", "string", "textarea", "f", ""},
		{"createdate", "Create Date", "datetime", "date", "r", ""},
		{"hs_createdate", "HubSpot Create Date", "datetime", "date", "rh", ""},
		{"hs_lastmodifieddate", "Last Modified Date", "datetime", "date", "r", ""},
		{"hs_is_closed", "Is Deal Closed?", "bool", "calculation_equation", "rch", "true false"},
		{"hs_is_closed_won", "Is Closed Won", "bool", "calculation_equation", "rch", "true false"},
		{"hs_is_closed_lost", "Is Closed Lost", "bool", "calculation_equation", "rch", "true false"},
		{"hs_closed_won_date", "Closed Won Date", "datetime", "date", "rch", ""},
		{"hs_deal_dealStageprobability", "Deal probability", "number", "number", "rc", ""},
		{"hs_arr", "Annual recurring revenue", "number", "number", "rc", ""},
		{"hs_mrr", "Monthly recurring revenue", "number", "number", "rc", ""},
		{"hs_tcv", "Total contract value", "number", "number", "rc", ""},
		{"hs_acv", "Annual contract value", "number", "number", "rc", ""},
		{"hs_next_step", "Next step", "string", "text", "", ""},
		{"hs_priority", "Priority", "enumeration", "select", "", "low medium high"},
		{"closed_won_reason", "Closed Won Reason", "string", "textarea", "", ""},
		{"closed_lost_reason", "Closed Lost Reason", "string", "textarea", "", ""},
		{"num_associated_contacts", "Number of Associated Contacts", "number", "number", "rc", ""},
	},
	"contacts": {
		{"firstname", "First Name", "string", "text", "f", ""},
		{"lastname", "Last Name", "string", "text", "f", ""},
		{"email", "Email", "string", "text", "fu", ""},
		{"phone", "Phone Number", "string", "phonenumber", "f", ""},
		{"mobilephone", "Mobile Phone Number", "string", "phonenumber", "f", ""},
		{"jobtitle", "Job Title", "string", "text", "f", ""},
		{"company", "Company Name", "string", "text", "f", ""},
		{"country", "Country/Region", "string", "text", "f", ""},
		{"city", "City", "string", "text", "f", ""},
		{"lifecyclestage", "Lifecycle Stage", "enumeration", "radio", "f", "subscriber lead marketingqualifiedlead salesqualifiedlead opportunity customer evangelist other"},
		{"hs_buying_role", "Buying Role", "enumeration", "checkbox", "", "BLOCKER BUDGET_HOLDER CHAMPION DECISION_MAKER END_USER EXECUTIVE_SPONSOR INFLUENCER LEGAL_AND_COMPLIANCE OTHER"},
		{"hs_additional_emails", "Additional email addresses", "enumeration", "checkbox", "r", ""},
		{"hs_email_hard_bounce_reason_enum", "Email hard bounce reason", "enumeration", "select", "r", "OTHER UNKNOWN_USER MAILBOX_FULL CONTENT SPAM POLICY"},
		{"hs_email_hard_bounce_reason", "Email hard bounce reason (old)", "string", "text", "rh", ""},
		{"hs_email_bad_address", "Invalid email address", "bool", "booleancheckbox", "r", "true false"},
		{"hs_email_bounce", "Marketing emails bounced", "number", "number", "r", ""},
		{"hs_email_quarantined", "Email address quarantined", "bool", "booleancheckbox", "r", "true false"},
		{"hs_email_optout", "Unsubscribed from all email", "bool", "booleancheckbox", "", "true false"},
		{"hs_searchable_calculated_phone_number", "Calculated phone number", "string", "text", "rch", ""},
		{"hs_calculated_merged_vids", "Merged vids with timestamps", "enumeration", "checkbox", "rch", ""},
		{"associatedcompanyid", "Primary associated company ID", "number", "number", "r", ""},
		{"num_associated_deals", "Number of Associated Deals", "number", "number", "rc", ""},
		{"createdate", "Create Date", "datetime", "date", "r", ""},
		{"lastmodifieddate", "Last Modified Date", "datetime", "date", "r", ""},
		// Defined and never filled on contacts: filtering by it finds nothing.
		{"hs_lastmodifieddate", "Object last modified date", "datetime", "date", "rh", ""},
	},
	"companies": {
		{"name", "Company name", "string", "text", "f", ""},
		{"domain", "Company Domain Name", "string", "text", "f", ""},
		{"country", "Country/Region", "string", "text", "f", ""},
		{"industry", "Industry", "string", "text", "f", ""},
		{"phone", "Phone Number", "string", "phonenumber", "f", ""},
		{"createdate", "Create Date", "datetime", "date", "r", ""},
		{"hs_lastmodifieddate", "Last Modified Date", "datetime", "date", "r", ""},
		{"num_associated_contacts", "Number of Associated Contacts", "number", "number", "rc", ""},
		{"num_associated_deals", "Number of Associated Deals", "number", "number", "rc", ""},
	},
	"notes": {
		{"hs_note_body", "Note body", "string", "html", "", ""},
		{"hs_body_preview", "Body preview", "string", "text", "rh", ""},
		{"hs_attachment_ids", "Attached file IDs", "enumeration", "checkbox", "", ""},
	},
	"calls": {
		{"hs_call_title", "Call title", "string", "text", "", ""},
		{"hs_call_body", "Call notes", "string", "html", "", ""},
		{"hs_call_direction", "Call direction", "enumeration", "select", "", "INBOUND OUTBOUND"},
		{"hs_call_duration", "Call duration", "number", "number", "", ""},
		{"hs_call_status", "Call status", "enumeration", "select", "", "BUSY CALLING_CRM_USER CANCELED COMPLETED CONNECTING FAILED IN_PROGRESS NO_ANSWER QUEUED RINGING"},
	},
	"emails": {
		{"hs_email_subject", "Email subject", "string", "text", "", ""},
		{"hs_email_text", "Email body", "string", "textarea", "", ""},
		{"hs_email_html", "Email HTML", "string", "html", "", ""},
		{"hs_email_direction", "Email direction", "enumeration", "select", "", "EMAIL INCOMING_EMAIL FORWARDED_EMAIL"},
		{"hs_email_status", "Email send status", "enumeration", "select", "", "BOUNCED FAILED SCHEDULED SENDING SENT"},
	},
	"meetings": {
		{"hs_meeting_title", "Meeting name", "string", "text", "", ""},
		{"hs_meeting_body", "Meeting description", "string", "html", "", ""},
		{"hs_internal_meeting_notes", "Internal meeting notes", "string", "html", "", ""},
		{"hs_meeting_start_time", "Meeting start time", "datetime", "date", "", ""},
		{"hs_meeting_end_time", "Meeting end time", "datetime", "date", "", ""},
		{"hs_meeting_outcome", "Meeting outcome", "enumeration", "select", "", "SCHEDULED COMPLETED RESCHEDULED NO_SHOW CANCELED"},
	},
	"tasks": {
		{"hs_task_subject", "Task title", "string", "text", "", ""},
		{"hs_task_body", "Task notes", "string", "html", "", ""},
		{"hs_task_status", "Task status", "enumeration", "select", "", "NOT_STARTED IN_PROGRESS WAITING COMPLETED DEFERRED"},
		{"hs_task_priority", "Priority", "enumeration", "select", "", "NONE LOW MEDIUM HIGH"},
		{"hs_task_type", "Task type", "enumeration", "select", "", "TODO CALL EMAIL"},
		{"hs_task_reminders", "Reminders", "string", "text", "", ""},
		{"hs_task_completion_date", "Completed at", "datetime", "date", "rc", ""},
	},
}

var everyActivity = []built{
	{"hs_timestamp", "Activity date", "datetime", "date", "", ""},
	{"hs_createdate", "Create date", "datetime", "date", "r", ""},
	{"hs_lastmodifieddate", "Last modified date", "datetime", "date", "r", ""},
}

// defineBuiltIns gives a table the properties HubSpot brings along.
func (s *Server) defineBuiltIns(t *table, at int64) {
	t.groups = append(t.groups, &group{Name: t.group, Label: strings.ToUpper(t.singular[:1]) + t.singular[1:] + " information"})
	lists := [][]built{everyKind, builtIn[t.plural]}
	if t.activity {
		lists = append(lists, everyActivity)
	} else {
		lists = append(lists, activityRollups)
	}
	for _, list := range lists {
		for _, b := range list {
			p := t.define(&property{
				name: b.name, label: b.label, typ: b.typ, field: b.field, group: t.group, order: -1, builtin: true,
				created: at, updated: at,
			})
			for _, flag := range b.flags {
				switch flag {
				case 'r':
					p.readOnly = true
				case 'c':
					p.calculated = true
				case 'u':
					p.unique = true
				case 'h':
					p.hidden = true
				case 'o':
					p.external, p.refType = true, "OWNER"
				case 'f':
					p.form = true
				}
			}
			if b.options != "" {
				p.offerWords(strings.Fields(b.options)...)
			}
		}
	}
	s.wire(t)
}

// wire ties the worked-out properties to what they are worked out from.
func (s *Server) wire(t *table) {
	calc := func(name string, f func(*record, *state) string) {
		if p := t.props[name]; p != nil {
			p.calc = f
		}
	}
	t.props[t.created].stamp = func(st *state) int64 { return st.created }
	t.props[t.modified].stamp = func(st *state) int64 { return st.modified }
	calc("hs_object_id", func(r *record, _ *state) string { return r.key() })
	calc("hs_object_source", func(*record, *state) string { return "CRM_UI" })
	owner := t.props["hubspot_owner_id"].slot
	calc("hs_all_owner_ids", func(_ *record, st *state) string { return st.text(owner) })
	count := func(n int) string {
		if n == 0 {
			return ""
		}
		return strconv.Itoa(n)
	}
	calc("num_notes", func(_ *record, st *state) string { return count(st.logged) })
	calc("num_associated_deals", func(_ *record, st *state) string { return count(st.deals) })
	calc("num_associated_contacts", func(_ *record, st *state) string { return strconv.Itoa(st.contacts) })
	if p := t.props["notes_last_updated"]; p != nil {
		p.stamp = func(st *state) int64 { return st.lastLog }
	}
	if t.plural != "deals" {
		return
	}
	t.props["hs_createdate"].stamp = t.props["createdate"].stamp
	stage := t.props["dealstage"].slot
	flag := func(f func(*dealStage) bool) func(*record, *state) string {
		return func(_ *record, st *state) string {
			if g := s.stages[st.text(stage)]; g != nil && f(g) {
				return "true"
			}
			return "false"
		}
	}
	calc("hs_is_closed", flag((*dealStage).closed))
	calc("hs_is_closed_won", flag((*dealStage).won))
	calc("hs_is_closed_lost", flag((*dealStage).lost))
	calc("hs_deal_dealStageprobability", func(_ *record, st *state) string {
		if g := s.stages[st.text(stage)]; g != nil {
			return g.Metadata["probability"]
		}
		return ""
	})
	amount, currency := t.props["amount"].slot, t.props["deal_currency_code"].slot
	calc("amount_in_home_currency", func(_ *record, st *state) string {
		if c := st.text(currency); c != "" && c != s.currency {
			return ""
		}
		return st.text(amount)
	})
}
