package replicas

import (
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/handoffscore/syncd/internal/store"
)

// Triggers that note, in the database itself, who held which lease when, who
// works which job, and every row of a connection that was changed by a process
// other than the holder of its lease.
const triggers = `
CREATE TABLE test_replicas (name TEXT PRIMARY KEY, holder TEXT NOT NULL);
CREATE TABLE test_leases (seq BIGSERIAL, at TIMESTAMPTZ, connection TEXT, holder TEXT, epoch BIGINT);
CREATE TABLE test_jobs (id BIGINT PRIMARY KEY, worker TEXT);
CREATE TABLE test_leader (name TEXT PRIMARY KEY, worker TEXT);
CREATE TABLE test_strays (at TIMESTAMPTZ, what TEXT, connection TEXT, writer TEXT, holder TEXT);

CREATE FUNCTION test_lease() RETURNS trigger AS $$ BEGIN
	IF TG_OP = 'INSERT' OR NEW.epoch <> OLD.epoch OR NEW.holder <> OLD.holder THEN
		INSERT INTO test_leases (at, connection, holder, epoch) VALUES (clock_timestamp(), NEW.connection, NEW.holder, NEW.epoch);
	END IF;
	RETURN NULL;
END $$ LANGUAGE plpgsql;
CREATE TRIGGER test_lease AFTER INSERT OR UPDATE ON leases FOR EACH ROW EXECUTE FUNCTION test_lease();

CREATE FUNCTION test_row() RETURNS trigger AS $$ BEGIN
	INSERT INTO test_strays SELECT clock_timestamp(), TG_TABLE_NAME, NEW.connection, current_setting('application_name'), l.holder FROM leases l
		WHERE l.connection = NEW.connection AND current_setting('application_name') LIKE 'replica-%'
		AND NOT EXISTS (SELECT 1 FROM test_replicas r WHERE r.name = current_setting('application_name') AND r.holder = l.holder);
	RETURN NULL;
END $$ LANGUAGE plpgsql;
CREATE TRIGGER test_row AFTER INSERT OR UPDATE ON runs FOR EACH ROW EXECUTE FUNCTION test_row();
CREATE TRIGGER test_row AFTER INSERT OR UPDATE ON intents FOR EACH ROW EXECUTE FUNCTION test_row();
CREATE TRIGGER test_row AFTER INSERT OR UPDATE ON states FOR EACH ROW EXECUTE FUNCTION test_row();

CREATE FUNCTION test_job() RETURNS trigger AS $$ BEGIN
	INSERT INTO test_jobs VALUES (NEW.id, current_setting('application_name')) ON CONFLICT (id) DO UPDATE SET worker = excluded.worker;
	RETURN NULL;
END $$ LANGUAGE plpgsql;
CREATE TRIGGER test_job AFTER UPDATE ON river_job FOR EACH ROW WHEN (NEW.state = 'running' AND OLD.state <> 'running') EXECUTE FUNCTION test_job();

CREATE FUNCTION test_leads() RETURNS trigger AS $$ BEGIN
	INSERT INTO test_leader VALUES (NEW.name, current_setting('application_name')) ON CONFLICT (name) DO UPDATE SET worker = excluded.worker;
	RETURN NULL;
END $$ LANGUAGE plpgsql;
CREATE TRIGGER test_leads AFTER INSERT OR UPDATE ON river_leader FOR EACH ROW EXECUTE FUNCTION test_leads();
`

// audit makes the tables, as the first process would, and sets the triggers.
func (f *fleet) audit() {
	f.t.Helper()
	ctx := f.t.Context()
	s, err := store.Open(ctx, f.dsn)
	if err != nil {
		f.t.Fatal(err)
	}
	pool, err := pgxpool.New(ctx, f.dsn)
	if err != nil {
		f.t.Fatal(err)
	}
	defer pool.Close()
	m, err := rivermigrate.New(riverpgxv5.New(pool), nil)
	if err != nil {
		f.t.Fatal(err)
	}
	_, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil)
	if err = errors.Join(err, s.Close()); err != nil {
		f.t.Fatal(err)
	}
	f.exec(triggers)
}

func (f *fleet) exec(q string, args ...any) {
	f.t.Helper()
	if _, err := f.db.ExecContext(f.t.Context(), q, args...); err != nil {
		f.t.Fatal(err)
	}
}

// number is the answer to a query that has one.
func (f *fleet) number(q string, args ...any) (n int64) {
	f.t.Helper()
	if err := f.db.QueryRowContext(f.t.Context(), q, args...).Scan(&n); err != nil {
		f.t.Fatal(err)
	}
	return n
}

// text is the answer to a query that has one.
func (f *fleet) text(q string, args ...any) (s string) {
	f.t.Helper()
	if err := f.db.QueryRowContext(f.t.Context(), q, args...).Scan(&s); err != nil {
		f.t.Fatal(err)
	}
	return s
}

// introduce tells the triggers who a process is, if they are there.
func (f *fleet) introduce(r *replica) error {
	ctx := f.t.Context()
	var there bool
	if err := f.db.QueryRowContext(ctx, `SELECT to_regclass('test_replicas') IS NOT NULL`).Scan(&there); err != nil || !there {
		return err
	}
	_, err := f.db.ExecContext(ctx, `INSERT INTO test_replicas VALUES ($1, $2)`, r.name, r.holder)
	return err
}

// age brings about what two minutes without a sign of life of a process would:
// its leases have run out, another may lead, and its jobs are put back.
func (f *fleet) age(r *replica) error {
	ctx := f.t.Context()
	for _, q := range []string{
		`UPDATE leases SET until = 0 WHERE holder = (SELECT holder FROM test_replicas WHERE name = $1)`,
		`DELETE FROM river_leader l USING test_leader t WHERE t.name = l.name AND t.worker = $1`,
		`UPDATE river_job j SET state = 'available', scheduled_at = now() FROM test_jobs t WHERE t.id = j.id AND t.worker = $1 AND j.state = 'running'`,
	} {
		if _, err := f.db.ExecContext(ctx, q, r.name); err != nil {
			return fmt.Errorf("age %s: %w", r.name, err)
		}
	}
	return nil
}

// term is a time during which a holder had, or had not, a connection's lease.
type term struct {
	from   time.Time
	holder string
	epoch  int64
}

// terms are those of every connection, in order.
func (f *fleet) terms() map[string][]term {
	f.t.Helper()
	rows, err := f.db.QueryContext(f.t.Context(), `SELECT connection, at, holder, epoch FROM test_leases ORDER BY seq`)
	if err != nil {
		f.t.Fatal(err)
	}
	defer rows.Close()
	all := map[string][]term{}
	for rows.Next() {
		var connection string
		var t term
		if err := rows.Scan(&connection, &t.from, &t.holder, &t.epoch); err != nil {
			f.t.Fatal(err)
		}
		all[connection] = append(all[connection], t)
	}
	if err := rows.Err(); err != nil {
		f.t.Fatal(err)
	}
	return all
}
