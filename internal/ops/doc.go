// Package ops is what an operator's tools see of the daemon: /healthz, /readyz
// and /metrics on one address, and Go's profiles on another that only this
// machine reaches. It is fed plain values by whoever runs passes, asks nothing
// of a CRM or a database itself, and keeps no global state.
//
// It promises that no text of a CRM reaches a label or a page: labels are the
// names of connections, which the configuration gives, and short words of the
// program's own (crm, kind, class, status, state). Anything that does not look
// like such a word is counted as "other".
package ops

import "regexp"

// other stands for a label that is no word of the program's own.
const other = "other"

// word is what the program's own labels look like: "batch read", "permission".
// Record ids have digits or capitals, names of people capitals, addresses an @.
var word = regexp.MustCompile(`^[a-z]+([ _-][a-z]+){0,3}$`)

const longestWord = 32

func label(s string) string {
	if len(s) > longestWord || !word.MatchString(s) {
		return other
	}
	return s
}
