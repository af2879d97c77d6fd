package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
)

// What becomes of a task.
const (
	TaskWanted       = "wanted"       // to be made
	TaskSent         = "sent"         // on its way; if the process died here, nobody knows
	TaskMade         = "made"         // it stands in the CRM
	TaskAcknowledged = "acknowledged" // it was made, and a person has completed or deleted it
	TaskTold         = "told"         // in a digest
	TaskClosing      = "closing"      // to be closed
	TaskClosed       = "closed"       // by us
	TaskDropped      = "dropped"      // not needed any more before it was made
)

// Task is what a person was asked for, once and for good.
type Task struct {
	Key                  string
	Ref                  crm.Ref
	Card                 string
	Attempt              int
	Kind, Role           string // Role "feed" is a post
	Owner                string // "" if there is nobody to ask
	About                string // the deal's name
	Subject, Body        string
	Due                  time.Time
	Urgent               bool
	FindOnly             bool // the record shows that it was asked before: it is looked for, and not made
	Digest               bool // to be told with others of its owner
	Within               string
	Run, Status          string
	TaskID               string // in the CRM, once it is known
	Note                 string // put on the task when it is closed
	Class, Code, Message string
	Tries                int
	NextTry              time.Time
	CreatedAt, UpdatedAt time.Time
}

// Closing ends a task by its key.
type Closing struct{ Key, Note string }

// TaskResult is what became of a task.
type TaskResult struct {
	Key, Status, TaskID  string
	Class, Code, Message string
	NextTry, At          time.Time
}

const (
	taskColumns = `connection, key, deal, card, attempt, kind, role, owner, about, subject, body, due, urgent, find_only, digest, within, run, status, task, note, class, code, message, tries, next_try, created_at, updated_at`
	taskSelect  = `t.connection, d.object, d.id, t.key, t.card, t.attempt, t.kind, t.role, t.owner, t.about, t.subject, t.body, t.due, t.urgent, t.find_only, t.digest, t.within, t.run, t.status, t.task, t.note, t.class, t.code, t.message, t.tries, t.next_try, t.created_at, t.updated_at`
)

// TasksOf returns what was asked for on some deals, oldest first.
func (s *Store) TasksOf(ctx context.Context, connection string, ids []string) ([]Task, error) {
	var all []Task
	err := inParts(s, ids, []any{connection}, func(list string, args []any) error {
		part, err := s.tasks(ctx, `d.connection = $1 AND d.id IN `+list+` ORDER BY t.created_at, t.key`, args...)
		all = append(all, part...)
		return err
	})
	return all, err
}

// TasksByKey returns the tasks of some keys, as far as they are known.
func (s *Store) TasksByKey(ctx context.Context, connection string, keys []string) ([]Task, error) {
	var all []Task
	err := inParts(s, keys, []any{connection}, func(list string, args []any) error {
		part, err := s.tasks(ctx, `t.connection = $1 AND t.key IN `+list, args...)
		all = append(all, part...)
		return err
	})
	return all, err
}

// TasksBy returns up to limit tasks behind a key that a run is to make or close,
// or has, in the order of keys.
func (s *Store) TasksBy(ctx context.Context, connection, run, after string, limit int) ([]Task, error) {
	return s.tasks(ctx, `t.connection = $1 AND t.run = $2 AND t.key > $3 ORDER BY t.key LIMIT $4`, connection, run, after, limit)
}

// TasksAlone pages as TasksBy does through those on deals to which the run has
// nothing planned to write.
func (s *Store) TasksAlone(ctx context.Context, connection, run, after string, limit int) ([]Task, error) {
	return s.tasks(ctx, `t.connection = $1 AND t.run = $2 AND t.key > $3
		AND NOT EXISTS (SELECT 1 FROM intents i WHERE i.deal = t.deal AND i.run = $2 AND i.status = 'planned') ORDER BY t.key LIMIT $4`, connection, run, after, limit)
}

// TasksRefused pages as TasksBy does through those that the CRM has refused, or
// for which there is nobody.
func (s *Store) TasksRefused(ctx context.Context, connection, run, after string, limit int) ([]Task, error) {
	return s.tasks(ctx, `t.connection = $1 AND t.run = $2 AND t.class <> '' AND t.key > $3 ORDER BY t.key LIMIT $4`, connection, run, after, limit)
}

// late are the tasks of a run that a digest may tell: reminders that came late,
// have an owner and are to be made.
const late = `t.connection = $1 AND t.run = $2 AND t.digest = 1 AND t.status = 'wanted' AND t.owner <> '' AND t.find_only = 0`

