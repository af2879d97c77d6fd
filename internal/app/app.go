// Package app builds the program from its configuration, runs it, and closes
// it in reverse order. From the bottom up: config names connections and cards;
// store keeps what is known; an adapter (salesforce or hubspot) is each
// connection's Source and Sink; autoscore judges a deal by a scorecard,
// handoff says where it stands; syncer plans a pass and writeback applies it;
// job wakes passes on their schedules, in slices. A pass is the same whoever
// asks for it: run, run --once, plan and demo all come through Pass.
package app

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"sync"
	"time"

	"github.com/shopspring/decimal"
	"go.uber.org/zap"

	"github.com/handoffscore/syncd/config"
	"github.com/handoffscore/syncd/internal/autoscore"
	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/hubspot"
	"github.com/handoffscore/syncd/internal/crm/salesforce"
	"github.com/handoffscore/syncd/internal/handoff"
	"github.com/handoffscore/syncd/internal/scorecard"
	"github.com/handoffscore/syncd/internal/store"
	"github.com/handoffscore/syncd/internal/syncer"
	"github.com/handoffscore/syncd/internal/writeback"
)

// Options tunes an App. The zero value is ready for use.
type Options struct {
	Log      *zap.Logger // nil discards
	Progress func(connection string, read int64)
	// Wait leaves opening the store to Run, which waits for a database that
	// cannot be reached. Until then nothing else may be asked of the App.
	Wait bool
}

// App is the program.
type App struct {
	cfg         *config.Config
	database    string // its address
	log         *zap.Logger
	zone        *time.Location
	store       *store.Store
	connections []*syncer.Connection
	schedules   map[string]schedule // by connection
	planner     *syncer.Planner
	writer      *writeback.Writer
	limits      writeback.Limits
	budgets     map[string]*budget // by connection
	tenures     map[string]*tenure // by connection
	holder      string
	ops         *operations
	closing     chan struct{}  // closed by close
	close       func()         // once
	releasing   sync.WaitGroup // leases that the store has not taken back yet
}

type schedule struct{ pass, sweep string }

// New builds the program: it opens and migrates the store and resolves
// secrets, and does not call any CRM. Errors name the config key.
func New(ctx context.Context, cfg *config.Config, o Options) (*App, error) {
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	// Libraries that write to the standard logger may quote what a CRM
	// answered; only that they spoke is kept.
	log.SetFlags(0)
	log.SetOutput(muted{o.Log})
	cards, err := cfg.Cards()
	if err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		host = "host"
	}
	a := &App{
		cfg: cfg, log: o.Log, zone: cfg.Zone(), schedules: map[string]schedule{}, budgets: map[string]*budget{}, tenures: map[string]*tenure{}, holder: fmt.Sprintf("%s/%d", host, os.Getpid()), closing: make(chan struct{}),
		limits: writeback.Limits{MaxEscalations: cfg.Limits.MaxEscalationsPerRun, MaxBandChanges: cfg.Limits.MaxBandChanges},
	}
	if a.database, err = cfg.DatabaseAddress(); err != nil {
		return nil, err
	}
	a.close = sync.OnceFunc(func() { close(a.closing) })
	var faults []error
	for i := range cfg.Connections {
		c, err := a.connection(&cfg.Connections[i], cards)
		if err != nil {
			faults = append(faults, fmt.Errorf("connections[%d] (%s): %w", i, cfg.Connections[i].Name, err))
			continue
		}
		a.connections = append(a.connections, c)
		a.schedules[c.Name] = schedule{cfg.Connections[i].Schedule, cfg.Connections[i].Sweep}
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	a.planner = &syncer.Planner{Log: o.Log, Progress: o.Progress}
	a.writer = &writeback.Writer{Log: o.Log}
	a.ops = newOperations(a)
	if o.Wait {
		return a, nil
	}
	if err := a.open(ctx); err != nil {
		return nil, err
	}
	return a, nil
}

// open opens and migrates the store.
func (a *App) open(ctx context.Context) (err error) {
	if a.store, err = store.Open(ctx, a.database); err != nil {
		return err
	}
	a.planner.Store, a.writer.Store = a.store, a.store
	return nil
}

// Close closes the store, and gives back addresses that were not served.
func (a *App) Close() error {
	a.close()
	a.releasing.Wait()
	err := a.ops.close()
	if a.store != nil {
		err = errors.Join(err, a.store.Close())
	}
	return err
}

// Connections are the configured ones, in order.
func (a *App) Connections() []*syncer.Connection { return a.connections }

