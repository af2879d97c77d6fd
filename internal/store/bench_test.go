package store_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/store"
	"github.com/handoffscore/syncd/internal/store/storetest"
)

// BenchmarkCommit keeps a slice of 200 deals that were read, judged and are to
// be written, in SQLite.
func BenchmarkCommit(b *testing.B) {
	s := storetest.Open(b, filepath.Join(b.TempDir(), "syncd.db"))
	now := time.Date(2026, 11, 17, 9, 0, 0, 0, time.UTC)
	lease, err := s.Acquire(b.Context(), "org", "me", time.Minute, now)
	if err != nil {
		b.Fatal(err)
	}
	slice := store.Slice{Run: store.Run{ID: "r1", Connection: "org", Mode: "write", Kind: "full", Phase: "changed", Status: store.RunRunning, Started: now, WindowTo: now}}
	if err := s.StartRun(b.Context(), lease, slice.Run); err != nil {
		b.Fatal(err)
	}
	body := `{"text":"` + strings.Repeat("Regional teams tracked deals in spreadsheets. ", 60) + `"}`
	fields := map[string]string{}
	for i := range 40 {
		fields[fmt.Sprintf("item_%02d", i)] = "23-40 of 40, 17 items open"
	}
	score := 31
	for i := range 200 {
		id := fmt.Sprintf("%05d", i)
		ref := crm.Ref{Connection: "org", Object: crm.ObjectDeal, ID: id}
		slice.Read = append(slice.Read, id)
		slice.Snapshots = append(slice.Snapshots, store.Snapshot{Ref: ref, At: now, Hash: id, Body: body})
		slice.Judgements = append(slice.Judgements, store.Judgement{Ref: ref, Card: "sales-to-cs", Version: "1", Attempt: 1, At: now, Run: "r1", SnapshotHash: id, Body: body})
		slice.States = append(slice.States, store.State{
			Ref: ref, Card: "sales-to-cs", Attempt: 1, Status: "scoring open", Open: true, InScope: true, Score: &score, Account: "a1",
			Amount: "48000", WonAt: now, InputHash: id, Body: body, UpdatedAt: now,
		})
		slice.Intents = append(slice.Intents, store.Intent{
			Run: "r1", Ref: ref, Account: "a1", Card: "sales-to-cs", Fields: fields, Before: fields, InputHash: id, CreatedAt: now, UpdatedAt: now,
		})
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Commit(b.Context(), lease, slice); err != nil {
			b.Fatal(err)
		}
	}
}
