package hubspot

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tidwall/gjson"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/crmsim/hssim"
)

func newTasks(n int) []crm.Task {
	var out []crm.Task
	for i := range n {
		out = append(out, crm.Task{
			Key: fmt.Sprintf("D-%d/card/1/x", i), Deal: crm.DealID(fmt.Sprint(500 + i)), Owner: "7", Subject: "Handoff", Body: "Please\n& soon",
			Due: time.Date(2026, 11, 20, 23, 30, 0, 0, time.FixedZone("", 3600)), Urgent: i == 0,
		})
	}
	return out
}

const createTasks = "https://hs.test/crm/v3/objects/tasks/batch/create"

func TestTheFormOfANewTask(t *testing.T) {
	c, m := mocked(t, Options{})
	var sent []byte
	m.RegisterResponder("POST", createTasks, func(r *http.Request) (*http.Response, error) {
		sent, _ = io.ReadAll(r.Body)
		return says(201, `{"results":[]}`)(r)
	})
	if _, err := c.MakeTasks(context.Background(), newTasks(2)); err != nil {
		t.Fatal(err)
	}
	want := `{"properties":{"hs_task_body":"Please<br>&amp; soon<br><br>[syncd D-0/card/1/x]","hs_task_priority":"HIGH","hs_task_status":"NOT_STARTED",` +
		`"hs_task_subject":"Handoff","hs_task_type":"TODO","hs_timestamp":"2026-11-20T22:30:00.000Z","hubspot_owner_id":"7"},` +
		`"associations":[{"to":{"id":"500"},"types":[{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":216}]}],"objectWriteTraceId":"D-0/card/1/x"}`
	if d := cmp.Diff(gjson.Parse(want).Value(), gjson.GetBytes(sent, "inputs.0").Value()); d != "" {
		t.Error(d)
	}
	if got := gjson.GetBytes(sent, "inputs.1.properties.hs_task_priority").String(); got != "MEDIUM" {
		t.Errorf("priority %q", got)
	}
	c, _ = mocked(t, Options{})
	late := newTasks(1)
	late[0].Due = time.Time{}
	if out, err := c.MakeTasks(context.Background(), late); err != nil || out[0].Status != crm.Rejected || !strings.Contains(out[0].Message, "due") {
		t.Errorf("%+v %v", out, err)
	}
}

