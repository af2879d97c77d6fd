package app

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"go.uber.org/zap"

	"github.com/handoffscore/syncd/internal/ops"
)

const (
	probeTime  = 3 * time.Second  // for a database to answer
	probePause = time.Second      // between two tries
	stillDown  = 30 * time.Second // between two log lines of one outage at the start
)

// openStore opens and migrates the store unless New has. A database that
// cannot be reached is waited for; one that refuses us is an *ErrStart.
func (a *App) openStore(ctx context.Context) error {
	if a.store != nil {
		return nil
	}
	for refusals, logged := 0, (time.Time{}); ; pause(ctx, probePause) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		a.ops.health.Down(ops.Store, "being opened and migrated")
		if why, lost := outage(probe(ctx, a.database)); lost {
			refusals = 0
			a.ops.health.Down(ops.Database, why)
			if time.Since(logged) > stillDown {
				logged = time.Now()
				a.log.Warn("waiting for the database", zap.String("database", place(a.database)), zap.String("why", why))
			}
			continue
		}
		err := a.open(ctx)
		switch {
		case err == nil:
			a.reached()
			a.ops.health.Up(ops.Store)
			return nil
		case ctx.Err() != nil:
			return ctx.Err() // stopped meanwhile, which is nobody's fault
		}
		// It answers. One more try tells a refusal from an outage that began
		// after the answer.
		if refusals++; refusals > 1 {
			return &ErrStart{err}
		}
	}
}

// probe makes one connection to a PostgreSQL. Any other database is there.
func probe(ctx context.Context, dsn string) error {
	if !strings.HasPrefix(dsn, "postgres://") && !strings.HasPrefix(dsn, "postgresql://") {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

// place is where a database is, without anything that signs in to it.
func place(dsn string) string {
	u, err := url.Parse(dsn)
	if err != nil || u.Host == "" {
		return "the configured one"
	}
	return u.Host + u.Path
}

// reached notes that the database answers.
func (a *App) reached() {
	if down := a.ops.health.Up(ops.Database); down > 0 {
		a.log.Info("the database answers again", zap.Float64("seconds", down.Seconds()))
	}
}

// ping asks the store for a sign of life and notes what came of it. A stop is
// no outage.
func (a *App) ping(ctx context.Context) error {
	probing, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	err := a.store.Ping(probing)
	switch {
	case err == nil:
		a.reached()
	case ctx.Err() == nil:
		a.unreached(err)
	}
	return err
}

// unreached notes that the database does not answer, or not as it should.
func (a *App) unreached(err error) {
	why, _ := outage(err)
	if a.ops.health.Down(ops.Database, why) {
		a.log.Warn("the database does not answer; passes wait for it", zap.String("database", place(a.database)), zap.String("why", why))
	}
}

// awaitDatabase returns once the store answers or ctx ends.
func (a *App) awaitDatabase(ctx context.Context) {
	for a.ping(ctx) != nil && ctx.Err() == nil {
		pause(ctx, probePause)
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// outage reports whether an error means that a database cannot be reached for
// now, and says why in words that hold no address and no name.
func outage(err error) (why string, lost bool) {
	var pg *pgconn.PgError
	var connecting *pgconn.ConnectError
	var network net.Error
	var dns *net.DNSError
	switch {
	case err == nil:
		return "", false
	case errors.As(err, &pg):
		switch pg.Code[:min(len(pg.Code), 2)] {
		case "57": // operator intervention: shutting down, starting up
			return "it is shutting down or starting up", true
		case "53": // insufficient resources: connections, memory, disk
			return "it has no room for us (" + pg.Code + ")", true
		case "08":
			return "the connection was lost", true
		}
		return "it refuses us (" + pg.Code + ")", false
	case errors.As(err, &dns):
		return "its name is not known", true
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused", true
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return "no answer in time", true
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, driver.ErrBadConn), errors.Is(err, net.ErrClosed):
		return "the connection was lost", true
	case errors.As(err, &network), errors.As(err, &connecting):
		return "no connection could be made", true
	}
	return "it does not do what it is asked", false
}
