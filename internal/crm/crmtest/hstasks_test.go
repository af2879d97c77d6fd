package crmtest_test

import (
	"html"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/crm/crmsim/hssim"
	"github.com/handoffscore/syncd/internal/crm/crmsim/simclock"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
	"github.com/handoffscore/syncd/internal/crm/crmtest"
	"github.com/handoffscore/syncd/internal/crm/hubspot"
)

func TestHubSpotTasks(t *testing.T) {
	for _, version := range []string{"2026-03", "2026-09", "v3"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			w := world.Generate(world.GenerateOptions{Deals: 500, Seed: 11, Now: now})
			o := hssim.Options{Clock: simclock.New(now), ValidationAs207: version == "2026-09", NumericToObjectID: version == "v3"}
			d := deskInPortal{hssim.New(w, o), &plug{}}
			srv := httptest.NewServer(d)
			t.Cleanup(srv.Close)
			c, err := hubspot.New(crmtest.TaskSetup(w, func(f world.Field) string { return f.HubSpot }), hubspot.Auth{Token: d.Credentials().Token},
				hubspot.Options{BaseURL: srv.URL, APIVersion: version, SearchPerSecond: -1, HTTP: d.plug})
			if err != nil {
				t.Fatal(err)
			}
			crmtest.RunTasks(t, crmtest.TaskRig{
				Subject: crmtest.Subject{World: w, Source: c, Sink: c, Deal: d.DealID, Person: d.OwnerID, Contact: d.ContactID},
				Book:    c, Desk: d, Crowd: 1100,
			})
		})
	}
}

// deskInPortal is a person at work on the tasks of a portal.
type deskInPortal struct {
	*hssim.Server
	*plug
}

func (d deskInPortal) Put(deal, owner, text string) (string, error) {
	return d.Create("tasks", map[string]string{
		"hs_task_subject": "Mine", "hs_task_body": typed(text), "hubspot_owner_id": owner, "hs_task_status": "NOT_STARTED",
		"hs_timestamp": now.Format(time.RFC3339),
	}, "deals/"+deal)
}

// typed is what the portal's editor makes of lines.
func typed(text string) string {
	return "<div>" + strings.ReplaceAll(html.EscapeString(text), "\n", "</div><div>") + "</div>"
}

func (d deskInPortal) Finish(task string) error {
	return d.Set("tasks", task, "hs_task_status", "COMPLETED")
}

func (d deskInPortal) Reopen(task string) error {
	return d.Set("tasks", task, "hs_task_status", "IN_PROGRESS")
}

func (d deskInPortal) Hand(task, owner string) error {
	return d.Set("tasks", task, "hubspot_owner_id", owner)
}

func (d deskInPortal) Edit(task, text string) error {
	return d.Set("tasks", task, "hs_task_body", typed(text))
}

func (d deskInPortal) Bin(task string) error { return d.Archive("tasks", task) }

func (d deskInPortal) BinDeal(deal string) error { return d.Archive("deals", deal) }

func (d deskInPortal) Show(task string) crmtest.Shown {
	text := func(name string) string { v, _ := d.Get("tasks", task, name); return v }
	due, err := time.Parse(time.RFC3339, text("hs_timestamp"))
	if err != nil {
		return crmtest.Shown{}
	}
	body := strings.NewReplacer("<br>", "\n", "</div><div>", "\n", "<div>", "", "</div>", "").Replace(text("hs_task_body"))
	return crmtest.Shown{
		Subject: text("hs_task_subject"), Text: html.UnescapeString(body), Due: due.Add(9 * time.Hour).Format(time.DateOnly),
		Owner: text("hubspot_owner_id"), Urgent: text("hs_task_priority") == "HIGH", Done: text("hs_task_status") == "COMPLETED",
	}
}

func (d deskInPortal) Made() int { return len(d.IDs("tasks")) }

func (d deskInPortal) Spoil(how crmtest.Spoiled) func() {
	f := hssim.Fault{Do: map[crmtest.Spoiled]hssim.Mishap{
		crmtest.LostAnswer: hssim.ResetAfterCommit, crmtest.LostCall: hssim.ResetBeforeCommit,
		crmtest.Failed: hssim.BadGateway, crmtest.Crowded: hssim.TenSecondly,
	}[how], RetryAfter: "1"}
	for _, f.On = range []string{"batch_create tasks", "batch_update tasks"} {
		d.AddFault(f)
	}
	return d.ClearFaults
}