// The body decides, task by task, and never the place in it. Nothing is sent
// twice.
func TestOddAnswersToNewTasks(t *testing.T) {
	row := func(id string, i int) string {
		return fmt.Sprintf(`{"id":%s,"objectWriteTraceId":"D-%d/card/1/x"}`, id, i)
	}
	marked := func(id string, i int) string {
		return fmt.Sprintf(`{"id":"%s","properties":{"hs_task_body":"<p>Please</p><p>[syncd D-%d/card/1/x]</p>"}}`, id, i)
	}
	confirmed, rejected, unknown, notSent := crm.Confirmed, crm.Rejected, crm.Unknown, crm.NotSent
	for name, x := range map[string]struct {
		status int
		body   string
		want   []crm.Status
		ids    []crm.TaskID
		kind   crm.ErrorKind // "" means no error
	}{
		"in another order":           {201, `{"results":[` + row(`"91"`, 1) + `,` + row(`90`, 0) + `]}`, []crm.Status{confirmed, confirmed}, []crm.TaskID{"90", "91"}, ""},
		"by the mark":                {201, `{"results":[` + marked("91", 1) + `,` + marked("90", 0) + `]}`, []crm.Status{confirmed, confirmed}, []crm.TaskID{"90", "91"}, ""},
		"neither trace nor mark":     {201, `{"results":[{"id":"90"},{"id":"91"}]}`, []crm.Status{unknown, unknown}, []crm.TaskID{"", ""}, ""},
		"no id":                      {201, `{"results":[{"objectWriteTraceId":"D-0/card/1/x"},` + row(`"91"`, 1) + `]}`, []crm.Status{unknown, confirmed}, []crm.TaskID{"", "91"}, ""},
		"one is refused":             {207, `{"results":[` + row(`"90"`, 0) + `],"errors":[{"category":"VALIDATION_ERROR","message":"no","context":{"objectWriteTraceId":["D-1/card/1/x"]}}]}`, []crm.Status{confirmed, rejected}, []crm.TaskID{"90", ""}, ""},
		"errors inside a 200":        {200, `{"results":[` + row(`"90"`, 0) + `],"errors":[{"category":"VALIDATION_ERROR","message":"no","context":{"objectWriteTraceId":["D-1/card/1/x"]}}]}`, []crm.Status{confirmed, rejected}, []crm.TaskID{"90", ""}, ""},
		"an error that names nobody": {207, `{"results":[` + row(`"91"`, 1) + `],"errors":[{"category":"VALIDATION_ERROR","message":"no"}]}`, []crm.Status{rejected, confirmed}, []crm.TaskID{"", "91"}, ""},
		"both refused and made":      {207, `{"results":[` + row(`"90"`, 0) + `,` + row(`"91"`, 1) + `],"errors":[{"category":"VALIDATION_ERROR","message":"no","context":{"objectWriteTraceId":["D-1/card/1/x"]}}]}`, []crm.Status{confirmed, confirmed}, []crm.TaskID{"90", "91"}, ""},
		"one is not spoken of":       {201, `{"results":[` + row(`"91"`, 1) + `]}`, []crm.Status{unknown, confirmed}, []crm.TaskID{"", "91"}, ""},
		"no results":                 {201, `{"status":"COMPLETE"}`, []crm.Status{unknown, unknown}, []crm.TaskID{"", ""}, ""},
		"half an answer":             {201, `{"results":[`, []crm.Status{unknown, unknown}, []crm.TaskID{"", ""}, ""},
		"a gateway error":            {502, `<html>bad</html>`, []crm.Status{unknown, unknown}, []crm.TaskID{"", ""}, ""},
		"no scope":                   {403, `{"category":"MISSING_SCOPES","message":"scopes","errors":[{"context":{"requiredGranularScopes":["crm.objects.contacts.write"]}}]}`, []crm.Status{notSent, notSent}, []crm.TaskID{"", ""}, crm.Permission},
		"the day is used up":         {429, `{"policyName":"DAILY","message":"daily limit"}`, []crm.Status{notSent, notSent}, []crm.TaskID{"", ""}, crm.Quota},
	} {
		t.Run(name, func(t *testing.T) {
			c, m := mocked(t, Options{})
			m.RegisterResponder("POST", createTasks, says(x.status, x.body))
			m.RegisterResponder("GET", `=~/objects/tasks/`, says(404, `{"category":"OBJECT_NOT_FOUND","message":"no such task"}`))
			out, err := c.MakeTasks(context.Background(), newTasks(2))
			if x.kind == "" && err != nil || x.kind != "" && (err == nil || crm.KindOf(err) != x.kind) {
				t.Errorf("error %v, want %q", err, x.kind)
			}
			for i, o := range out {
				if o.Status != x.want[i] || o.Task != x.ids[i] || o.ID != newTasks(2)[i].Deal {
					t.Errorf("task %d: %+v, want %v %s", i, o, x.want[i], x.ids[i])
				}
			}
			if n := m.GetCallCountInfo()["POST "+createTasks]; n != 1 {
				t.Errorf("sent %d times", n)
			}
		})
	}
}

