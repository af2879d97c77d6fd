package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/handoffscore/syncd/config"
)

func TestDatabaseAddresses(t *testing.T) {
	t.Setenv("PGSSLMODE", "")
	t.Setenv("SYNCD_DB", "postgres://me:hunter2@db.internal/syncd")
	file := filepath.Join(t.TempDir(), "address")
	if err := os.WriteFile(file, []byte("postgres://me:hunter2@127.0.0.1/syncd\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for given, want := range map[string]string{
		"syncd.db":                                            "syncd.db",
		"postgres://me@127.0.0.1:5432/syncd":                  "postgres://me@127.0.0.1:5432/syncd",
		"postgres://me@localhost/syncd":                       "postgres://me@localhost/syncd",
		"postgres://me@[::1]/syncd":                           "postgres://me@[::1]/syncd",
		"postgres:///syncd?host=/run/postgresql":              "postgres:///syncd?host=/run/postgresql",
		"postgresql://me@db.internal/syncd":                   "postgresql://me@db.internal/syncd?sslmode=require",
		"postgres://me@db.internal/syncd?passfile=/x":         "postgres://me@db.internal/syncd?passfile=%2Fx&sslmode=require",
		"postgres://me@db.internal/syncd?sslmode=verify-full": "postgres://me@db.internal/syncd?sslmode=verify-full",
		"postgres://me@db.internal/syncd?sslmode=disable":     "postgres://me@db.internal/syncd?sslmode=disable",
		"${env:SYNCD_DB}":                                     "postgres://me:hunter2@db.internal/syncd?sslmode=require",
		"${file:" + file + "}":                                "postgres://me:hunter2@127.0.0.1/syncd",
	} {
		c := config.Config{Database: given}
		if got, err := c.DatabaseAddress(); err != nil || got != want {
			t.Errorf("%s is %s, %v; want %s", given, got, err, want)
		}
	}
	t.Setenv("SYNCD_DB", "me:hunter2@db.internal")
	odd := config.Config{Database: "${env:SYNCD_DB}"}
	if address, err := odd.DatabaseAddress(); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%s, %v", address, err)
	}
	c := config.Config{Database: "${env:SYNCD_NO_SUCH}"}
	if _, err := c.DatabaseAddress(); err == nil || !strings.Contains(err.Error(), "SYNCD_NO_SUCH") {
		t.Errorf("got %v", err)
	}
}
