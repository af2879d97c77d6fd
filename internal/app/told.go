package app

import (
	"context"
	"errors"
)

// What people are told who have stopped a command themselves.
const (
	stopped        = "stopped; run it again to go on"
	stoppedWriting = "stopped; the next pass goes on with it" // a plan or an undo is not taken twice
)

// Told is an error in the words for people: that they have stopped the work
// themselves, which ends ctx, is no fault of the CRM's.
func Told(ctx context.Context, err error) string {
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return stopped
	}
	return err.Error()
}
