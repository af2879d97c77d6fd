package config

import (
	"fmt"
	"os"
	"strings"
)

// Secret is a reference to a secret, ${env:NAME} or ${file:PATH}. It prints as
// [redacted] in every form; Value alone gives the secret.
type Secret struct {
	source, name string // "env" or "file", and its name
}

// literalSecret is a secret written out in the file.
type literalSecret struct{}

func (literalSecret) Error() string { return "a secret is not written out in this file" }
func (literalSecret) Fix() string   { return "write ${env:NAME} or ${file:PATH}" }

// UnmarshalText reads a reference.
func (s *Secret) UnmarshalText(b []byte) error {
	text := string(b)
	inner, ok := strings.CutPrefix(text, "${")
	inner, closed := strings.CutSuffix(inner, "}")
	source, name, split := strings.Cut(inner, ":")
	if !ok || !closed || !split || name == "" || (source != "env" && source != "file") {
		return literalSecret{}
	}
	s.source, s.name = source, name
	return nil
}

// Set reports whether there is a reference.
func (s Secret) Set() bool { return s.source != "" }

// Value resolves the reference. A file's last line end is left out.
func (s Secret) Value() (string, error) {
	switch s.source {
	case "":
		return "", nil
	case "env":
		v, ok := os.LookupEnv(s.name)
		if !ok || v == "" {
			return "", fmt.Errorf("environment variable %s is not set", s.name)
		}
		return v, nil
	}
	b, err := os.ReadFile(s.name)
	if err != nil {
		return "", fmt.Errorf("secret file: %w", err)
	}
	v := strings.TrimRight(string(b), "\r\n")
	if v == "" {
		return "", fmt.Errorf("secret file %s is empty", s.name)
	}
	return v, nil
}

// String redacts.
func (Secret) String() string { return "[redacted]" }

// GoString redacts.
func (Secret) GoString() string { return "[redacted]" }

// Format redacts, whatever the verb.
func (Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[redacted]") }

// MarshalText redacts in JSON, YAML and logs.
func (Secret) MarshalText() ([]byte, error) { return []byte("[redacted]"), nil }
