package handoff

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/scorecard"
)

// A store that was lost or brought back from a backup knows less than has
// happened. Of syncd's own fields the key alone is ever read: it names deal,
// scorecard and attempt, and behind them what must not happen twice, in words
// parted by "/". It holds no score and no time.
//
//	006.../sales-to-cs/1/final/asked-ae_rehandoff+sales_manager_escalation
const (
	copyMark     = "copy"     // the record began as a copy of another deal
	finalMark    = "final"    // the attempt is final
	remindedMark = "reminded" // the CSM was reminded of the due time that stands
	askedMark    = "asked-"   // kinds of band tasks that were asked for in this attempt
)

// keyed is what a key says.
type keyed struct {
	attempt  int // 0 if the key is of another deal or card, or not there
	asked    []string
	reminded bool
	final    bool      // the attempt
	at       time.Time // when it came to say so, zero if the CRM does not tell
	hidden   bool      // it cannot be read
}

// IsCopy reports whether the record's key names another deal, or says that it
// once did.
func IsCopy(id, key string) bool {
	parts := strings.Split(key, "/")
	return key != "" && (parts[0] != id || len(parts) > 3 && slices.Contains(parts[3:], copyMark))
}

// readKey reads the key on the record.
func readKey(in Input) (k keyed) {
	cell := in.Deal.Field(in.Card.Field("key"))
	k.hidden = cell.State == crm.Unreadable
	parts := strings.Split(cell.Text, "/")
	if len(parts) < 3 || parts[0] != in.Deal.Ref.ID || parts[1] != in.Card.ID {
		return k
	}
	k.attempt, k.at = attemptIn(parts[2]), cell.At
	for _, word := range parts[3:] {
		if text, ok := strings.CutPrefix(word, askedMark); ok {
			k.asked = strings.Split(text, "+")
		}
		k.reminded = k.reminded || word == remindedMark
		k.final = k.final || word == finalMark
	}
	return k
}

// has reports whether the key says that a kind of task was asked for in an
// attempt.
func (k keyed) has(attempt int, kind string) bool {
	return k.attempt == attempt && slices.Contains(k.asked, kind)
}

// forgotten reports whether the key says that something was asked for in this
// attempt of which nothing is remembered.
func (k keyed) forgotten(s *State, kinds []string) bool {
	return slices.ContainsFunc(kinds, func(kind string) bool {
		return k.has(s.Attempt, kind) && !slices.ContainsFunc(s.Notices, func(n Notice) bool { return n.Kind == kind && n.Attempt == s.Attempt })
	})
}

// Key is what syncd writes on the record to know its own marks by: a copy of it
// on a cloned deal names another deal.
func Key(id string, card *scorecard.Card, s State) string {
	words := []string{id, card.ID, strconv.Itoa(s.Attempt)}
	if s.Copied {
		words = append(words, copyMark)
	}
	if s.Final != nil {
		words = append(words, finalMark)
	}
	var asked []string
	reminded := false
	for _, n := range s.Notices {
		switch {
		case n.Attempt != s.Attempt:
		case n.Kind == Reminder:
			reminded = reminded || s.Final == nil && n.For == dueName(s.Due)
		default:
			asked = append(asked, n.Kind)
		}
	}
	if reminded {
		words = append(words, remindedMark)
	}
	if len(asked) > 0 {
		words = append(words, askedMark+strings.Join(asked, "+"))
	}
	// What does not fit is the least that matters.
	for len(strings.Join(words, "/")) > textLimit && len(words) > 3 {
		words = words[:len(words)-1]
	}
	return strings.Join(words, "/")
}
