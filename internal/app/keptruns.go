package app

import (
	"context"
	"errors"

	"github.com/handoffscore/syncd/config"
	"github.com/handoffscore/syncd/internal/store"
	"github.com/handoffscore/syncd/internal/syncer"
)

// RunState is how a kept run stands.
type RunState struct{ ID, Connection, Mode, Kind, Status string }

// Plan reports whether a run is a plan that may be applied.
func (r RunState) Plan() bool {
	return r.Mode == string(syncer.Observe) && (r.Status == store.RunDone || r.Status == store.RunGuarded)
}

// Written reports whether there may be something to put back.
func (r RunState) Written() bool {
	return r.Mode == string(syncer.Write) && r.Kind != store.Undo && r.Status != store.RunRunning
}

// KeptRuns are the latest runs of all connections, newest first, as the database
// has them: it is neither made nor migrated, and no secret but its address is
// resolved.
func KeptRuns(ctx context.Context, cfg *config.Config, limit int) (list []RunState, err error) {
	dsn, err := cfg.DatabaseAddress()
	if err != nil {
		return nil, err
	}
	s, err := store.Existing(ctx, dsn)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	runs, err := s.Runs(ctx, "", limit)
	for _, r := range runs {
		list = append(list, RunState{r.ID, r.Connection, r.Mode, r.Kind, r.Status})
	}
	return list, err
}
