// Command syncd scores sales handoffs in Salesforce and HubSpot.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/handoffscore/syncd/internal/cli"
)

func main() {
	if os.Getenv("GOGC") == "" {
		// A pass lives on batches that come and go: half the headroom costs a
		// few per cent of its time and saves a fifth of its memory.
		debug.SetGCPercent(50)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cli.Main(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
