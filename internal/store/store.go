package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

//go:embed migrations
var migrations embed.FS

// Store is an open database. It is safe for concurrent use.
type Store struct {
	db      *sql.DB
	dialect string
	dsn     string
	// writing is held by the one transaction that changes an SQLite file, so
	// that writers of this process queue here and none waits out its time.
	writing sync.Mutex
}

// Dialects.
const (
	SQLite   = "sqlite"
	Postgres = "postgres"
)

// Open opens and migrates the database: "postgres://..." or the path of an
// SQLite file, which is made with mode 0600 if it is not there. Errors name
// the database without its password.
func Open(ctx context.Context, dsn string) (*Store, error) {
	s := &Store{dialect: dialectOf(dsn), dsn: dsn}
	var err error
	if s.db, err = s.Pool(0); err != nil {
		return nil, err
	}
	if err := s.db.PingContext(ctx); err != nil {
		s.db.Close()
		return nil, fmt.Errorf("database %s: %w (check database: in the configuration)", s.Name(), withoutSecret(err, dsn))
	}
	if err := s.migrate(ctx); err != nil {
		s.db.Close()
		return nil, fmt.Errorf("database %s: %w", s.Name(), err)
	}
	return s, nil
}

// Existing opens a database that is there, for reading it as it is: it is
// neither made nor migrated.
func Existing(ctx context.Context, dsn string) (*Store, error) {
	s := &Store{dialect: dialectOf(dsn), dsn: dsn}
	if s.dialect == SQLite {
		if _, err := os.Stat(dsn); err != nil {
			return nil, fmt.Errorf("database %s: %w", dsn, err)
		}
	}
	var err error
	if s.db, err = s.Pool(1); err != nil {
		return nil, err
	}
	if err := s.db.PingContext(ctx); err != nil {
		s.db.Close()
		return nil, fmt.Errorf("database %s: %w", s.Name(), withoutSecret(err, dsn))
	}
	return s, nil
}

func dialectOf(dsn string) string {
	if strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://") {
		return Postgres
	}
	return SQLite
}

// Pool opens another pool of connections to the same database; 0 connections
// means as many as suit it. Whoever opens it closes it.
func (s *Store) Pool(connections int) (*sql.DB, error) {
	if s.dialect == Postgres {
		conf, err := pgx.ParseConfig(s.dsn)
		if err != nil {
			return nil, fmt.Errorf("database %s: %w", s.Name(), withoutSecret(err, s.dsn))
		}
		db := stdlib.OpenDB(*conf, stdlib.OptionAfterConnect(Impatient))
		db.SetMaxOpenConns(max(connections, 8))
		return db, nil
	}
	tempBeside(s.dsn)
	if err := private(s.dsn); err != nil {
		return nil, fmt.Errorf("database %s: %w (check that its folder exists and may be written)", s.dsn, err)
	}
	// Rows hold whole deals as JSON: larger pages spare chains of overflow pages.
	// The size must be set while the file is empty. The driver sorts what is
	// under _pragma and applies it before _journal_mode, which fills the first page.
	// The log grows to 64 MB before it is brought home: a first pass writes the same
	// inner pages again and again.
	q := url.Values{
		"_txlock": {"immediate"}, "_journal_mode": {"WAL"},
		"_pragma": {"page_size(16384)", "busy_timeout(60000)", "synchronous(NORMAL)", "foreign_keys(ON)", "cache_size(-1000)", "wal_autocheckpoint(4000)"},
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: s.dsn}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return nil, fmt.Errorf("database %s: %w", s.dsn, err)
	}
	if connections == 0 {
		connections = 4
	}
	db.SetMaxOpenConns(connections)
	return db, nil
}

// Impatient has PostgreSQL give up a transaction that its process leaves alone
// for half a minute. A process that is stopped in the midst of one, with its
// machine or by a person, holds locks, and nobody could take over its work: its
// connection does not end as that of a killed one does.
func Impatient(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, `SET idle_in_transaction_session_timeout = '30s'`)
	return err
}

// Apart is the same database on connections of its own, for reading: whatever
// uses up the store's leaves these alone. Whoever opens it closes it.
func (s *Store) Apart(connections int) (*Store, error) {
	db, err := s.Pool(connections)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(connections)
	return &Store{db: db, dialect: s.dialect, dsn: s.dsn}, nil
}

// private makes the file before SQLite does, so that nobody else can read it.
func private(path string) error {
	f, err := os.OpenFile(filepath.Clean(path), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

func (s *Store) migrate(ctx context.Context) error {
	files, err := fs.Sub(migrations, "migrations/"+s.dialect)
	if err != nil {
		return err
	}
	dialect, options := goose.DialectSQLite3, []goose.ProviderOption{}
	if s.dialect == Postgres {
		dialect = goose.DialectPostgres
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return err
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	p, err := goose.NewProvider(dialect, s.db, files, options...)
	if err != nil {
		return err
	}
	have, want, err := p.GetVersions(ctx)
	if err != nil {
		return err
	}
	if have > want {
		return fmt.Errorf("its schema is version %d, newer than this program's %d: run a newer syncd", have, want)
	}
	_, err = p.Up(ctx)
	return err
}

// Close closes the database.
func (s *Store) Close() error { return s.db.Close() }

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return s.db.PingContext(ctx) }

// NoTable reports whether an error means that the database is not migrated.
func NoTable(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "42P01"
	}
	return strings.Contains(err.Error(), "no such table")
}

// Dialect is SQLite or Postgres.
func (s *Store) Dialect() string { return s.dialect }

// DSN is how to reach the database, password and all. It is not for people.
func (s *Store) DSN() string { return s.dsn }

// Name is the database for people, without its password.
func (s *Store) Name() string {
	if s.dialect == SQLite {
		return s.dsn
	}
	u, err := url.Parse(s.dsn)
	if err != nil {
		return "postgres"
	}
	u.RawQuery = "" // may hold passwords too
	return u.Redacted()
}

func withoutSecret(err error, dsn string) error {
	u, perr := url.Parse(dsn)
	if perr != nil {
		return errors.New("its address cannot be read")
	}
	text := err.Error()
	if p, ok := u.User.Password(); ok && p != "" {
		text = strings.ReplaceAll(text, p, "[redacted]")
	}
	return errors.New(text)
}

// write runs a change in one transaction, under the lease.
func (s *Store) write(ctx context.Context, l Lease, change func(*sql.Tx) error) error {
	return s.tx(ctx, func(tx *sql.Tx) error {
		if err := s.fence(ctx, tx, l); err != nil {
			return err
		}
		return change(tx)
	})
}

func (s *Store) tx(ctx context.Context, change func(*sql.Tx) error) error {
	if s.dialect == SQLite {
		s.writing.Lock()
		defer s.writing.Unlock()
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if err := change(tx); err != nil {
		return errors.Join(err, ignoreDone(tx.Rollback()))
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}

func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}
