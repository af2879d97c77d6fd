package store

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/handoffscore/syncd/internal/crm"
)

// Commit keeps a slice whole, or not at all. An intent supersedes what is
// unfinished of the same deal and card.
func (s *Store) Commit(ctx context.Context, l Lease, slice Slice) error {
	return s.write(ctx, l, func(tx *sql.Tx) error {
		nums, fresh, err := s.number(ctx, tx, slice)
		if err != nil {
			return err
		}
		first, later := stateRows(slice.States, nums, fresh)
		for _, part := range []struct {
			table, columns string
			rows           [][]any
			suffix         string
		}{
			{"cards", "version, id, source", cardRows(slice.Cards), "ON CONFLICT (version) DO NOTHING"},
			{"snapshots", "deal, at, hash, body", snapshotRows(slice.Snapshots, nums), ""},
			{"judgements", "deal, card, version, attempt, at, run, snapshot_hash, body", judgementRows(slice.Judgements, nums), ""},
			{"states", stateColumns, first, ""},
			{"states", stateColumns, later, stateConflict},
		} {
			if err := s.insert(ctx, tx, part.table, part.columns, part.rows, part.suffix); err != nil {
				return err
			}
		}
		if err := s.supersede(ctx, tx, slice, nums, fresh); err != nil {
			return err
		}
		if err := s.plan(ctx, tx, slice.Intents, nums); err != nil {
			return err
		}
		if err := s.ask(ctx, tx, slice, nums); err != nil {
			return err
		}
		if err := s.insert(ctx, tx, "attempts", attemptColumns, attemptRows(slice, nums), attemptConflict); err != nil {
			return err
		}
		if err := s.again(ctx, tx, slice); err != nil {
			return err
		}
		return saveRun(ctx, tx, slice.Run)
	})
}

// supersede ends the unfinished intents of every deal in the slice: the deal
// has just been read, so what was still to be written is known anew. A
// rejected write that is not due yet stays, unless a new one takes its place. Of a
// deal that is seen for the first time there is none.
func (s *Store) supersede(ctx context.Context, tx *sql.Tx, slice Slice, nums map[string]int64, fresh map[string]bool) error {
	end := func(ids []string, where string, fixed ...any) error {
		var deals []int64
		for _, id := range ids {
			if !fresh[id] {
				deals = append(deals, nums[id])
			}
		}
		return inParts(s, deals, append([]any{ms(slice.Run.Now())}, fixed...), func(list string, args []any) error {
			if _, err := tx.ExecContext(ctx, s.updates()+` intents SET status = 'superseded', updated_at = $1 WHERE `+where+` AND deal IN `+list, args...); err != nil {
				return fmt.Errorf("store intents: %w", err)
			}
			return nil
		})
	}
	err := end(slice.Read, `(status IN ('planned', 'sent', 'unknown') OR (status = 'rejected' AND next_try <= $1))`)
	if err != nil {
		return err
	}
	written := slice.written()
	for _, card := range slices.Sorted(maps.Keys(written)) {
		if err := end(written[card], `status = 'rejected' AND card = $2`, card); err != nil {
			return err
		}
	}
	return nil
}

// number returns the numbers of all deals in the slice, by id, and notes which
// the run has read. Deals seen for the first time are given one, and are in
// fresh. What is known is asked for first: an INSERT that may have to change a
// row instead makes SQLite keep the pages as they were in a file beside.
func (s *Store) number(ctx context.Context, tx *sql.Tx, slice Slice) (nums map[string]int64, fresh map[string]bool, err error) {
	nums, fresh = make(map[string]int64, len(slice.Read)), map[string]bool{}
	ids := make([]string, 0, len(slice.Read))
	objects := make(map[string]crm.Object, len(slice.Read))
	add := func(ref crm.Ref) {
		if _, ok := objects[ref.ID]; !ok {
			objects[ref.ID], ids = ref.Object, append(ids, ref.ID)
		}
	}
	for _, id := range slice.Read {
		add(crm.Ref{Object: crm.ObjectDeal, ID: id})
	}
	read := len(ids)
	for i := range slice.States {
		add(slice.States[i].Ref)
	}
	for i := range slice.Snapshots {
		add(slice.Snapshots[i].Ref)
	}
	for i := range slice.Judgements {
		add(slice.Judgements[i].Ref)
	}
	for i := range slice.Intents {
		add(slice.Intents[i].Ref)
	}
	for i := range slice.Tasks {
		add(slice.Tasks[i].Ref)
	}
	err = inParts(s, ids, []any{slice.Run.Connection}, func(list string, args []any) error {
		_, err := query(ctx, tx, func(scan func(...any) error) (struct{}, error) {
			var id string
			var num int64
			err := scan(&id, &num)
			nums[id] = num
			return struct{}{}, err
		},
			`SELECT id, num FROM deals WHERE connection = $1 AND id IN `+list, args...)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	var again []int64
	var rows [][]any
	for i, id := range ids {
		num, known := nums[id]
		switch by := slice.Run.ID; {
		case known && i < read:
			again = append(again, num)
		case known:
		default:
			if i >= read {
				by = ""
			}
			fresh[id] = true
			rows = append(rows, []any{slice.Run.Connection, string(objects[id]), id, by, nil})
		}
	}
	err = inParts(s, again, []any{slice.Run.ID}, func(list string, args []any) error {
		_, err := tx.ExecContext(ctx, s.updates()+` deals SET read_by = $1 WHERE num IN `+list, args...)
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("store deals: %w", err)
	}
	given, err := s.numbers(ctx, tx, "deals", "num", len(rows))
	if err != nil {
		return nil, nil, err
	}
	for i, row := range rows {
		nums[row[2].(string)], row[4] = given[i], given[i]
	}
	return nums, fresh, s.insert(ctx, tx, "deals", "connection, object, id, read_by, num", rows, "")
}

// again has deals looked at once more.
func (s *Store) again(ctx context.Context, tx *sql.Tx, slice Slice) error {
	for _, step := range []struct {
		set   string
		fixed []any
	}{
		{`UPDATE deals SET read_by = '' WHERE connection = $1 AND id IN `, []any{slice.Run.Connection}},
		{`UPDATE states SET next_at = $2 WHERE in_scope = 1 AND deal IN (SELECT num FROM deals WHERE connection = $1 AND id IN `, []any{slice.Run.Connection, ms(slice.Run.Now())}},
	} {
		err := inParts(s, slice.Again, step.fixed, func(list string, args []any) error {
			_, err := tx.ExecContext(ctx, step.set+list+strings.Repeat(")", strings.Count(step.set, "(")), args...)
			return err
		})
		if err != nil {
			return fmt.Errorf("store deals: %w", err)
		}
	}
	return nil
}

// written are the deals that the slice writes to, by card: a write of one card
// takes the place of none by another.
func (s Slice) written() map[string][]string {
	ids := map[string][]string{}
	for i := range s.Intents {
		ids[s.Intents[i].Card] = append(ids[s.Intents[i].Card], s.Intents[i].Ref.ID)
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

func snapshotRows(list []Snapshot, nums map[string]int64) [][]any {
	rows := make([][]any, len(list))
	for i, s := range list {
		rows[i] = []any{nums[s.Ref.ID], ms(s.At), s.Hash, s.Body}
	}
	return rows
}

func judgementRows(list []Judgement, nums map[string]int64) [][]any {
	rows := make([][]any, len(list))
	for i, j := range list {
		rows[i] = []any{nums[j.Ref.ID], j.Card, j.Version, j.Attempt, ms(j.At), j.Run, j.SnapshotHash, j.Body}
	}
	return rows
}
