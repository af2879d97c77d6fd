package syncer

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/handoff"
	"github.com/handoffscore/syncd/internal/store"
)

// classNobody is why a task waits that there is nobody to give it to.
const classNobody = "nobody"

// tryAgain is how long a task waits for which nobody was found.
const tryAgain = 6 * time.Hour

// ask turns the notices of the deals into tasks that are to be made, and ends
// those that are no longer needed. What is in the ledger already stays.
func (p *pass) ask(ctx context.Context, steps []*taken, now time.Time, s *store.Slice) error {
	if p.c.Tasks == nil {
		return nil
	}
	var noticed []*taken
	var ids []string
	for _, t := range steps {
		if len(t.out.State.Notices) > 0 {
			noticed, ids = append(noticed, t), append(ids, t.deal.Ref.ID)
		}
	}
	if len(noticed) == 0 {
		return nil
	}
	list, err := p.Store.TasksOf(ctx, p.c.Name, ids)
	if err != nil {
		return err
	}
	ledger := make(map[string]store.Task, len(list))
	for _, row := range list {
		ledger[row.Key] = row
	}
	for _, t := range noticed {
		t.asked = p.toAsk(t, ledger)
		s.Tasks = append(s.Tasks, t.recalled(ledger)...)
		s.Closings = append(s.Closings, closings(t.deal.Ref.ID, t.card.ID, t.asked, ledger, now)...)
	}
	people, err := p.hands(ctx, noticed, ledger)
	if crm.KindOf(err) == crm.Quota { // what was read is kept, what is to be asked waits
		for _, t := range noticed {
			if t.waits = t.asks(ledger, now); t.waits && !p.waiting[t.deal.Ref.ID] {
				p.waiting[t.deal.Ref.ID] = true
				p.counts.TasksUnresolved++
			}
		}
		return nil
	}
	if err != nil {
		return err
	}
	for _, t := range noticed {
		if p.waiting[t.deal.Ref.ID] {
			delete(p.waiting, t.deal.Ref.ID)
			p.counts.TasksUnresolved--
		}
		var unasked []string
		for _, n := range t.asked {
			row, known := store.Current(ledger, n.Key(t.deal.Ref.ID, t.card.ID))
			if !n.Open() || known && !pending(row, now) {
				continue
			}
			if row.Status == store.TaskSent { // whoever goes on with it looks for it first
				s.Tasks = append(s.Tasks, row)
				continue
			}
			if n.Kind == handoff.Reminder && t.unread() {
				continue
			}
			task, err := p.task(t, n, row.Key, people, now)
			if err != nil {
				return err
			}
			s.Tasks = append(s.Tasks, task)
			if p.counts.TasksPlanned++; task.Owner == "" && !task.Post() {
				p.counts.Unassigned++
				t.out.Tell(t.card, task.Message)
				if !task.FindOnly { // else it was asked, before the store was lost
					unasked = append(unasked, n.Kind)
				}
			}
		}
		t.out.Unasked(t.card, t.deal.Ref.ID, unasked)
	}
	return nil
}

// toAsk are the notices of a deal, and what of them is said in its feed: an
// escalation when it is raised, and not one that was raised before posts were
// turned on.
func (p *pass) toAsk(t *taken, ledger map[string]store.Task) []handoff.Notice {
	var list []handoff.Notice
	for _, n := range t.out.State.Notices {
		list = append(list, n)
		if n.Kind != handoff.Escalation {
			continue
		}
		post := n.Posted()
		_, raised := ledger[n.Key(t.deal.Ref.ID, t.card.ID)]
		_, known := ledger[post.Key(t.deal.Ref.ID, t.card.ID)]
		if known || p.posts && !raised {
			list = append(list, post)
		}
	}
	return list
}

// recalled are the tasks that were asked for before the store was rebuilt, and
// are needed no more: they may stand in the CRM, and are looked for to be closed.
func (t *taken) recalled(ledger map[string]store.Task) []store.Task {
	var list []store.Task
	for _, n := range t.asked {
		key := n.Key(t.deal.Ref.ID, t.card.ID)
		if _, known := ledger[key]; known || n.Open() || !n.Shown || n.Kind == handoff.Post {
			continue
		}
		row := store.Task{
			Key: key, Ref: t.deal.Ref, Card: t.card.ID, Attempt: n.Attempt, Kind: n.Kind, Role: string(n.To), About: t.deal.Name.Text, Due: n.Due, FindOnly: true, Status: store.TaskSent,
		}
		ledger[key] = row
		list = append(list, row)
	}
	return list
}

// asks reports whether a deal has a notice whose task is still to be made.
func (t *taken) asks(ledger map[string]store.Task, now time.Time) bool {
	return slices.ContainsFunc(t.asked, func(n handoff.Notice) bool {
		row, known := store.Current(ledger, n.Key(t.deal.Ref.ID, t.card.ID))
		return n.Open() && (!known || pending(row, now))
	})
}

// unread reports whether all that keeps the deal open is what syncd cannot
// read. Whoever scores has done what they can and is not reminded.
func (t *taken) unread() bool {
	open := 0
	for i := range t.out.Result.Items {
		switch it := &t.out.Result.Items[i]; {
		case !it.Open():
		case it.Auto && it.Unknown:
			open++
		default:
			return false
		}
	}
	return open > 0
}