// LateOwners returns those whom a run is to remind late of more than one thing.
func (s *Store) LateOwners(ctx context.Context, connection, run string) ([]string, error) {
	return query(ctx, s.db, scanString, `SELECT t.owner FROM tasks t WHERE `+late+` GROUP BY t.owner HAVING COUNT(*) > 1 ORDER BY t.owner`, connection, run)
}

// LateTasks returns what a run is to remind an owner of late, in the order of
// keys and as far as a digest tells it: without the words of each.
func (s *Store) LateTasks(ctx context.Context, connection, run, owner string) ([]Task, error) {
	return query(ctx, s.db, func(scan func(...any) error) (t Task, err error) {
		var object, id string
		err = scan(&object, &id, &t.Key, &t.Card, &t.Attempt, &t.Role, &t.About)
		t.Ref = refOf(connection, object, id)
		return t, err
	}, `SELECT d.object, d.id, t.key, t.card, t.attempt, t.role, t.about FROM tasks t JOIN deals d ON d.num = t.deal WHERE `+late+` AND t.owner = $3 ORDER BY t.key`, connection, run, owner)
}

// TasksToMake returns up to limit tasks behind a key that a run is to make by
// now; some may be on their way already. What the CRM has refused waits for its
// next try.
func (s *Store) TasksToMake(ctx context.Context, connection, run string, now time.Time, after string, limit int) ([]Task, error) {
	return s.tasks(ctx, `t.connection = $1 AND t.run = $2 AND t.status IN ('wanted', 'sent') AND t.owner <> '' AND t.next_try <= $3 AND t.key > $4 ORDER BY t.key LIMIT $5`,
		connection, run, ms(now), after, limit)
}

// TasksToClose returns up to limit tasks behind a key that a run is to close by
// now.
func (s *Store) TasksToClose(ctx context.Context, connection, run string, now time.Time, after string, limit int) ([]Task, error) {
	return s.tasks(ctx, `t.connection = $1 AND t.run = $2 AND t.status = 'closing' AND t.next_try <= $3 AND t.key > $4 ORDER BY t.key LIMIT $5`,
		connection, run, ms(now), after, limit)
}

func (s *Store) tasks(ctx context.Context, where string, args ...any) ([]Task, error) {
	return query(ctx, s.db, scanTask, `SELECT `+taskSelect+` FROM tasks t JOIN deals d ON d.num = t.deal WHERE `+where, args...)
}

func scanTask(scan func(...any) error) (t Task, err error) {
	var connection, object, id string
	var due, next, created, updated int64
	var urgent, findOnly, digest int
	err = scan(&connection, &object, &id, &t.Key, &t.Card, &t.Attempt, &t.Kind, &t.Role, &t.Owner, &t.About, &t.Subject, &t.Body, &due, &urgent, &findOnly, &digest,
		&t.Within, &t.Run, &t.Status, &t.TaskID, &t.Note, &t.Class, &t.Code, &t.Message, &t.Tries, &next, &created, &updated)
	t.Ref = refOf(connection, object, id)
	t.Urgent, t.FindOnly, t.Digest = urgent != 0, findOnly != 0, digest != 0
	t.Due, t.NextTry, t.CreatedAt, t.UpdatedAt = at(due), at(next), at(created), at(updated)
	return t, err
}

// ask keeps what people are to be asked for. What is known already stays as it
// is; while it is not made, it is this run's to make, in the words of now.
func (s *Store) ask(ctx context.Context, tx *sql.Tx, slice Slice, nums map[string]int64) error {
	rows := make([][]any, len(slice.Tasks))
	now := ms(slice.Run.Now())
	for i, t := range slice.Tasks {
		status := TaskWanted
		if t.Status == TaskSent { // it may stand in the CRM
			status = TaskSent
		}
		rows[i] = []any{
			slice.Run.Connection, t.Key, nums[t.Ref.ID], t.Card, t.Attempt, t.Kind, t.Role, t.Owner, t.About, t.Subject, t.Body, ms(t.Due), bit(t.Urgent), bit(t.FindOnly), bit(t.Digest),
			"", slice.Run.ID, status, "", "", t.Class, t.Code, t.Message, 0, ms(t.NextTry), now, now,
		}
	}
	err := s.insert(ctx, tx, "tasks", taskColumns, rows, `ON CONFLICT (connection, key) DO UPDATE SET run = excluded.run,
		owner = CASE WHEN tasks.status = 'wanted' THEN excluded.owner ELSE tasks.owner END,
		about = excluded.about, subject = excluded.subject, body = excluded.body, class = excluded.class, code = excluded.code, message = excluded.message,
		next_try = excluded.next_try, updated_at = excluded.updated_at WHERE tasks.status IN ('wanted', 'sent')`)
	if err != nil {
		return err
	}
	return s.unask(ctx, tx, slice.Run, slice.Closings)
}

