package handoff

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/handoffscore/syncd/internal/scorecard"
)

// A store that was lost or brought back from a backup knows less than has
// happened. Of syncd's own fields the key alone is ever read: it names deal,
// scorecard and attempt, and behind them what must not happen twice, in words
// parted by "/". It holds no score.
//
//	006.../sales-to-cs/1/final-20261119T091500.000/up-.../asked-ae_rehandoff+...
const (
	copyMark     = "copy"      // the record began as a copy of another deal
	finalMark    = "final-"    // when the attempt became final
	upMark       = "up-"       // when the escalation was raised that was raised last
	downMark     = "down-"     // when one was last taken down
	askedMark    = "asked-"    // kinds of band tasks that were asked for in this attempt
	remindedMark = "reminded-" // the due time that the CSM was reminded of last
	csmMark      = "csm-"      // since when the CSM has held the account
)

const keyTime = "20060102T150405.000"

// keyed is what a key says.
type keyed struct {
	attempt              int // 0 if the key is of another deal or card, or not there
	final, up, down, csm time.Time
	asked                []string
	reminded             string
}

// IsCopy reports whether the record's key names another deal, or says that it
// once did.
func IsCopy(id, key string) bool {
	parts := strings.Split(key, "/")
	return key != "" && (parts[0] != id || len(parts) > 3 && slices.Contains(parts[3:], copyMark))
}

// readKey reads the key on the record.
func readKey(in Input) (k keyed) {
	parts := strings.Split(in.Deal.Field(in.Card.Field("key")).Text, "/")
	if len(parts) < 3 || parts[0] != in.Deal.Ref.ID || parts[1] != in.Card.ID {
		return k
	}
	k.attempt = attemptIn(parts[2])
	for _, word := range parts[3:] {
		for mark, at := range map[string]*time.Time{finalMark: &k.final, upMark: &k.up, downMark: &k.down, csmMark: &k.csm} {
			if text, ok := strings.CutPrefix(word, mark); ok {
				if t, err := time.Parse(keyTime, text); err == nil && !t.After(in.Now) {
					*at = t
				}
			}
		}
		if text, ok := strings.CutPrefix(word, askedMark); ok {
			k.asked = strings.Split(text, "+")
		}
		if text, ok := strings.CutPrefix(word, remindedMark); ok {
			k.reminded = text
		}
	}
	return k
}

// has reports whether the key says that a kind of task was asked for in an
// attempt.
func (k keyed) has(attempt int, kind string) bool {
	return k.attempt == attempt && slices.Contains(k.asked, kind)
}

// Key is what syncd writes on the record to know its own marks by: a copy of it
// on a cloned deal names another deal.
func Key(id string, card *scorecard.Card, s State) string {
	words := []string{id, card.ID, strconv.Itoa(s.Attempt)}
	if s.Copied {
		words = append(words, copyMark)
	}
	moment := func(mark string, at time.Time) {
		if !at.IsZero() {
			words = append(words, mark+at.UTC().Format(keyTime))
		}
	}
	if s.Final != nil {
		moment(finalMark, s.Final.At)
	}
	moment(upMark, s.EscalatedAt)
	moment(downMark, s.ResolvedAt)
	var asked []string
	reminded := ""
	for _, n := range s.Notices {
		switch {
		case n.Attempt != s.Attempt:
		case n.Kind == Reminder:
			reminded = n.For
		default:
			asked = append(asked, n.Kind)
		}
	}
	if len(asked) > 0 {
		words = append(words, askedMark+strings.Join(asked, "+"))
	}
	if reminded != "" {
		words = append(words, remindedMark+reminded)
	}
	moment(csmMark, s.CSMSince)
	// What does not fit is the least that matters.
	for len(strings.Join(words, "/")) > textLimit && len(words) > 3 {
		words = words[:len(words)-1]
	}
	return strings.Join(words, "/")
}
