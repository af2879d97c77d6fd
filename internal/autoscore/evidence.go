package autoscore

import (
	"slices"
	"strings"
)

// sentences are what evidence says, by code. {0} is the first argument, {*}
// all arguments behind the first.
var sentences = map[string]string{
	"check_unknown": "The scorecard asks for a check that does not exist: {0}.",

	"unmapped":    "{0}: no CRM field is mapped, so nothing can be said.",
	"unreadable":  "{0}: the field cannot be read by the integration user.",
	"blank":       "{0}: the field is blank.",
	"placeholder": "{0}: the field holds a placeholder, which is as good as blank.",
	"picture":     "{0}: the field holds a picture and no words, which only a person can judge.",
	"text":        "{0}: there is text; whether it is partial or complete is for a person to say.",

	"hint_number_or_date":    "{0}: the text names no number, date or event.",
	"hint_version_or_method": "{0}: the text names no version and no way of connecting.",
	"hint_measure_or_date":   "{0}: the text names nothing that can be measured, and no date.",
	"hint_senior_title":      "The title of the {0} has no senior word in it.",
	"hint_close_drift":       "The close date lies {0} days from the day the deal was won.",

	"nothing_typed":        "{0}: the text only says that there was nothing.",
	"none_typed":           "{0}: somebody typed \"none\"; the \"none, confirmed\" pick would settle whether it was asked.",
	"none_typed_no_pick":   "{0}: somebody typed \"none\", which may be an answer or a way of saying nothing.",
	"none_confirmed":       "{0}: confirmed that there was none.",
	"none_beside_text":     "{0}: none is confirmed, but there is text beside it, which is judged instead.",
	"none_beside_pick":     "{0}: none is confirmed, but something is picked beside it, which is judged instead.",
	"none_beside_contact":  "None is confirmed, but there is a contact in the role of {0}, who is judged instead.",
	"pick_only":            "{0}: a value is picked, but the reason is not written down.",
	"pick_text_unmapped":   "{0}: a value is picked; no field is mapped for the reason.",
	"discount_contradicts": "{0}: nothing is noted, but the discount is {1}.",
	"discount_unclear":     "{0}: the discount is not a number.",
	"boilerplate":          "{0}: the text contains the partner's standard words.",
	"beside_text_only":     "{0}: something beside it is filled, but the text is missing.",

	"role_unmapped":          "No role of the CRM is mapped to the {0}.",
	"role_unreadable":        "Who is the {0} cannot be read by the integration user.",
	"role_fields_unreadable": "Some details of the {0} cannot be read by the integration user.",
	"role_empty":             "Nobody is the {0}.",
	"role_nameless":          "The {0} is a contact without a real name.",
	"role_lacks":             "The {0} has a name, but lacks: {*}.",
	"role_complete":          "The {0} has a name and everything else that is asked for.",
	"context_unmapped":       "No field is mapped for the relationship note, so none is asked of the {0}.",
	"objector_no_concern":    "The {0} has a name, but what the concern was is not written down.",

	"date_given":           "{0}: there is a date, and it is not before the close date.",
	"date_only":            "{0}: there is a date, but no words for what live means.",
	"date_before_close":    "{0}: the date is before the close date.",
	"date_past_at_kickoff": "{0}: the date was past at kickoff.",
	"range_backwards":      "{0}: the range ends before it begins.",
	"same_text":            "{0}: the text is identical to {1}.",

	"contacts_all":      "All {0} e-mail addresses and phone numbers can be used.",
	"contacts_some":     "{0} of {1} e-mail addresses and phone numbers can be used.",
	"contacts_none":     "None of {0} e-mail addresses and phone numbers can be used.",
	"contacts_unmapped": "No role, or no contact field, is mapped that could be checked.",
	"contact_missing":   "Nobody is the {0}, so e-mail and phone are missing.",
	"email_blank":       "The {0} has no e-mail address.",
	"email_syntax":      "The e-mail address of the {0} is not well-formed.",
	"email_suffix":      "The e-mail address of the {0} ends in a domain that does not exist.",
	"email_own":         "The e-mail address of the {0} is in the seller's own domain.",
	"email_alias":       "The e-mail address of the {0} is a team mailbox.",
	"email_bounced":     "Mail to the e-mail address of the {0} came back.",
	"email_unmapped":    "No field is mapped for the e-mail address of the {0}, so it is not counted.",
	"email_unreadable":  "The e-mail address of the {0} cannot be read by the integration user.",
	"email_unverified":  "The e-mail addresses are not verified by the CRM: it keeps no bounce data for them.",
	"phone_blank":       "The {0} has no phone number.",
	"phone_invalid":     "The phone number of the {0} is not a valid number.",
	"phone_unmapped":    "No field is mapped for the phone number of the {0}, so it is not counted.",
	"phone_unreadable":  "The phone number of the {0} cannot be read by the integration user.",
	"phone_shared":      "{0} people share one phone number.",
	"single_threaded":   "One person holds every role.",

	"notes_unreadable":  "Some notes or activities cannot be read by the integration user.",
	"notes_unmapped":    "No notes are mapped.",
	"won_at_unknown":    "When the deal was won is not known.",
	"won_day_only":      "Only the day of the win is known, so notes of that day count as written after it.",
	"notes_after":       "A note of substance was written at or after the win.",
	"notes_thin":        "Only thin words or placeholders were written after the win.",
	"notes_before":      "The last note of substance was written {0} days before the win.",
	"notes_before_only": "Notes of substance were written only before the win.",
	"notes_undated":     "{0}: the text has substance, but when it was last changed is not known.",
	"notes_none":        "No note of substance, and none after the win.",

	"not_won":          "The deal is not marked as won.",
	"deal_complete":    "Won, with everything filled that is asked for.",
	"missing":          "The {0} is missing.",
	"dropped":          "No field is mapped for the {0}, so it is not counted.",
	"not_a_number":     "The {0} is not a number.",
	"close_in_future":  "The close date is in the future.",
	"currency_unknown": "The currency is neither the company's nor one with a rate.",
	"arr_implausible":  "The ARR is not above {0} and counts as missing.",
	"arr_free":         "The ARR may be missing on a deal of this type.",
	"term_implausible": "The contract term is outside {0} to {1} months and counts as missing.",

	"owner_blank":        "Nobody is named as the owner.",
	"owner_several":      "More than one owner is named.",
	"owner_team":         "The owner is a team, a queue or a shared mailbox.",
	"owner_named":        "One person is named as the owner.",
	"account_listed":     "The account is on the owner's priority list.",
	"account_not_listed": "The account is not on the owner's priority list.",
	"ours_unnamed":       "Nobody is named on our side.",
	"theirs_unnamed":     "Nobody is named on the customer's side.",
	"offer_undated":      "The offer has no date.",
	"offer_not_agreed":   "The offer is not agreed with the partner.",
	"offer_before_sent":  "The date of the offer is before the handoff was sent.",
	"offer_too_late":     "The offer is dated {0} days after sending, later than {1} days.",
	"actions_several":    "The next action has {0} lines where one move was asked for.",
	"no_open_task":       "There is no open task for the next action.",
	"window_missing":     "There is no response window in days.",
	"criteria_set_late":  "The criteria were set after the handoff was sent.",
	"proof_link":         "There is a link that a seller can open.",
	"proof_no_link":      "There is no link that a seller could open.",
	"restart":            "The handoff before asked to start again from here, and neither the text nor the score has changed since.",

	"score_unreadable":     "The score cell cannot be read by the integration user.",
	"score_not_understood": "The score cell holds something other than 0, 1 or 2.",
}

// Render makes one English sentence of e. A code it does not know, as stored
// by another version, is given as it is.
func Render(e Evidence) string {
	s, ok := sentences[e.Code]
	if !ok {
		return "Evidence of another version: " + strings.Join(append([]string{e.Code}, e.Args...), " ") + "."
	}
	if strings.IndexByte(s, '{') < 0 {
		return s
	}
	arg := func(i int) string {
		if i < len(e.Args) && e.Args[i] != "" {
			return e.Args[i]
		}
		return "(not named)"
	}
	rest := "(not named)"
	if len(e.Args) > 1 {
		rest = strings.Join(e.Args[1:], ", ")
	}
	return strings.NewReplacer("{0}", arg(0), "{1}", arg(1), "{2}", arg(2), "{*}", rest).Replace(s)
}

// Codes lists every evidence code, sorted.
func Codes() []string {
	codes := make([]string, 0, len(sentences))
	for code := range sentences {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	return codes
}
