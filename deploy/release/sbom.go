package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"runtime/debug"
	"strings"
)

// document is a bill of materials: the part of CycloneDX 1.6 that is used
// here. It carries no time: two of one binary are the same bytes.
type document struct {
	Schema       string       `json:"$schema"`
	Format       string       `json:"bomFormat"`
	SpecVersion  string       `json:"specVersion"`
	SerialNumber string       `json:"serialNumber"`
	Version      int          `json:"version"`
	Metadata     metadata     `json:"metadata"`
	Components   []component  `json:"components"`
	Dependencies []dependency `json:"dependencies"`
}

type metadata struct {
	Component component `json:"component"`
}

type component struct {
	Ref        string     `json:"bom-ref"`
	Type       string     `json:"type"`
	Name       string     `json:"name"`
	Version    string     `json:"version"`
	Hashes     []hash     `json:"hashes,omitempty"`
	Licences   []choice   `json:"licenses,omitempty"`
	Purl       string     `json:"purl"`
	Properties []property `json:"properties,omitempty"`
}

type hash struct {
	Alg     string `json:"alg"`
	Content string `json:"content"` // hex
}

type choice struct {
	Licence struct {
		ID string `json:"id"`
	} `json:"license"`
}

type property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type dependency struct {
	Ref       string   `json:"ref"`
	DependsOn []string `json:"dependsOn,omitempty"`
}

// bill lists what is linked into a binary, as the binary itself tells, with
// the licences of its parts. A module that is not among the parts is an error:
// NOTICES would lack it. The program is said to depend on all of them; which of
// them needs which is not told.
func bill(info *debug.BuildInfo, parts []part, version, commit string) ([]byte, error) {
	known := map[string]part{}
	for _, p := range parts {
		known[p.Path+"@"+p.Version] = p
	}
	self := component{Type: "application", Name: "syncd", Version: version, Purl: purl(info.Main.Path, version)}
	self.Ref = self.Purl
	self.Properties = []property{{"syncd:commit", commit}}
	for _, s := range info.Settings {
		switch s.Key {
		case "GOOS", "GOARCH", "CGO_ENABLED":
			self.Properties = append(self.Properties, property{"go:" + s.Key, s.Value})
		}
	}
	std := component{Type: "library", Name: "std", Version: info.GoVersion, Purl: purl("std", strings.TrimPrefix(info.GoVersion, "go"))}
	std.Ref = std.Purl
	std.licensed(known["std@"])
	doc := document{
		Schema: "http://cyclonedx.org/schema/bom-1.6.schema.json", Format: "CycloneDX", SpecVersion: "1.6", Version: 1,
		Metadata: metadata{self}, Components: []component{std},
	}
	for _, m := range info.Deps {
		p, ok := known[m.Path+"@"+m.Version]
		if !ok || m.Replace != nil {
			return nil, fmt.Errorf("%s %s is in the binary and not in NOTICES", m.Path, m.Version)
		}
		c := component{Type: "library", Name: m.Path, Version: m.Version, Purl: purl(m.Path, m.Version)}
		c.Ref = c.Purl
		c.licensed(p)
		sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(m.Sum, "h1:"))
		if err != nil || len(sum) != sha256.Size {
			return nil, fmt.Errorf("%s %s has no checksum in the binary", m.Path, m.Version)
		}
		c.Hashes = []hash{{"SHA-256", hex.EncodeToString(sum)}} // Go's, over the files of the module
		doc.Components = append(doc.Components, c)
	}
	root := dependency{Ref: self.Ref}
	for _, c := range doc.Components {
		root.DependsOn = append(root.DependsOn, c.Ref)
	}
	doc.Dependencies = []dependency{root}
	plain, err := json.Marshal(doc)
	if err != nil {
		return nil, err
	}
	doc.SerialNumber = serial(plain)
	b, err := json.MarshalIndent(doc, "", "  ")
	return append(b, '\n'), err
}

func (c *component) licensed(p part) {
	for _, id := range p.Licences {
		var l choice
		l.Licence.ID = id
		c.Licences = append(c.Licences, l)
	}
}

// purl names a Go module. A plus has a meaning of its own there.
func purl(path, version string) string {
	return "pkg:golang/" + strings.ToLower(path) + "@" + strings.ReplaceAll(version, "+", "%2B")
}

// serial is an identifier that follows from the content: a UUID of version 8,
// whose bits are the maker's.
func serial(content []byte) string {
	sum := sha256.Sum256(content)
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", sum[0:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}
