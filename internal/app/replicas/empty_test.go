package replicas

import (
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/store"
)

// Replicas that a deploy starts at the same moment on a new database all come
// up: whoever is first makes the tables, and the others wait. That they meet
// over the queue's tables is made sure of by a transaction that has begun to
// make one and then thinks better of it.
func TestReplicasStartTogetherOnANewDatabase(t *testing.T) {
	t.Parallel()
	f := newFleet(t, orgOptions{count: 2, deals: 10, schedule: "@every 1h"})
	s, err := store.Open(t.Context(), f.dsn)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	tx, err := f.db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(t.Context(), `CREATE TABLE river_migration (version BIGINT)`); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		f.started()
	}
	f.until(time.Minute, "three replicas at the queue's tables", func() bool {
		return f.number(`SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'replica-%' AND wait_event_type = 'Lock'`) == 3
	})
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	f.until(time.Minute, "a pass of every connection", func() bool {
		return f.number(`SELECT COUNT(DISTINCT connection) FROM runs WHERE status = 'done'`) == 2
	})
}