// A batch that is refused as a whole is taken apart: nothing of it was made.
func TestOnePoisonTaskOfMany(t *testing.T) {
	c, m := mocked(t, Options{})
	made := map[string]int{}
	m.RegisterResponder("POST", createTasks, func(r *http.Request) (*http.Response, error) {
		b, _ := io.ReadAll(r.Body)
		if strings.Contains(string(b), `"id":"537"`) {
			return says(400, `{"category":"VALIDATION_ERROR","message":"Associated object 537 of type deals does not exist","context":{"id":["537"]}}`)(r)
		}
		var rows []string
		for _, in := range gjson.GetBytes(b, "inputs").Array() {
			key := in.Get("objectWriteTraceId").String()
			made[key]++
			rows = append(rows, fmt.Sprintf(`{"id":"%d","objectWriteTraceId":%q}`, 9000+len(made), key))
		}
		return says(201, `{"results":[`+strings.Join(rows, ",")+`]}`)(r)
	})
	out, err := c.MakeTasks(context.Background(), newTasks(150))
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range out {
		want := crm.Confirmed
		if i == 37 {
			want = crm.Rejected
		}
		if n := made[fmt.Sprintf("D-%d/card/1/x", i)]; o.Status != want || n > 1 || (n == 1) != (want == crm.Confirmed) {
			t.Errorf("task %d: %+v, made %d times", i, o, n)
		}
	}
}

func linkedTasks(rows string) string {
	return `{"results":[{"from":{"id":"500"},"to":[` + rows + `]}]}`
}

// A task in the bin is told of for as long as its association stands.
func TestDeletedTasksThatAreStillAssociated(t *testing.T) {
	c, m := mocked(t, Options{})
	m.RegisterResponder("POST", "https://hs.test/crm/v4/associations/deals/tasks/batch/read", says(200, linkedTasks(`{"toObjectId":90},{"toObjectId":"91"},{"toObjectId":92}`)))
	task := func(id string, i int) string {
		return fmt.Sprintf(`{"id":"%s","properties":{"hs_task_body":"x<br>[syncd D-%d/card/1/x]","hs_task_status":"NOT_STARTED","hubspot_owner_id":"7"}}`, id, i)
	}
	m.RegisterResponder("POST", "https://hs.test/crm/v3/objects/tasks/batch/read", says(207, `{"results":[`+task("90", 0)+`],"errors":[{"category":"OBJECT_NOT_FOUND","context":{"ids":["91","92"]}}]}`))
	m.RegisterResponderWithQuery("POST", "https://hs.test/crm/v3/objects/tasks/batch/read", "archived=true", says(207, `{"results":[`+task("91", 1)+`],"errors":[{"category":"OBJECT_NOT_FOUND","context":{"ids":["92"]}}]}`))
	got, err := c.FindTasks(context.Background(), []crm.DealID{"500"})
	want := []crm.FoundTask{
		{ID: "90", Key: "D-0/card/1/x", Deal: "500", Owner: "7"},
		{ID: "91", Key: "D-1/card/1/x", Deal: "500", Owner: "7", Deleted: true},
	}
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Error(d, err)
	}
}

// What cannot be seen is an error: a task that is not seen would be made again.
func TestTasksThatCannotBeSeen(t *testing.T) {
	const seen = `{"results":[{"id":"90","properties":{"hs_task_body":"Mine"}}]}`
	for name, x := range map[string]struct {
		links, tasks string
		status       int
		kind         crm.ErrorKind
	}{
		"associations are refused":      {`{"results":[],"errors":[{"category":"INTERNAL_ERROR","context":{"fromObjectId":["500"]}}]}`, seen, 200, crm.Unavailable},
		"a task is refused":             {linkedTasks(`{"toObjectId":"90"}`), `{"results":[],"errors":[{"category":"INTERNAL_ERROR","context":{"ids":["90"]}}]}`, 207, crm.Unavailable},
		"bodies are hidden":             {linkedTasks(`{"toObjectId":"90"}`), `{"results":[{"id":"90","properties":{"hs_task_status":"NOT_STARTED"}}]}`, 200, crm.Permission},
		"tasks are closed to the token": {linkedTasks(`{"toObjectId":"90"}`), `{"category":"MISSING_SCOPES"}`, 403, crm.Permission},
		"no list":                       {`{}`, seen, 200, crm.Malformed},
	} {
		t.Run(name, func(t *testing.T) {
			c, m := mocked(t, Options{})
			m.RegisterResponder("POST", "https://hs.test/crm/v4/associations/deals/tasks/batch/read", says(207, x.links))
			m.RegisterResponder("POST", "https://hs.test/crm/v3/objects/tasks/batch/read", says(x.status, x.tasks))
			m.RegisterResponder("GET", `=~^https://hs\.test/crm/v3/objects/deals/\d+`, says(200, `{"id":"500"}`))
			got, err := c.FindTasks(context.Background(), []crm.DealID{"500"})
			if err == nil || crm.KindOf(err) != x.kind || len(got) > 0 {
				t.Errorf("%v %v, want %s", got, err, x.kind)
			}
		})
	}
}