// unask ends tasks that are no longer needed: one that was never made is
// dropped, one that may stand in the CRM is to be closed. A digest is closed
// with the last of what it tells; a post that was made stays.
func (s *Store) unask(ctx context.Context, tx *sql.Tx, run Run, list []Closing) error {
	if len(list) == 0 {
		return nil
	}
	end, err := s.statement(ctx, tx, `UPDATE tasks SET run = $1, note = $2, updated_at = $3, next_try = 0,
			status = CASE status WHEN 'wanted' THEN 'dropped' WHEN 'told' THEN 'closed' ELSE 'closing' END
		WHERE connection = $4 AND key = $5 AND status IN ('wanted', 'sent', 'made', 'told', 'closing') AND NOT (role = 'feed' AND status = 'made')`)
	if err != nil {
		return fmt.Errorf("store tasks: %w", err)
	}
	endDigest, err := s.statement(ctx, tx, `UPDATE tasks SET run = $1, note = $2, updated_at = $3, next_try = 0, status = CASE status WHEN 'wanted' THEN 'dropped' ELSE 'closing' END
		WHERE connection = $4 AND status IN ('wanted', 'sent', 'made') AND key = (SELECT within FROM tasks WHERE connection = $4 AND key = $5 AND within <> '')
			AND NOT EXISTS (SELECT 1 FROM tasks AS m WHERE m.connection = $4 AND m.within = tasks.key AND m.status = 'told')`)
	if err != nil {
		return fmt.Errorf("store tasks: %w", err)
	}
	for _, c := range list {
		for _, stmt := range []statement{end, endDigest} {
			if _, err := stmt.ExecContext(ctx, run.ID, c.Note, ms(run.Now()), run.Connection, c.Key); err != nil {
				return fmt.Errorf("store tasks: %w", err)
			}
		}
	}
	return nil
}

// Collapse puts a digest in the place of tasks that were to be made one by
// one. Its deal must be known.
func (s *Store) Collapse(ctx context.Context, l Lease, run Run, digest Task, keys []string) error {
	return s.write(ctx, l, func(tx *sql.Tx) error {
		var num int64
		if err := tx.QueryRowContext(ctx, `SELECT num FROM deals WHERE connection = $1 AND id = $2`, run.Connection, digest.Ref.ID).Scan(&num); err != nil {
			return fmt.Errorf("store tasks: deal of a digest: %w", err)
		}
		if err := s.ask(ctx, tx, Slice{Run: run, Tasks: []Task{digest}}, map[string]int64{digest.Ref.ID: num}); err != nil {
			return err
		}
		return inParts(s, keys, []any{digest.Key, ms(run.Now()), run.Connection}, func(list string, args []any) error {
			_, err := tx.ExecContext(ctx, `UPDATE tasks SET status = 'told', within = $1, updated_at = $2 WHERE connection = $3 AND status = 'wanted' AND key IN `+list, args...)
			if err != nil {
				return fmt.Errorf("store tasks: %w", err)
			}
			return nil
		})
	})
}

// TasksSent notes that tasks are on their way.
func (s *Store) TasksSent(ctx context.Context, l Lease, keys []string, now time.Time) error {
	return s.write(ctx, l, func(tx *sql.Tx) error {
		return inParts(s, keys, []any{ms(now), l.Connection}, func(list string, args []any) error {
			_, err := tx.ExecContext(ctx, `UPDATE tasks SET status = 'sent', tries = tries + 1, updated_at = $1 WHERE connection = $2 AND key IN `+list, args...)
			if err != nil {
				return fmt.Errorf("store tasks: %w", err)
			}
			return nil
		})
	})
}

