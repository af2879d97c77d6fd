package store

import (
	"context"
	"time"
)

// Motion returns the last handoffs of a motion that are final and were sent up
// to a moment, the latest first. Those of deals that have gone since were sent
// all the same.
func (s *Store) Motion(ctx context.Context, connection, card, motion string, until time.Time, limit int) ([]State, error) {
	if motion == "" {
		return nil, nil
	}
	return query(ctx, s.db, scanState, `SELECT `+stateSelect+` FROM states s JOIN deals d ON s.deal = d.num
		WHERE s.connection = $1 AND card = $2 AND motion = $3 AND motion <> '' AND final = 1 AND sent_at <= $4
		ORDER BY sent_at DESC, d.id DESC LIMIT $5`, connection, card, motion, ms(until), limit)
}
