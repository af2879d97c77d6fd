package store

import (
	"context"
	"database/sql"
	"fmt"
)

// Commit keeps a slice whole, or not at all. An intent supersedes what is
// unfinished of the same deal and card.
func (s *Store) Commit(ctx context.Context, l Lease, slice Slice) error {
	return s.write(ctx, l, func(tx *sql.Tx) error {
		for _, part := range []struct {
			table, columns string
			rows           [][]any
			suffix         string
		}{
			{"cards", "version, id, source", cardRows(slice.Cards), "ON CONFLICT (version) DO NOTHING"},
			{"snapshots", "connection, object, id, at, hash, body", snapshotRows(slice.Snapshots), ""},
			{"judgements", "connection, object, id, card, version, attempt, at, run, snapshot_hash, body", judgementRows(slice.Judgements), ""},
			{"states", stateColumns, stateRows(slice.States), stateConflict},
			{"reads", "connection, run, id", slice.reads(), "ON CONFLICT DO NOTHING"},
		} {
			if err := s.insert(ctx, tx, part.table, part.columns, part.rows, part.suffix); err != nil {
				return err
			}
		}
		if err := s.supersede(ctx, tx, slice); err != nil {
			return err
		}
		if err := s.plan(ctx, tx, slice.Intents); err != nil {
			return err
		}
		return saveRun(ctx, tx, slice.Run)
	})
}

// supersede ends the unfinished intents of every deal in the slice: the deal
// has just been read, so what was still to be written is known anew. A
// rejected write that is not due yet stays, unless a new one takes its place.
func (s *Store) supersede(ctx context.Context, tx *sql.Tx, slice Slice) error {
	end := func(ids []string, where string, fixed ...any) error {
		return inParts(s, ids, fixed, func(list string, args []any) error {
			if _, err := tx.ExecContext(ctx, `UPDATE intents SET status = 'superseded' WHERE `+where+` AND id IN `+list, args...); err != nil {
				return fmt.Errorf("store intents: %w", err)
			}
			return nil
		})
	}
	err := end(slice.Read, `connection = $1 AND (status IN ('planned', 'sent', 'unknown') OR (status = 'rejected' AND next_try <= $2))`,
		slice.Run.Connection, ms(slice.Run.Now()))
	if err != nil {
		return err
	}
	return end(slice.written(), `connection = $1 AND status = 'rejected'`, slice.Run.Connection)
}

func (s Slice) reads() [][]any {
	rows := make([][]any, len(s.Read))
	for i, id := range s.Read {
		rows[i] = []any{s.Run.Connection, s.Run.ID, id}
	}
	return rows
}

func (s Slice) written() []string {
	ids := make([]string, len(s.Intents))
	for i := range s.Intents {
		ids[i] = s.Intents[i].Ref.ID
	}
	return ids
}

func cardRows(cards []Card) [][]any {
	rows := make([][]any, len(cards))
	for i, c := range cards {
		rows[i] = []any{c.Version, c.ID, string(c.Source)}
	}
	return rows
}

func snapshotRows(list []Snapshot) [][]any {
	rows := make([][]any, len(list))
	for i, s := range list {
		rows[i] = []any{s.Ref.Connection, string(s.Ref.Object), s.Ref.ID, ms(s.At), s.Hash, s.Body}
	}
	return rows
}

func judgementRows(list []Judgement) [][]any {
	rows := make([][]any, len(list))
	for i, j := range list {
		rows[i] = []any{j.Ref.Connection, string(j.Ref.Object), j.Ref.ID, j.Card, j.Version, j.Attempt, ms(j.At), j.Run, j.SnapshotHash, j.Body}
	}
	return rows
}
