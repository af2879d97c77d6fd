package sfsim

import (
	"fmt"
	"strings"
	"testing"

	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
)

// BenchmarkPages asks a big org the queries that a sync makes most.
func BenchmarkPages(b *testing.B) {
	const deals = 50_000
	s := New(world.Generate(world.GenerateOptions{Deals: deals, Seed: 1, Now: start}), Options{WidePages: true})
	r := &rig{t: b, s: s, web: newWeb(b, s)}
	r.login()
	var ids []string
	for i := range 200 {
		ids = append(ids, s.DealID(i*7))
	}
	in := " IN ('" + strings.Join(ids, "','") + "')"
	next, _ := r.query("SELECT FIELDS(STANDARD) FROM Opportunity WHERE IsWon = true ORDER BY SystemModstamp, Id").obj()["nextRecordsUrl"].(string)
	updates := make([]string, 200)
	for i, id := range ids {
		updates[i] = opp(id, fmt.Sprintf(`,"NextStep":"step %d"`, i))
	}
	for name, run := range map[string]func() reply{
		"changed, first page": func() reply {
			return r.query("SELECT Id, SystemModstamp, IsWon FROM Opportunity WHERE IsWon = true AND SystemModstamp >= 2020-01-01T00:00:00Z AND SystemModstamp < 2030-01-01T00:00:00Z ORDER BY SystemModstamp, Id")
		},
		"next page of 2,000": func() reply { return r.get(next) },
		"200 deals by id": func() reply {
			return r.query("SELECT Id, Name, Account.Name, Owner.Manager.Name FROM Opportunity WHERE Id" + in)
		},
		"roles of 200 deals": func() reply {
			return r.query("SELECT Id, Role, Contact.Email FROM OpportunityContactRole WHERE OpportunityId" + in)
		},
		"tasks of 200 deals": func() reply { return r.query("SELECT Id, Subject, Description FROM Task WHERE WhatId" + in) },
		"update 200":         func() reply { return r.patch(false, updates...) },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if p := run(); p.status != 200 {
					b.Fatalf("%d %.200s", p.status, p.body)
				}
			}
		})
	}
}
