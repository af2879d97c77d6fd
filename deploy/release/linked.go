package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// platforms are those that deploy/build builds for by itself.
var platforms = []string{"linux/amd64", "linux/arm64"}

// part is something that is linked into the binary.
type part struct {
	Path, Version string
	Texts         []text   // licence texts, by name
	Licences      []string // SPDX identifiers, sorted
}

// text is a file that its authors want to travel with the code.
type text struct{ Name, Body string }

// terms are the names of files that hold licences or ask to be passed on.
var terms = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents|unlicense)([-._].*)?$`)

// linked lists the modules whose packages are linked into syncd on any
// platform, by path, and Go's own library first. Dir is the folder of go.mod.
// A part without a licence, or with one that is not known here, is an error.
func linked(ctx context.Context, dir string) ([]part, error) {
	root, err := output(ctx, dir, "", "go", "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	std := part{Path: "std"}
	if std.Texts, err = textsIn(strings.TrimSpace(string(root))); err != nil {
		return nil, err
	}
	byPath := map[string]*part{}
	for _, platform := range platforms {
		if err := collect(ctx, dir, platform, byPath); err != nil {
			return nil, err
		}
	}
	all := []part{std}
	for _, path := range slices.Sorted(maps.Keys(byPath)) {
		all = append(all, *byPath[path])
	}
	for i := range all {
		p := &all[i]
		for _, t := range p.Texts {
			if id := identify(t.Body); id != "" && !slices.Contains(p.Licences, id) {
				p.Licences = append(p.Licences, id)
			}
		}
		slices.Sort(p.Licences)
		if len(p.Licences) == 0 {
			return nil, fmt.Errorf("%s %s has no licence that is known here", p.Path, p.Version)
		}
	}
	return all, nil
}

// collect adds the modules of one platform, with the licences that lie in
// their root and in the folders of the packages that are linked.
func collect(ctx context.Context, dir, platform string, into map[string]*part) error {
	out, err := output(ctx, dir, platform, "go", "list", "-deps", "-json=Dir,Module", "./cmd/syncd")
	if err != nil {
		return err
	}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var pkg struct {
			Dir    string
			Module *struct {
				Path, Version, Dir string
				Main               bool
				Replace            *struct{}
			}
		}
		if err := d.Decode(&pkg); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		m := pkg.Module
		if m == nil || m.Main {
			continue
		}
		if m.Replace != nil {
			return fmt.Errorf("%s is replaced: its licence would be another's", m.Path)
		}
		p := into[m.Path]
		if p == nil {
			p = &part{Path: m.Path, Version: m.Version}
			into[m.Path] = p
		}
		for at := pkg.Dir; ; at = filepath.Dir(at) {
			texts, err := textsIn(at)
			if err != nil {
				return err
			}
			for _, t := range texts {
				if !slices.Contains(p.Texts, t) {
					p.Texts = append(p.Texts, t)
				}
			}
			if at == m.Dir || len(at) < len(m.Dir) {
				break
			}
		}
		slices.SortFunc(p.Texts, func(a, b text) int { return strings.Compare(a.Name+"\x00"+a.Body, b.Name+"\x00"+b.Body) })
	}
}

// textsIn are the licence files of one folder.
func textsIn(dir string) ([]text, error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var out []text
	for _, f := range files {
		if f.IsDir() || !terms.MatchString(f.Name()) || strings.HasSuffix(f.Name(), ".go") {
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			return nil, err
		}
		out = append(out, text{f.Name(), tidy(string(b))})
	}
	return out, nil
}

// tidy leaves out what differs between editors.
func tidy(s string) string {
	lines := strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " \t\f")
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n") + "\n"
}

// licences are known by sentences that no other one has. The first that
// matches counts.
var licences = []struct{ id, says string }{
	{"Apache-2.0", "apache license version 2.0, january 2004"},
	{"MPL-2.0", "mozilla public license version 2.0"},
	{"ISC", "permission to use, copy, modify, and/or distribute this software for any purpose with or without fee"},
	{"ISC", "permission to use, copy, modify, and distribute this software for any purpose with or without fee"},
	{"MIT", "permission is hereby granted, free of charge, to any person obtaining a copy"},
	{"BSD-3-Clause", "may be used to endorse or promote products derived from"},
	{"BSD-2-Clause", "redistributions in binary form must reproduce the above copyright notice"},
	{"Unlicense", "this is free and unencumbered software released into the public domain"},
	{"blessing", "may you do good and not evil"},
}

// identify is the SPDX identifier of a licence's text, "" if it is none that
// is known here.
func identify(body string) string {
	flat := strings.ToLower(strings.Join(strings.Fields(body), " "))
	for _, l := range licences {
		if strings.Contains(flat, l.says) {
			return l.id
		}
	}
	return ""
}

// output runs a command in dir, for a platform if one is named.
func output(ctx context.Context, dir, platform, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if platform != "" {
		goos, goarch, _ := strings.Cut(platform, "/")
		cmd.Env = append(cmd.Env, "GOOS="+goos, "GOARCH="+goarch)
	}
	out, err := cmd.Output()
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		return nil, fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, failed.Stderr)
	}
	return out, err
}
