package salesforce

import (
	"strings"

	"github.com/handoffscore/syncd/internal/crm"
)

const suffix = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"

// id18 gives the 18-character form of a record id: each of the last three
// characters tells which letters of one group of five are upper-case, so that
// ids differ even where case is lost. Anything that is no id is returned as it
// stands.
func id18(id string) string {
	if len(id) != 15 || !isID(id) {
		return strings.Clone(id)
	}
	b := make([]byte, 0, 18)
	b = append(b, id...)
	for group := 0; group < 15; group += 5 {
		n := 0
		for k := range 5 {
			if ch := id[group+k]; ch >= 'A' && ch <= 'Z' {
				n |= 1 << k
			}
		}
		b = append(b, suffix[n])
	}
	return string(b)
}

// Canonical gives the 18-character form of a deal's id of 15; any other text as
// it stands.
func (c *Client) Canonical(id string) crm.DealID { return crm.DealID(id18(id)) }

// isID reports whether text has the form of a record id. Only such text goes
// into a query.
func isID(text string) bool {
	if len(text) != 15 && len(text) != 18 {
		return false
	}
	for i := range len(text) {
		ch := text[i]
		if (ch < '0' || ch > '9') && (ch < 'a' || ch > 'z') && (ch < 'A' || ch > 'Z') {
			return false
		}
	}
	return true
}

// userPrefix begins the id of every user.
const userPrefix = "005"

func isUser(id string) bool { return isID(id) && strings.HasPrefix(id, userPrefix) }
