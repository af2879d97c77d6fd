package autoscore

import (
	"slices"
	"strconv"
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
	if e164 := plainNumber(text); e164 != "" {
		return e164
	}
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

// plainCodes are calling codes of countries that put nothing but a 0 (a 1
// where the code is 1) in front of a number at home, and change nothing else.
var plainCodes = []string{"1", "31", "32", "33", "34", "39", "41", "43", "44", "45", "46", "47", "48", "49"}

// plainNumber is number for what is typed most: a plus, one of these codes and
// a number without the sign for home, in digits with spaces or hyphens between.
// It asks the library only whether the number is valid, a quarter of the work;
// "" means that the library has to read the text.
func plainNumber(text string) string {
	if len(text) < 8 || len(text) > 24 || text[0] != '+' {
		return ""
	}
	b := append(make([]byte, 0, 24), '+')
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case '0' <= c && c <= '9':
			b = append(b, c)
		case c != ' ' && c != '-' || text[i-1] < '0' || text[i-1] > '9' || i == len(text)-1:
			return ""
		}
	}
	code := 2
	if b[1] == '1' {
		code = 1
	}
	if len(b) < code+5 || len(b) > 16 || b[1+code] == '0' || code == 1 && b[2] == '1' || !slices.Contains(plainCodes, string(b[1:1+code])) {
		return ""
	}
	country, err := strconv.ParseInt(string(b[1:1+code]), 10, 32)
	if err != nil {
		return ""
	}
	national, err := strconv.ParseUint(string(b[1+code:]), 10, 64)
	if err != nil {
		return ""
	}
	code32 := int32(country)
	if !phonenumbers.IsValidNumber(&phonenumbers.PhoneNumber{CountryCode: &code32, NationalNumber: &national}) {
		return ""
	}
	return string(b)
}
