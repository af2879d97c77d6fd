package handoff

import (
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/handoffscore/syncd/internal/autoscore"
	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/scorecard"
)

// Reasons a deal is out of scope, as counted and shown.
const (
	ReasonNotWon     = "not won"
	ReasonGoLive     = "won before go_live"
	ReasonNoWonTime  = "won, but nobody knows when"
	ReasonType       = "type left out"
	ReasonPipeline   = "pipeline left out"
	ReasonRecordType = "record type left out"
	ReasonSameSale   = "the same sale as another deal"
)

// Scope reports whether a deal is to be scored by the cards for won deals and
// if not, why.
func Scope(d *crm.Deal, s Settings) (in bool, reason string) {
	switch {
	case !d.Won:
		return false, ReasonNotWon
	case d.WonAt.At.IsZero():
		return false, ReasonNoWonTime
	case d.WonAt.At.Before(s.GoLive):
		return false, ReasonGoLive
	case !typeIn(d.Type.Text, s):
		return false, ReasonType
	case len(s.Pipelines) > 0 && d.Pipeline.Known() && !contains(s.Pipelines, d.Pipeline.Text):
		return false, ReasonPipeline
	case len(s.RecordTypes) > 0 && d.RecordType.Known() && !contains(s.RecordTypes, d.RecordType.Text):
		return false, ReasonRecordType
	}
	return true, ""
}

// scope is the scope of a handoff: a deal that somebody has marked as the same
// sale as another is not one of its own.
func scope(in Input, prev State) (ok bool, reason string) {
	if in.Card.PartnerOnly {
		return partnerScope(in, prev)
	}
	if ok, reason = Scope(in.Deal, in.Settings); ok && in.Twin != "" && fold(in.sheet.Cell("duplicate_decision").Text) == SameSale {
		return false, ReasonSameSale
	}
	return ok, reason
}

// twinWithin is how close the wins of two deals lie that may be one sale.
const twinWithin = 7 * 24 * time.Hour

// MayBeOne reports whether two deals of one account may be the same sale:
// their amounts are equal, and they were won within seven days.
func MayBeOne(amount, other string, won, otherWon time.Time) bool {
	if won.Sub(otherWon).Abs() > twinWithin {
		return false
	}
	a, errA := decimal.NewFromString(strings.TrimSpace(amount))
	b, errB := decimal.NewFromString(strings.TrimSpace(other))
	return errA == nil && errB == nil && a.Equal(b)
}

// MarkedSame reports whether somebody has said that a deal is the same sale as
// another.
func MarkedSame(d *crm.Deal) bool { return fold(d.Field("duplicate_decision").Text) == SameSale }

// typeIn: an explicit list leaves out what it does not name, blank included;
// else everything is in but the excluded types.
func typeIn(t string, s Settings) bool {
	if len(s.Types) > 0 {
		return t != "" && contains(s.Types, t)
	}
	if s.ExcludeTypes == nil {
		return !strings.Contains(strings.ToLower(t), "renew")
	}
	return t == "" || !contains(s.ExcludeTypes, t)
}

func contains(list []string, v string) bool {
	return slices.ContainsFunc(list, func(l string) bool {
		return strings.EqualFold(strings.TrimSpace(l), strings.TrimSpace(v))
	})
}

// Choose picks the card for a won deal among those for won deals. The choice
// is made anew until kept names a card by which a person has begun to score.
// A warning says why the amount could not be compared.
func Choose(cards []*scorecard.Card, d *crm.Deal, s Settings, kept string) (card *scorecard.Card, warning string) {
	var full, short *scorecard.Card
	for _, c := range cards {
		switch {
		case c.PartnerOnly:
		case c.ID == kept:
			return c, ""
		case c.BelowThreshold:
			short = c
		case full == nil:
			full = c
		}
	}
	if full == nil || short == nil || s.Threshold == nil {
		if full == nil {
			return short, ""
		}
		return full, ""
	}
	amount, warning := companyAmount(d, s)
	if warning == "" && amount.LessThan(*s.Threshold) {
		return short, ""
	}
	return full, warning
}

// Named is the card for won deals that the key on a deal names, once it is final
// or somebody has begun to score by it; "" if there is none. Of a card that is
// known the store knows whether somebody has begun.
func Named(cards []*scorecard.Card, d *crm.Deal, known func(card string) bool) string {
	for _, card := range cards {
		if card.PartnerOnly || !strings.Contains(d.Field(card.Field("key")).Text, card.ID) {
			continue
		}
		if k := readKey(Input{Card: card, Deal: d}); k.attempt == 0 {
			continue
		} else if k.final {
			return card.ID
		} else if known(card.ID) {
			continue
		}
		sheet := Read(card, d, State{})
		for item := range card.Items() {
			if _, ok := autoscore.ParseScore(sheet.Entered(item).Text); ok {
				return card.ID
			}
		}
	}
	return ""
}

// companyAmount converts a deal's amount to the company's currency.
func companyAmount(d *crm.Deal, s Settings) (amount decimal.Decimal, warning string) {
	if !d.Amount.Known() {
		return amount, "the amount cannot be read: the full card is used"
	}
	if d.Amount.Text == "" {
		return amount, "the amount is blank: the full card is used"
	}
	amount, err := decimal.NewFromString(strings.TrimSpace(d.Amount.Text))
	if err != nil {
		return amount, "the amount is not a number: the full card is used"
	}
	currency := strings.ToUpper(strings.TrimSpace(d.Currency.Text))
	if currency == "" || s.Currency == "" || currency == s.Currency {
		return amount, ""
	}
	rate, ok := s.Rates[currency]
	if !ok {
		return amount, "no rate for " + currency + ": the full card is used"
	}
	return amount.Mul(rate), ""
}
