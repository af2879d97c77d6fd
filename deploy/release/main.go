// Command release writes what goes beside a binary: the licences of what is
// linked into it, and a list of its parts in CycloneDX's form. Both follow from
// the source alone, so that making them again changes nothing.
//
//	go run ./deploy/release notices > NOTICES
//	go run ./deploy/release sbom -version V -commit C BINARY > BINARY.cdx.json
package main

import (
	"context"
	"debug/buildinfo"
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	if err := run(context.Background(), os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		return fmt.Errorf("usage: release notices, or release sbom -version V -commit C BINARY")
	}
	parts, err := linked(ctx, ".")
	if err != nil {
		return err
	}
	switch args[0] {
	case "notices":
		return notices(out, parts)
	case "sbom":
		f := flag.NewFlagSet("sbom", flag.ContinueOnError)
		version := f.String("version", "", "of the release")
		commit := f.String("commit", "", "of the source")
		if err := f.Parse(args[1:]); err != nil {
			return err
		}
		if f.NArg() != 1 || *version == "" || *commit == "" {
			return fmt.Errorf("usage: release sbom -version V -commit C BINARY")
		}
		info, err := buildinfo.ReadFile(f.Arg(0))
		if err != nil {
			return err
		}
		b, err := bill(info, parts, *version, *commit)
		if err != nil {
			return err
		}
		_, err = out.Write(b)
		return err
	}
	return fmt.Errorf("%q is neither notices nor sbom", args[0])
}
