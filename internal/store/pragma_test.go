package store_test

import (
	"path/filepath"
	"testing"

	"github.com/handoffscore/syncd/internal/store/storetest"
)

// What is asked of SQLite when a file is opened takes effect in an order of
// the driver's own, and in silence where it does not.
func TestTheFileIsLaidOutAsAskedFor(t *testing.T) {
	db, err := storetest.Open(t, filepath.Join(t.TempDir(), "syncd.db")).Pool(1)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for pragma, want := range map[string]string{
		"page_size": "16384", "journal_mode": "wal", "synchronous": "1", "busy_timeout": "60000", "foreign_keys": "1", "wal_autocheckpoint": "4000",
	} {
		var got string
		if err := db.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %s, want %s: %v", pragma, got, want, err)
		}
	}
}
