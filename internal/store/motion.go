package store

import (
	"context"
	"time"
)

// Moment is a place in the order in which the handoffs of a motion were sent:
// by time, and of one time by the deal's id.
type Moment struct {
	Connection, Card, Motion string
	Sent                     time.Time
	Deal                     string
}

// Before returns the last handoffs of a motion that are final and were sent
// before a moment, the latest first. Those of deals that have gone since were
// sent all the same.
func (s *Store) Before(ctx context.Context, m Moment, limit int) ([]State, error) {
	if m.Motion == "" {
		return nil, nil
	}
	id := s.byteOrder("d.id")
	return query(ctx, s.db, scanState, `SELECT `+stateSelect+` FROM states s JOIN deals d ON s.deal = d.num
		WHERE s.connection = $1 AND card = $2 AND motion = $3 AND motion <> '' AND final = 1 AND (sent_at < $4 OR sent_at = $4 AND `+id+` < $5)
		ORDER BY sent_at DESC, `+id+` DESC LIMIT $6`, m.Connection, m.Card, m.Motion, ms(m.Sent), m.Deal, limit)
}

// After returns the ids of the first handoffs of a motion that are final and
// were sent after a moment, and the runs that read their deals last.
func (s *Store) After(ctx context.Context, m Moment, limit int) (runs map[string]string, err error) {
	if m.Motion == "" {
		return nil, nil
	}
	id := s.byteOrder("d.id")
	runs = map[string]string{}
	_, err = query(ctx, s.db, func(scan func(...any) error) (struct{}, error) {
		var deal, run string
		err := scan(&deal, &run)
		runs[deal] = run
		return struct{}{}, err
	}, `SELECT d.id, read_by FROM states s JOIN deals d ON s.deal = d.num
		WHERE s.connection = $1 AND card = $2 AND motion = $3 AND motion <> '' AND final = 1 AND in_scope = 1 AND (sent_at > $4 OR sent_at = $4 AND `+id+` > $5)
		ORDER BY sent_at, `+id+` LIMIT $6`, m.Connection, m.Card, m.Motion, ms(m.Sent), m.Deal, limit)
	return runs, err
}

// byteOrder has a column compared as Go compares strings, whatever language a
// database was set up for.
func (s *Store) byteOrder(column string) string {
	if s.dialect == Postgres {
		return column + ` COLLATE "C"`
	}
	return column
}
