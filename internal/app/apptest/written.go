package apptest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/store"
)

// IsWrite tells whether a request writes deals by itself: HubSpot's batches and
// Salesforce's collections.
func IsWrite(q *http.Request) bool {
	return strings.HasSuffix(q.URL.Path, "/deals/batch/update") || strings.HasSuffix(q.URL.Path, "/composite/sobjects")
}

// Written are the fields that such a request carries, by deal and API name;
// tasks travel the same way on Salesforce and are left out.
func Written(body []byte) (map[string]map[string]any, error) {
	var batch struct {
		Inputs []struct {
			ID         string         `json:"id"`
			Properties map[string]any `json:"properties"`
		} `json:"inputs"`
		Records []map[string]any `json:"records"`
	}
	if err := json.Unmarshal(body, &batch); err != nil {
		return nil, err
	}
	all := map[string]map[string]any{}
	for _, in := range batch.Inputs {
		all[in.ID] = in.Properties
	}
	for _, fields := range batch.Records {
		if of, _ := fields["attributes"].(map[string]any); of["type"] == "Task" {
			continue
		}
		id, ok := fields["id"].(string)
		if !ok {
			return nil, fmt.Errorf("a record without id: %v", fields)
		}
		delete(fields, "id")
		delete(fields, "attributes")
		all[id] = fields
	}
	return all, nil
}

// IsStamp tells whether a field only says when a record was written.
func IsStamp(native string) bool {
	return strings.HasSuffix(strings.TrimSuffix(strings.ToLower(native), "__c"), "_updated_at")
}

// ShowsAll reports whether a deal's record holds all that a write carries, the
// write's stamp apart: to send it is to send it again.
func (r *Rig) ShowsAll(id string, fields map[string]any) bool {
	for name, v := range fields {
		if !IsStamp(name) && !r.Shows(id, name, v) {
			return false
		}
	}
	return true
}

// Unsettled counts the intents whose end is not known, or not as it should be,
// by status and class: all but those that were confirmed or overtaken, and, if
// people take deals away, those whose deal is gone.
func (r *Rig) Unsettled(t *testing.T, goneToo bool) map[string]int {
	t.Helper()
	s := r.Store(t)
	left := map[string]int{}
	for i := range r.World.Deals {
		all, err := s.Writes(t.Context(), r.Name(), r.Deal(i))
		if err != nil {
			t.Fatal(err)
		}
		for _, in := range all {
			switch {
			case in.Status == store.Confirmed, in.Status == store.Superseded:
			case in.Status == store.Rejected && in.Class == string(crm.ClassGone) && in.Message != "" && goneToo:
			default:
				left[in.Status+" "+in.Class]++
			}
		}
	}
	return left
}
