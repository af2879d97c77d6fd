// Command syncd scores sales handoffs in Salesforce and HubSpot.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // company.time_zone works where the machine has no zones

	"github.com/handoffscore/syncd/internal/cli"
)

func main() {
	paceCollector()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cli.Main(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
