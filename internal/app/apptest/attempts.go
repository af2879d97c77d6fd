package apptest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/handoffscore/syncd/internal/app"
)

// AttemptObject is the custom object of records of attempts.
const AttemptObject = "Handoff_Attempt__c"

// MakeAttemptObject makes the org's object of attempts as `syncd fields apply`
// does, gives the integration user access to it, and opens the program anew.
func (r *Rig) MakeAttemptObject(t *testing.T) {
	t.Helper()
	c := r.App.Connections()[0]
	survey, err := r.App.Survey(t.Context(), c)
	must(t, err)
	must(t, r.App.Provide(t.Context(), c, survey, func(p app.Provided) {
		if p.Error != "" {
			t.Errorf("%s %s: %s", p.Kind, p.Name, p.Error)
		}
	}))
	r.SF.Assign("Handoff_Sync", r.SF.Me())
	r.Open(t)
}

// AttemptRecords are the org's of a deal, in the order of their making, as
// "1: 19 Incomplete".
func (r *Rig) AttemptRecords(deal int) []string {
	var list []string
	if !strings.Contains(r.Extra, "attempt_object: true") {
		return nil
	}
	for _, id := range r.SF.IDs(AttemptObject) {
		get := func(name string) any { return r.SF.Get(AttemptObject, id, name) }
		if get("Opportunity__c") == r.Deal(deal) {
			list = append(list, fmt.Sprintf("%v: %v %v", get("Attempt__c"), get("Score__c"), get("Band__c")))
		}
	}
	return list
}

// Archived are the records of attempts of all deals but some.
func (r *Rig) Archived(but []int) Records {
	all := Records{}
	for i := range r.World.Deals {
		if list := r.AttemptRecords(i); len(list) > 0 && !slices.Contains(but, i) {
			all[i] = map[string]string{"attempts": strings.Join(list, ", ")}
		}
	}
	return all
}

// AttemptsWritten counts the records of attempts made or changed through the API.
func (r *Rig) AttemptsWritten() int {
	if r.SF == nil {
		return 0
	}
	return r.SF.Stats().Written[AttemptObject]
}