// HoldBack takes out of a run's plan the records on which a task of the run is
// still to be made, or may be on its way. A post holds nothing up.
func (s *Store) HoldBack(ctx context.Context, l Lease, run string) error {
	return s.write(ctx, l, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE intents SET status = 'superseded' WHERE connection = $1 AND run = $2 AND status = 'planned' AND deal IN (
			SELECT deal FROM tasks WHERE connection = $1 AND run = $2 AND role <> 'feed' AND (status = 'sent' OR status = 'wanted' AND owner <> '' AND class = ''))`, l.Connection, run)
		if err != nil {
			return fmt.Errorf("store intents: %w", err)
		}
		return nil
	})
}

// TasksSettled keeps what became of tasks. What was taken back may have to be
// asked once more: its deal is looked at again.
func (s *Store) TasksSettled(ctx context.Context, l Lease, results []TaskResult) error {
	if len(results) == 0 {
		return nil
	}
	return s.write(ctx, l, func(tx *sql.Tx) error {
		settle, err := s.statement(ctx, tx, `UPDATE tasks SET status = $1, task = CASE WHEN $2 = '' THEN task ELSE $2 END, class = $3, code = $4, message = $5, next_try = $6, updated_at = $7
			WHERE connection = $8 AND key = $9`)
		if err != nil {
			return fmt.Errorf("store tasks: %w", err)
		}
		lookAgain, err := s.statement(ctx, tx, `UPDATE states SET next_at = $1 WHERE in_scope = 1 AND deal IN (SELECT deal FROM tasks WHERE connection = $2 AND key = $3 AND note = $4)`)
		if err != nil {
			return fmt.Errorf("store tasks: %w", err)
		}
		for _, r := range results {
			_, err := settle.ExecContext(ctx, r.Status, r.TaskID, r.Class, r.Code, r.Message, ms(r.NextTry), ms(r.At), l.Connection, r.Key)
			if err == nil && (r.Status == TaskClosed || r.Status == TaskDropped) {
				_, err = lookAgain.ExecContext(ctx, ms(r.At), l.Connection, r.Key, TakenBack)
			}
			if err != nil {
				return fmt.Errorf("store tasks: %w", err)
			}
		}
		return nil
	})
}

// Sibling is a deal in scope of an account.
type Sibling struct {
	ID, Card, Account, Amount, Twin string
	ReadBy                          string // the run that read it last
	WonAt                           time.Time
}

// Siblings returns the deals in scope of some accounts.
func (s *Store) Siblings(ctx context.Context, connection string, accounts []string) ([]Sibling, error) {
	var all []Sibling
	err := inParts(s, accounts, []any{connection}, func(list string, args []any) error {
		part, err := query(ctx, s.db, func(scan func(...any) error) (b Sibling, err error) {
			var won int64
			err = scan(&b.ID, &b.Card, &b.Account, &b.Amount, &b.Twin, &b.ReadBy, &won)
			b.WonAt = at(won)
			return b, err
		}, `SELECT d.id, card, account, amount, twin, read_by, won_at FROM states JOIN deals d ON num = deal WHERE states.connection = $1 AND in_scope = 1 AND account <> '' AND account IN `+list, args...)
		all = append(all, part...)
		return err
	})
	return all, err
}

// TakenBack is the note on a task that an undo has ended.
const TakenBack = "Taken back."

// again is what the key goes on with of what is asked once more.
const again = "/again-"

// Current is what is asked by a key now, or is to be. What an undo has ended is
// asked once more, by a key that follows from the one before; what a person has
// completed or deleted is not.
func Current(ledger map[string]Task, key string) (t Task, known bool) {
	t, known = ledger[key]
	for n := 1; known && t.Note == TakenBack && (t.Status == TaskClosed || t.Status == TaskDropped); n++ {
		next := fmt.Sprint(key, again, n)
		if t, known = ledger[next]; !known {
			return Task{Key: next}, false
		}
	}
	t.Key = cmp.Or(t.Key, key)
	return t, known
}

// First is the key by which something was asked at first.
func First(key string) string {
	first, _, _ := strings.Cut(key, again)
	return first
}

// Post reports whether it is said in the deal's feed, and no task.
func (t Task) Post() bool { return t.Role == "feed" }

// Ended reports whether nothing is to be done about the task any more.
func (t Task) Ended() bool {
	switch t.Status {
	case TaskAcknowledged, TaskClosed, TaskDropped:
		return true
	}
	return false
}

// LeaveTasks takes what is to be made on some deals from a run; whoever looks
// at the deals next takes it up. A deal's number is of one connection: the
// statement goes by the deals, and not through all that the run asks.
func (s *Store) LeaveTasks(ctx context.Context, l Lease, run string, deals []string) error {
	return s.write(ctx, l, func(tx *sql.Tx) error {
		return inParts(s, deals, []any{l.Connection, run}, func(list string, args []any) error {
			_, err := tx.ExecContext(ctx, `UPDATE tasks SET run = '' WHERE run = $2 AND status IN ('wanted', 'closing')
				AND deal IN (SELECT num FROM deals WHERE connection = $1 AND id IN `+list+`)`, args...)
			if err != nil {
				return fmt.Errorf("store tasks: %w", err)
			}
			return nil
		})
	})
}
