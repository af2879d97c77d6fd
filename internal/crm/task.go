package crm

import (
	"context"
	"time"
)

// TaskID names a task of the CRM.
type TaskID string

// Task is what syncd asks of a person, as a task on a deal.
type Task struct {
	Key     string // names it for good; the last line of Body holds it too
	Deal    DealID
	Owner   UserID
	Subject string // one line of plain text
	Body    string // lines of plain text; the last is the mark
	Due     time.Time
	Urgent  bool
	// Post: it is said in the deal's feed, naming Owner, and asks nobody for
	// anything. Only where Description.Posts is true.
	Post bool
}

// FoundTask is a task of syncd's own as it stands in the CRM.
type FoundTask struct {
	ID      TaskID
	Key     string
	Deal    DealID
	Owner   UserID
	Post    bool // in the deal's feed
	Done    bool // completed, by us or by a person
	Deleted bool // in the recycle bin, as far as the CRM shows it
}

// Closing ends a task that is no longer needed.
type Closing struct {
	ID   TaskID
	Note string // a line of plain text without numbers, put before the mark
}

// TaskOutcome is what became of one task. Of one that was closed, ID is the
// deal where the CRM tells it.
type TaskOutcome struct {
	Outcome
	Task TaskID // that was made, or was to be closed
}

// TaskBook makes tasks and finds them again. A CRM offers no way of making
// something once: whoever makes tasks keeps a ledger by Key, and looks with
// FindTasks before making one whose fate is not known.
type TaskBook interface {
	// FindTasks returns all tasks and posts of syncd's own on the deals, read
	// from the records themselves and not from a search index. Deleted ones are
	// among them where the CRM tells.
	FindTasks(ctx context.Context, deals []DealID) ([]FoundTask, error)
	// MakeTasks makes tasks and returns one outcome each, in order, as Write
	// does. A task is never sent twice by one call.
	MakeTasks(ctx context.Context, tasks []Task) ([]TaskOutcome, error)
	// CloseTasks completes tasks and adds the note. One that a person has
	// completed or deleted is left as it is, and confirmed. Posts are not closed.
	CloseTasks(ctx context.Context, list []Closing) ([]TaskOutcome, error)
	// TaskBatch is how many tasks one call makes or closes.
	TaskBatch() int
}
