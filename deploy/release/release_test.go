package main

import (
	"bytes"
	"debug/buildinfo"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/handoffscore/syncd/internal/app/apptest"
)

func parts(t *testing.T) []part {
	t.Helper()
	all, err := linked(t.Context(), "../..")
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Whoever adds a dependency and not its licence ships what they may not.
func TestNoticesAreFresh(t *testing.T) {
	want, err := os.ReadFile("../../NOTICES")
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := notices(&got, parts(t)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Error("NOTICES is stale: go run ./deploy/release notices > NOTICES")
	}
	for _, text := range []string{
		"Mozilla Public License Version 2.0", "Apache License", "Copyright 2009 The Go Authors.",
		"github.com/riverqueue/river v0.47.0                        https://github.com/riverqueue/river\n",
	} {
		if !strings.Contains(got.String(), text) {
			t.Errorf("NOTICES lacks %q", text)
		}
	}
}

// The bill lists what the binary itself says is in it: nothing else, nothing
// less, all of it licensed, and all refs lead somewhere.
func TestTheBillIsTheBinarys(t *testing.T) {
	if testing.Short() {
		t.Skip("a whole program, run once without -short")
	}
	binary, err := apptest.Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	all := parts(t)
	src, err := bill(info, all, "v1.2.3+x", "abc")
	if err != nil {
		t.Fatal(err)
	}
	if again, err := bill(info, all, "v1.2.3+x", "abc"); err != nil || !bytes.Equal(src, again) {
		t.Errorf("two bills of one binary differ (%v)", err)
	}
	other, err := bill(info, all, "v1.2.4", "abc")
	if err != nil {
		t.Fatal(err)
	}
	var doc, next document
	d := json.NewDecoder(bytes.NewReader(src))
	d.DisallowUnknownFields()
	if err := d.Decode(&doc); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(other, &next); err != nil {
		t.Fatal(err)
	}
	uuid := regexp.MustCompile(`^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	if !uuid.MatchString(doc.SerialNumber) || doc.SerialNumber == next.SerialNumber {
		t.Errorf("serial numbers %s and, of another version, %s", doc.SerialNumber, next.SerialNumber)
	}
	if doc.Format != "CycloneDX" || doc.SpecVersion != "1.6" || doc.Version != 1 {
		t.Errorf("%s %s %d", doc.Format, doc.SpecVersion, doc.Version)
	}
	self := doc.Metadata.Component
	if self.Purl != "pkg:golang/github.com/handoffscore/syncd@v1.2.3%2Bx" || !slices.Contains(self.Properties, property{"syncd:commit", "abc"}) ||
		!slices.Contains(self.Properties, property{"go:CGO_ENABLED", "0"}) {
		t.Errorf("the program: %+v", self)
	}
	if len(doc.Components) != len(info.Deps)+1 {
		t.Errorf("%d components of %d modules and Go", len(doc.Components), len(info.Deps))
	}
	hex := regexp.MustCompile(`^[0-9a-f]{64}$`)
	var refs []string
	for i, c := range doc.Components {
		refs = append(refs, c.Ref)
		if c.Ref != c.Purl || !strings.HasPrefix(c.Purl, "pkg:golang/") || c.Type != "library" || len(c.Licences) == 0 {
			t.Errorf("component %+v", c)
		}
		if i > 0 {
			if m := info.Deps[i-1]; c.Name != m.Path || c.Version != m.Version || len(c.Hashes) != 1 || !hex.MatchString(c.Hashes[0].Content) {
				t.Errorf("component %+v of module %+v", c, m)
			}
		}
	}
	if len(doc.Dependencies) != 1 || doc.Dependencies[0].Ref != self.Ref || !slices.Equal(doc.Dependencies[0].DependsOn, refs) {
		t.Errorf("dependencies %+v", doc.Dependencies)
	}
	slices.Sort(refs)
	if len(slices.Compact(refs)) != len(doc.Components) {
		t.Error("two components have one ref")
	}
}

func TestABillOfAnUnknownModuleIsRefused(t *testing.T) {
	info := &debug.BuildInfo{Deps: []*debug.Module{{Path: "example.test/x", Version: "v1.0.0"}}}
	if _, err := bill(info, nil, "v1", "c"); err == nil || !strings.Contains(err.Error(), "example.test/x v1.0.0 is in the binary and not in NOTICES") {
		t.Errorf("%v", err)
	}
}

func TestLicencesAreToldApart(t *testing.T) {
	for _, c := range []struct{ want, text string }{
		{"Apache-2.0", "Apache License\n                    Version 2.0, January 2004"},
		{"MPL-2.0", "Mozilla Public License Version 2.0"},
		{"MIT", "Permission is hereby granted, free\nof charge, to any person obtaining a copy of this"},
		{"BSD-3-Clause", "Redistributions in binary form must reproduce the above copyright notice ... may be used to endorse or promote products\nderived from"},
		{"BSD-2-Clause", "2. Redistributions in binary form must reproduce the above copyright notice,"},
		{"", "All rights reserved."},
	} {
		if got := identify(c.text); got != c.want {
			t.Errorf("%q is %q, want %q", c.text, got, c.want)
		}
	}
	dir := t.TempDir()
	for _, name := range []string{"LICENSE", "License.txt", "COPYING", "LICENCE-MIT", "NOTICE", "license.go", "README.md", "licensed.txt"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x \r\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	texts, err := textsIn(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, x := range texts {
		names = append(names, x.Name)
		if x.Body != "x\n" {
			t.Errorf("%s: %q", x.Name, x.Body)
		}
	}
	if strings.Join(names, " ") != "COPYING LICENCE-MIT LICENSE License.txt NOTICE" {
		t.Errorf("licence files: %v", names)
	}
}
