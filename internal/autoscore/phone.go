package autoscore

import (
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// anyRegion makes libphonenumber accept only numbers with a country code.
const anyRegion = "ZZ"

// number returns a phone number in one form, so that two ways of writing it
// compare equal; "" if it is not a number that can be dialled. Extensions are
// part of it: two people behind one switchboard have two numbers.
func (j *Judge) number(text string) string { return j.numbers.get(text, j.dial) }

func (j *Judge) dial(text string) (e164 string) {
	text = strings.TrimSpace(text)
	if text == "" {
		return ""
	}
	// The library is a port of Java written for well-meant input; a number
	// that makes it stumble is no number.
	defer func() {
		if recover() != nil {
			e164 = ""
		}
	}()
	n, err := phonenumbers.Parse(text, j.region)
	if err != nil || !phonenumbers.IsValidNumber(n) {
		return ""
	}
	e164 = phonenumbers.Format(n, phonenumbers.E164)
	if ext := n.GetExtension(); ext != "" {
		e164 += ";ext=" + ext
	}
	return e164
}
