package hubspot

import (
	"html"
	"strings"

	"github.com/handoffscore/syncd/internal/crm"
)

// taskToDeal is the type of the association from a task to its deal (API
// documentation, read 2026-03).
const taskToDeal = 216

const longestSubject = 255 // characters that HubSpot's lists show; none is documented

// Values of a task's properties.
const (
	taskOpen   = "NOT_STARTED"
	taskDone   = "COMPLETED"
	taskHigh   = "HIGH"
	taskMedium = "MEDIUM"
)

// taskWord is what a property of a task is to syncd.
func taskWord(property string) string {
	switch property {
	case "hs_task_subject":
		return "subject"
	case "hs_task_body":
		return "body"
	case "hubspot_owner_id":
		return "owner"
	case "hs_timestamp":
		return "due"
	case "hs_task_status":
		return "status"
	case "hs_task_priority":
		return "urgent"
	}
	return property
}

// rich turns lines of plain text into the HTML that bodies are.
func rich(text string) string {
	return strings.ReplaceAll(html.EscapeString(text), "\n", "<br>")
}

// newTask translates a task. why names a fault of the task itself.
func newTask(at int, t crm.Task) (j job, why string) {
	switch {
	case !crm.Markable(t.Key):
		return j, "the task's key cannot be found again in a text"
	case !digits(string(t.Deal)):
		return j, "the deal's id is not one of HubSpot's"
	case !digits(string(t.Owner)):
		return j, "the owner's id is not one of HubSpot's"
	case t.Due.IsZero():
		return j, "the task has no due time, without which HubSpot takes none"
	}
	priority := taskMedium
	if t.Urgent {
		priority = taskHigh
	}
	return job{
		at: at, id: t.Key, links: []linkTo{{string(t.Deal), taskToDeal}},
		props: map[string]string{
			"hs_timestamp": t.Due.UTC().Format(canonicalStamp), "hs_task_type": "TODO",
			"hs_task_subject": crm.Cut(t.Title(), longestSubject), "hs_task_body": t.Marked(longestText, rich),
			"hs_task_status": taskOpen, "hs_task_priority": priority, "hubspot_owner_id": string(t.Owner),
		},
	}, ""
}

// foundTask reads one task; ours is false for one that people made. known is
// false if the answer does not tell.
func foundTask(rec *record, deal string) (t crm.FoundTask, ours, known bool) {
	body, known := rec.value("hs_task_body")
	key := crm.MarkedKey(body)
	if key == "" {
		return t, false, known
	}
	return crm.FoundTask{
		ID: crm.TaskID(rec.id), Key: key, Deal: crm.DealID(deal),
		Owner: crm.UserID(strings.TrimSpace(rec.text("hubspot_owner_id"))),
		Done:  rec.text("hs_task_status") == taskDone,
	}, true, true
}