func TestTasksOfADealThatIsGone(t *testing.T) {
	c, m := mocked(t, Options{})
	m.RegisterResponder("POST", "https://hs.test/crm/v4/associations/deals/tasks/batch/read", says(207, `{"results":[],"errors":[{"category":"OBJECT_NOT_FOUND","context":{"fromObjectId":["500"]}}]}`))
	m.RegisterResponder("GET", `=~^https://hs\.test/crm/v3/objects/deals/\d+`, says(404, `{"category":"OBJECT_NOT_FOUND","message":"gone"}`))
	if got, err := c.FindTasks(context.Background(), []crm.DealID{"500", "D-1"}); err != nil || len(got) > 0 {
		t.Errorf("%v %v", got, err)
	}
}

// A task whose deletion overtakes its closing needs none.
func TestATaskDeletedWhileItIsClosed(t *testing.T) {
	p := newPortal(t, 1, hssim.Options{}, Options{})
	x := newTasks(1)[0]
	x.Deal, x.Owner = p.ids(1)[0], crm.UserID(p.OwnerID(0))
	out, err := p.MakeTasks(context.Background(), []crm.Task{x})
	if err != nil || out[0].Status != crm.Confirmed {
		t.Fatalf("%+v %v", out, err)
	}
	p.AddFault(hssim.Fault{Do: hssim.Meanwhile, On: "batch_update tasks", Act: func() {
		if err := p.Archive("tasks", string(out[0].Task)); err != nil {
			t.Error(err)
		}
	}})
	if out, err = p.CloseTasks(context.Background(), []crm.Closing{{ID: out[0].Task, Note: "Over"}}); err != nil || out[0].Status != crm.Confirmed {
		t.Errorf("%+v %v", out, err)
	}
}

// Calls that are counted under a name of their own keep to the limits of their
// kind, and are sent again only where their kind is.
func TestANameOfItsOwnChangesNoRule(t *testing.T) {
	p := newPortal(t, 1, hssim.Options{}, Options{})
	if _, err := p.FindTasks(context.Background(), p.ids(1)); err != nil {
		t.Fatal(err)
	}
	l := p.policy.limits
	for name, w := range map[string]*window{"app": l.app, "associations": l.assoc} {
		w.mu.Lock()
		if n := len(w.sent); w.flying != 0 || (n > 0) != (name == "associations") || (len(w.heard) > 0) != (n > 0) {
			t.Errorf("%s: %d sent, %d in flight, %d answers", name, n, w.flying, len(w.heard))
		}
		w.mu.Unlock()
	}
	for path, safe := range map[string]bool{
		"/crm/v4/associations/deals/tasks/batch/read": true, "/crm/v3/objects/tasks/batch/read": true,
		"/crm/objects/2026-03/tasks/batch/create": false, "/crm/objects/2026-03/tasks/batch/update": false, "/crm/v3/objects/tasks/batch/upsert": false,
	} {
		for _, ctx := range []context.Context{context.Background(), counted(context.Background(), "tasks make")} {
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://hs.test"+path, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			if got := p.policy.Safe(req); got != safe {
				t.Errorf("%s: safe %v", path, got)
			}
		}
	}
}