// pending reports whether a task in the ledger is still to be made, and not
// only later.
func pending(row store.Task, now time.Time) bool {
	if row.Status == store.TaskSent {
		return true
	}
	return row.Status == store.TaskWanted && (row.Class == classNobody || !row.NextTry.After(now))
}

// closings are the notices of a deal that ask for nothing any more and whose
// task is not known to have ended, nor refused to until later; and what an undo
// could not end.
func closings(deal, card string, notices []handoff.Notice, ledger map[string]store.Task, now time.Time) []store.Closing {
	var list []store.Closing
	for _, n := range notices {
		row, ok := store.Current(ledger, n.Key(deal, card))
		if n.Open() {
			if row.Status == store.TaskClosing && !row.NextTry.After(now) {
				list = append(list, store.Closing{Key: row.Key, Note: row.Note})
			}
			continue
		}
		if ledger == nil && n.Kind == handoff.Escalation {
			list = append(list, store.Closing{Key: n.Posted().Key(deal, card)})
		}
		if ledger != nil && (!ok || row.Ended() || row.Post() && row.Status == store.TaskMade || row.Status == store.TaskClosing && row.NextTry.After(now)) {
			continue
		}
		list = append(list, store.Closing{Key: row.Key, Note: "No longer needed: " + n.Why + "."})
	}
	return list
}

// hands looks up the people who may be asked.
func (p *pass) hands(ctx context.Context, list []*taken, ledger map[string]store.Task) (map[crm.UserID]crm.Person, error) {
	var ids []crm.UserID
	for _, t := range list {
		for _, n := range t.asked {
			row, known := store.Current(ledger, n.Key(t.deal.Ref.ID, t.card.ID))
			if n.Open() && (!known || row.Status == store.TaskWanted) {
				ids = append(ids, t.deal.Seller, t.deal.Owner, t.out.State.CSM)
				break
			}
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	ids = append(ids, p.c.Managers.Default...)
	for _, id := range p.c.Managers.Owners {
		ids = append(ids, id)
	}
	for _, id := range p.c.Managers.Teams {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	ids = slices.DeleteFunc(slices.Compact(ids), func(id crm.UserID) bool { return id == "" })
	return p.c.Source.People(ctx, ids)
}

// task is what a notice asks of whom.
func (p *pass) task(t *taken, n handoff.Notice, key string, people map[crm.UserID]crm.Person, now time.Time) (store.Task, error) {
	d := t.deal
	facts := handoff.FactsOf(t.card, d, t.out, n, p.c.Settings.Zone)
	subject, body, err := p.c.Texts[n.Words()].Render(facts, key)
	if err != nil {
		return store.Task{}, fmt.Errorf("texts.%s: %w", n.Words(), err)
	}
	owner, why := handoff.Assign(n.To, handoff.Hands{Seller: d.Seller, Owner: d.Owner, CSM: t.out.State.CSM, Self: p.self}, people, p.c.Managers)
	task := store.Task{
		Key: key, Ref: d.Ref, Card: t.card.ID, Attempt: n.Attempt, Kind: n.Kind, Role: string(n.To), Owner: string(owner), About: facts.Deal,
		Subject: subject, Body: body, Due: n.Due, Urgent: n.To == handoff.ToSalesManager, FindOnly: n.Shown && key == store.First(key), Digest: n.Digest,
	}
	if owner == "" {
		task.Class, task.NextTry = classNobody, now.Add(tryAgain)
		task.Message = fmt.Sprintf("nobody to ask as %s: %s", n.To, why)
	}
	return task, nil
}

// digests puts one task in the place of several reminders that fell due while
// nothing ran, for each CSM.
func (p *pass) digests(ctx context.Context) error {
	if p.c.Tasks == nil {
		return nil
	}
	owners, err := p.Store.LateOwners(ctx, p.c.Name, p.run.ID)
	if err != nil {
		return err
	}
	for _, owner := range owners {
		tasks, err := p.Store.LateTasks(ctx, p.c.Name, p.run.ID, owner)
		if err != nil {
			return err
		}
		if err := p.digest(ctx, owner, tasks); err != nil {
			return err
		}
	}
	return nil
}

// digest tells tasks of one owner in one. It hangs on the first one's deal,
// and its key is of that deal and the pass.
func (p *pass) digest(ctx context.Context, owner string, tasks []store.Task) error {
	slices.SortFunc(tasks, func(a, b store.Task) int { return strings.Compare(a.Key, b.Key) })
	now := p.run.Now()
	first := tasks[0]
	d := store.Task{
		Key: handoff.Notice{Kind: handoff.Digest, Attempt: first.Attempt, For: now.UTC().Format("20060102T1504")}.Key(first.Ref.ID, first.Card),
		Ref: first.Ref, Card: first.Card, Attempt: first.Attempt, Kind: handoff.Digest, Role: first.Role, Owner: owner, About: first.About, Due: now,
	}
	var keys []string
	var facts handoff.Facts
	for _, t := range tasks {
		keys, facts.Deals = append(keys, t.Key), append(facts.Deals, t.About)
	}
	var err error
	if d.Subject, d.Body, err = p.c.Texts[handoff.Digest].Render(facts, d.Key); err != nil {
		return fmt.Errorf("texts.%s: %w", handoff.Digest, err)
	}
	return p.Store.Collapse(ctx, p.lease, *p.run, d, keys)
}
