package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// What passes by itself is waited for; what a person has to mend is not.
func TestWhatCountsAsAnOutage(t *testing.T) {
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	for _, c := range []struct {
		name string
		err  error
		lost bool
		says string
	}{
		{"no error", nil, false, ""},
		{"nobody listens", refused, true, "refused"},
		{"the server was killed", fmt.Errorf("store: %w", syscall.ECONNRESET), true, "lost"},
		{"the server closed the connection", io.ErrUnexpectedEOF, true, "lost"},
		{"no answer", fmt.Errorf("ping: %w", context.DeadlineExceeded), true, "in time"},
		{"the name does not resolve yet", &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "db.internal"}}, true, "name"},
		{"administrator's shutdown", &pgconn.PgError{Code: "57P01"}, true, "shutting down"},
		{"starting up", &pgconn.PgError{Code: "57P03"}, true, "starting up"},
		{"too many connections", &pgconn.PgError{Code: "53300"}, true, "53300"},
		{"wrong password", &pgconn.PgError{Code: "28P01", Message: `password authentication failed for user "ada"`}, false, "28P01"},
		{"no such role", &pgconn.PgError{Code: "28000"}, false, "28000"},
		{"no such database", &pgconn.PgError{Code: "3D000"}, false, "3D000"},
		{"may not connect", &pgconn.PgError{Code: "42501"}, false, "42501"},
		{"an address that cannot be read", errors.New("cannot parse"), false, ""},
	} {
		why, lost := outage(c.err)
		if lost != c.lost || !strings.Contains(why, c.says) || strings.Contains(why, "ada") || strings.Contains(why, "db.internal") {
			t.Errorf("%s: %q, %v; want %v saying %q", c.name, why, lost, c.lost, c.says)
		}
	}
}

func TestWhereADatabaseIsNamesNoSecret(t *testing.T) {
	for dsn, want := range map[string]string{
		"postgres://ada:hunter2@db.internal:5432/syncd?sslpassword=hunter2": "db.internal:5432/syncd",
		"postgres://ada:hunter2@%zz/":                                       "the configured one",
	} {
		if got := place(dsn); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
