package store_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/handoffscore/syncd/internal/store"
	"github.com/handoffscore/syncd/internal/store/storetest"
)

func TestStore(t *testing.T) { storetest.Run(t) }

func TestTheFileIsPrivateAndOpensTwice(t *testing.T) {
	path := filepath.Join(t.TempDir(), "syncd.db")
	storetest.Open(t, path)
	storetest.Open(t, path)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v %v", info.Mode(), err)
	}
}

func TestAnUnreachableDatabaseIsNamedWithoutItsPassword(t *testing.T) {
	for dsn, says := range map[string]string{
		"postgres://me:hunter2@127.0.0.1:1/x":    "127.0.0.1:1",
		filepath.Join(t.TempDir(), "no", "such"): "folder",
	} {
		_, err := store.Open(t.Context(), dsn)
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", dsn, err)
		}
	}
}
