package store_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/store"
)

// What SQLite works in holds pages of deals, and lies beside the database.
func TestWorkingFilesLieBesideTheDatabase(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("which files a process has open is looked up in /proc")
	}
	if dir := os.Getenv("SYNCD_TEST_STORE"); dir != "" {
		work(t, dir)
		return
	}
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v") // the folder is chosen once a process
	cmd.Env = append(os.Environ(), "SYNCD_TEST_STORE="+dir)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if !strings.Contains(string(out), "works in "+dir) {
		t.Errorf("no working file was seen in %s:\n%s", dir, out)
	}
}

// work makes SQLite need working files, and tells where they are.
func work(t *testing.T, dir string) {
	s, err := store.Open(t.Context(), filepath.Join(dir, "syncd.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	now := time.Date(2026, 11, 17, 9, 0, 0, 0, time.UTC)
	l, err := s.Acquire(t.Context(), "org", "me", time.Hour, now)
	if err != nil {
		t.Fatal(err)
	}
	seen, stop := map[string]bool{}, make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
			}
			files, _ := filepath.Glob("/proc/self/fd/*")
			for _, f := range files {
				if at, _ := os.Readlink(f); strings.HasSuffix(at, " (deleted)") {
					seen[filepath.Dir(at)] = true
				}
			}
		}
	}()
	defer func() {
		close(stop)
		<-done
		for at := range seen {
			t.Logf("works in %s", at)
			if at != dir {
				t.Errorf("and not in %s", dir)
			}
		}
	}()
	run := store.Run{ID: "r", Connection: "org", Status: store.RunRunning, WindowTo: now}
	if err := s.StartRun(t.Context(), l, run); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(t.Context(), l, wide(run, now)); err != nil {
		t.Fatal(err)
	}
	for range 8 { // more is sorted than it keeps in memory
		if _, err := s.CountBy(t.Context(), `SELECT body || deal, COUNT(*) FROM states GROUP BY 1`); err != nil {
			t.Fatal(err)
		}
	}
}

// wide is a slice of many large states.
func wide(run store.Run, now time.Time) store.Slice {
	s := store.Slice{Run: run}
	for i := range 400 {
		id := strings.Repeat("d", 1+i)
		s.Read = append(s.Read, id)
		s.States = append(s.States, store.State{Ref: crm.Ref{Connection: "org", Object: crm.ObjectDeal, ID: id}, Card: "c", Body: strings.Repeat("x", 9000), UpdatedAt: now})
	}
	return s
}
