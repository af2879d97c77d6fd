package store_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/handoffscore/syncd/internal/need"
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

// A process that is stopped in the midst of a transaction keeps its locks only
// for a while: its work can be taken over.
func TestATransactionIsNotHeldForGood(t *testing.T) {
	st := storetest.Open(t, need.Postgres(t))
	pool, err := st.Pool(1)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	var limit string
	if err := pool.QueryRowContext(t.Context(), `SHOW idle_in_transaction_session_timeout`).Scan(&limit); err != nil || limit != "30s" {
		t.Errorf("a transaction may be left alone for %q: %v", limit, err)
	}
}
