package app

import (
	"context"
	"fmt"

	"github.com/handoffscore/syncd/config"
	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/hubspot"
	"github.com/handoffscore/syncd/internal/crm/salesforce"
	"github.com/handoffscore/syncd/internal/scorecard"
	"github.com/handoffscore/syncd/internal/syncer"
)

// Provided is what became of a part that a CRM lacked.
type Provided struct {
	crm.Part
	Error string `json:"error,omitempty"` // "" if it is there now
}

// Survey compares what a connection's fields need with what its CRM has.
func (a *App) Survey(ctx context.Context, c *syncer.Connection) (crm.Survey, error) {
	return c.Source.(crm.Steward).Survey(ctx)
}

// Provide creates what is missing, part by part, and tells of each. What stands
// on a part that could not be created is tried all the same: the CRM's answer
// says what is wrong. It stops where the connection as a whole cannot go on.
func (a *App) Provide(ctx context.Context, c *syncer.Connection, s crm.Survey, each func(Provided)) error {
	for _, p := range s.Parts {
		if p.State != crm.Missing {
			continue
		}
		err := c.Source.(crm.Steward).Provide(ctx, p)
		if err != nil && ctx.Err() != nil {
			return context.Cause(ctx) // whether it is there now, the next survey tells
		}
		out := Provided{Part: p}
		if err != nil {
			out.Error = err.Error()
		}
		each(out)
		switch crm.KindOf(err) {
		case crm.Auth, crm.Quota, crm.Unavailable:
			if err != nil {
				return fmt.Errorf("%s: %w", c.Name, err)
			}
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	return nil
}

// FieldFiles writes what a connection's fields need as files for the vendor's
// own tools: path with forward slashes -> content. It needs no secrets and calls
// nobody.
func FieldFiles(cfg *config.Config, con *config.Connection) (map[string][]byte, error) {
	all, err := cfg.Cards()
	if err != nil {
		return nil, err
	}
	var cards []*scorecard.Card
	for _, id := range con.Scorecards {
		cards = append(cards, all[id])
	}
	setup := cfg.Setup(con, cards)
	if con.CRM == "hubspot" {
		return hubspot.Plans(setup, con.APIVersion)
	}
	return salesforce.Plans(setup, con.APIVersion)
}