// connection builds one CRM's adapter and rules.
func (a *App) connection(con *config.Connection, all map[string]*scorecard.Card) (*syncer.Connection, error) {
	c := &syncer.Connection{Name: con.Name, CRM: con.CRM, Mode: syncer.Mode(con.Mode), Lag: con.Lag, Overlap: con.Overlap}
	for _, id := range con.Scorecards {
		card, ok := all[id]
		if !ok {
			return nil, fmt.Errorf("scorecards: there is no %q", id)
		}
		c.Cards = append(c.Cards, card)
	}
	c.Setup = a.cfg.Setup(con, c.Cards)
	c.Setup.TimesMatter, c.Setup.OwnTimes = handoff.TimesMatter(c.Cards), handoff.FinalTimes(c.Cards, c.Rebuilt.Load)
	c.Settings = a.settings(con)
	c.Judge = autoscore.New(a.rules(con))
	secrets, err := resolve(con.Auth)
	if err != nil {
		return nil, err
	}
	b := &budget{share: con.Budget.DailyShare}
	held := &tenure{}
	a.budgets[con.Name], a.tenures[con.Name] = b, held
	gate := func() error {
		if err := held.gate(); err != nil {
			return err
		}
		return b.take()
	}
	switch con.CRM {
	case "salesforce":
		client, err := salesforce.New(c.Setup, salesforce.Auth{
			Flow: con.Auth.Flow, LoginURL: con.Auth.LoginURL, Username: con.Auth.Username, Audience: con.Auth.Audience,
			ClientID: secrets["client_id"], ClientSecret: secrets["client_secret"], PrivateKey: secrets["private_key"],
			RefreshToken: secrets["refresh_token"], Password: secrets["password"], SecurityToken: secrets["security_token"],
		}, salesforce.Options{APIVersion: con.APIVersion, Log: a.log, InFlight: con.InFlight, CompositeWrites: con.Composite, Gate: gate})
		if err != nil {
			return nil, err
		}
		c.Source, c.Sink = client, client
	case "hubspot":
		client, err := hubspot.New(c.Setup, hubspot.Auth{
			Flow: con.Auth.Flow, Token: secrets["token"], ClientID: secrets["client_id"],
			ClientSecret: secrets["client_secret"], RefreshToken: secrets["refresh_token"],
		}, hubspot.Options{BaseURL: con.BaseURL, APIVersion: con.APIVersion, Log: a.log, InFlight: con.InFlight, Gate: gate, SearchPerSecond: con.Budget.SearchesPerSecond})
		if err != nil {
			return nil, err
		}
		c.Source, c.Sink = client, client
	}
	if con.Tasks == nil || *con.Tasks {
		c.Tasks, _ = c.Source.(crm.TaskBook)
	}
	if con.AttemptObject {
		c.Attempts, _ = c.Source.(crm.AttemptBook)
	}
	c.Managers, c.Texts = managers(con, c), a.cfg.Words()
	b.meter = c.Source.(metered)
	return c, nil
}

// managers say who stands in where the CRM knows no manager, by the ids that the
// CRM answers with: whoever is the AE or syncd's own user is known by them.
func managers(con *config.Connection, c *syncer.Connection) handoff.Managers {
	m := handoff.Managers{Owners: map[crm.UserID]crm.UserID{}, Teams: map[string]crm.UserID{}}
	user := func(id string) crm.UserID { return crm.UserID(keptAs(c, id)) }
	for _, id := range con.Managers.Default {
		m.Default = append(m.Default, user(id))
	}
	for owner, id := range con.Managers.Owners {
		m.Owners[user(owner)] = user(id)
	}
	for team, id := range con.Managers.Teams {
		m.Teams[team] = user(id)
	}
	return m
}

// resolve reads the secrets of a connection; every missing one is named.
func resolve(auth config.Auth) (map[string]string, error) {
	values := map[string]string{}
	var faults []error
	for key, s := range map[string]config.Secret{
		"client_id": auth.ClientID, "client_secret": auth.ClientSecret, "private_key": auth.PrivateKey, "refresh_token": auth.RefreshToken,
		"password": auth.Password, "security_token": auth.SecurityToken, "token": auth.Token,
	} {
		v, err := s.Value()
		if err != nil {
			faults = append(faults, fmt.Errorf("auth.%s: %w", key, err))
		}
		values[key] = v
	}
	return values, errors.Join(faults...)
}

// settings are the connection's rules for the life of a handoff.
func (a *App) settings(con *config.Connection) handoff.Settings {
	s := handoff.Settings{
		Zone: a.zone, GoLive: con.Scope.GoLive.In(a.zone), Currency: a.cfg.Company.Currency, Rates: map[string]decimal.Decimal{},
		Types: con.Scope.Types, ExcludeTypes: con.Scope.ExcludeTypes, Pipelines: con.Scope.Pipelines, RecordTypes: con.Scope.RecordTypes,
		EarlyWarning: con.EarlyWarning,
	}
	s.Hours, _ = handoff.ParseHours(a.cfg.Company.WorkingHours) // validate has read it
	if w := con.CorrectionWindow; w != nil {
		s.Correction = *w
		if *w == 0 {
			s.Correction = -1
		}
	}
	for code, rate := range a.cfg.Company.Rates {
		s.Rates[code] = decimal.NewFromFloat(rate)
	}
	if con.Scope.Threshold != nil {
		t := decimal.NewFromFloat(*con.Scope.Threshold)
		s.Threshold = &t
	}
	return s
}

// rules are what judging depends on.
func (a *App) rules(con *config.Connection) autoscore.Rules {
	r := autoscore.Rules{
		PhoneRegion: a.cfg.Company.PhoneRegion, Domains: a.cfg.Company.Domains, Zone: a.zone,
		Placeholders: a.cfg.Placeholders.Add, Allowed: a.cfg.Placeholders.Allow, FreeTypes: con.Scope.FreeTypes,
	}
	for _, name := range con.RequiredFields {
		r.Required = append(r.Required, autoscore.RequiredField{Name: name, Label: name})
	}
	if a.cfg.Company.Currency != "" {
		r.Currencies = append(r.Currencies, a.cfg.Company.Currency)
		for code := range a.cfg.Company.Rates {
			r.Currencies = append(r.Currencies, code)
		}
	}
	return r
}

// muted keeps libraries' own log lines out: they may hold a CRM's answer.
type muted struct{ log *zap.Logger }

func (m muted) Write(p []byte) (int, error) {
	m.log.Debug("a library logged a line", zap.Int("bytes", len(p)))
	return len(p), nil
}

// Sample returns a deal of a connection to try things with, "" if none.
func (a *App) Sample(ctx context.Context, c *syncer.Connection) (string, error) {
	return a.store.SampleRef(ctx, c.Name)
}
