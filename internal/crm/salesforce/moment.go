package salesforce

import (
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/handoffscore/syncd/internal/crm"
)

// stageRow is one line of a deal's stage history.
type stageRow struct {
	at    time.Time
	id    string
	stage string
}

// change is one line of a deal's field history.
type change struct {
	at       time.Time
	id       string
	field    string
	old, new string
}

// stageHistory asks for the stages a deal went through.
func (l *loading) stageHistory() *ask {
	if l.s.standing("OpportunityHistory") != readable {
		return nil
	}
	return &ask{
		object: "OpportunityHistory", cols: []string{"Id", "OpportunityId", "StageName", "CreatedDate"},
		key: "OpportunityId", ids: l.ids, optional: true,
		row: func(v gjson.Result) {
			r := l.row.read(v)
			d, at := l.at(r.get("OpportunityId").String()), instant(r.get("CreatedDate").String())
			if d != nil && !at.IsZero() {
				d.stages = append(d.stages, stageRow{at, strings.Clone(r.get("Id").String()), strings.Clone(r.get("StageName").String())})
			}
		},
	}
}

// fieldHistory asks when the owner and the tracked fields changed, where the
// org keeps field history. It holds 18 months (read 2026-11-20).
func (l *loading) fieldHistory() *ask {
	if l.s.standing("OpportunityFieldHistory") != readable {
		return nil
	}
	names := []string{"Owner", "OwnerId"}
	if l.s.standing("OpportunityHistory") != readable {
		names = append(names, "StageName")
	}
	names = append(names, sortedKeys(l.s.mapping.tracked)...)
	return &ask{
		object: "OpportunityFieldHistory",
		cols:   []string{"Id", "OpportunityId", "Field", "OldValue", "NewValue", "CreatedDate"},
		key:    "OpportunityId", where: "Field IN ('" + strings.Join(names, "','") + "')",
		ids: l.ids, optional: true,
		row: func(v gjson.Result) {
			r := l.row.read(v)
			d, at := l.at(r.get("OpportunityId").String()), instant(r.get("CreatedDate").String())
			if d == nil || at.IsZero() {
				return
			}
			d.changes = append(d.changes, change{
				at: at, id: strings.Clone(r.get("Id").String()), field: strings.Clone(r.get("Field").String()),
				old: text(crm.Text, r.get("OldValue")), new: text(crm.Text, r.get("NewValue")),
			})
		},
	}
}

// settleMoments works out when a deal was won, who owned it then, and when the
// tracked fields last changed.
func (l *loading) settleMoments(d *draft) {
	slices.SortFunc(d.changes, func(a, b change) int {
		if n := a.at.Compare(b.at); n != 0 {
			return n
		}
		return strings.Compare(a.id, b.id)
	})
	for _, ch := range d.changes {
		for _, m := range l.s.mapping.tracked[ch.field] {
			if cell := d.deal.Fields.At(m.place); cell.Known() {
				cell.At = ch.at
				d.deal.Fields.Put(m.place, cell)
			}
		}
	}
	d.deal.Seller = d.deal.Owner
	if !d.deal.Won {
		return
	}
	d.deal.WonAt = l.wonAt(d)
	if owner := ownerAt(d.changes, d.deal.WonAt); owner != "" {
		d.deal.Seller = owner
	}
}

// wonAt is the first moment of the last unbroken run of won stages.
func (l *loading) wonAt(d *draft) crm.Moment {
	if at := l.lastWin(d.stages, d); !at.IsZero() {
		return crm.Moment{At: at, Source: "stage history"}
	}
	var rows []stageRow
	for _, ch := range d.changes {
		if ch.field == "StageName" {
			rows = append(rows, stageRow{ch.at, ch.id, ch.new})
		}
	}
	if at := l.lastWin(rows, d); !at.IsZero() {
		return crm.Moment{At: at, Source: "field history"}
	}
	day, err := time.ParseInLocation(time.DateOnly, d.deal.CloseDate.Text, l.setup.Zone)
	if err != nil {
		return crm.Moment{}
	}
	return crm.Moment{At: day.UTC(), Imprecise: true, Source: "close date"}
}

// lastWin finds the start of the last run of won stages, zero if there is
// none. Stamps have whole seconds; of two rows with one stamp the won one
// counts as the later, because the deal is won now.
func (l *loading) lastWin(rows []stageRow, d *draft) time.Time {
	won := func(stage string) bool {
		return stage != "" && (l.s.won[stage] || stage == d.stage || stage == d.deal.Stage.Text)
	}
	slices.SortFunc(rows, func(a, b stageRow) int {
		if n := a.at.Compare(b.at); n != 0 {
			return n
		}
		if wa, wb := won(a.stage), won(b.stage); wa != wb {
			if wb {
				return -1
			}
			return 1
		}
		return strings.Compare(a.id, b.id)
	})
	var start time.Time
	for i, r := range rows {
		if won(r.stage) && (i == 0 || !won(rows[i-1].stage)) {
			start = r.at
		}
	}
	return start
}

// ownerAt is who owned the deal at a moment, "" if history does not say. A
// change in the very second of the win came with it: the owner before sold it.
func ownerAt(changes []change, won crm.Moment) crm.UserID {
	if won.At.IsZero() {
		return ""
	}
	at := won.At
	if won.Imprecise {
		at = at.AddDate(0, 0, 1)
	}
	var last crm.UserID
	for _, ch := range changes {
		if ch.field != "Owner" && ch.field != "OwnerId" || !isUser(ch.old) && !isUser(ch.new) {
			continue // each change has a row of names too
		}
		if !ch.at.Before(at) {
			if isUser(ch.old) {
				return crm.UserID(id18(ch.old))
			}
			continue
		}
		if isUser(ch.new) {
			last = crm.UserID(id18(ch.new))
		}
	}
	return last
}
