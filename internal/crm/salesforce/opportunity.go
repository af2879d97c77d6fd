package salesforce

import (
	"slices"

	"github.com/tidwall/gjson"

	"github.com/handoffscore/syncd/internal/crm"
)

// opportunityColumns are the fields of the deal itself, beside the mapped ones.
var opportunityColumns = []string{
	"Id", "Name", "AccountId", "StageName", "IsWon", "IsClosed", "CloseDate", "Amount", "Type",
	"OwnerId", "RecordTypeId", "CurrencyIsoCode", "CreatedDate", "SystemModstamp",
}

// opportunities asks for the deals themselves.
func (l *loading) opportunities() *ask {
	o := l.s.objects["Opportunity"]
	cols := o.having(opportunityColumns...)
	if !slices.Contains(cols, "Id") {
		cols = append(cols, "Id")
	}
	for _, native := range sortedKeys(l.s.mapping.byNative) {
		if !slices.Contains(cols, native) {
			cols = append(cols, native)
		}
	}
	return &ask{object: "Opportunity", cols: cols, key: "Id", ids: l.ids, row: l.opportunity}
}

// blank is a deal before it is read: what its row is to tell is Unreadable.
func (s *schema) blank(setup crm.Setup) crm.Deal {
	hidden := crm.Cell{State: crm.Unreadable}
	deal := crm.Deal{
		Ref:  crm.Ref{Connection: setup.Connection, Object: crm.ObjectDeal},
		Name: hidden, Stage: hidden, Type: hidden, Amount: hidden, CloseDate: hidden,
		Fields: s.mapping.names.Cells(),
	}
	for place := range s.mapping.names.List() {
		deal.Fields.Put(place, hidden)
	}
	if s.objects["Opportunity"].field("RecordTypeId") != nil {
		deal.RecordType = hidden
	}
	switch {
	case s.objects["Opportunity"].field("CurrencyIsoCode") != nil:
		deal.Currency = hidden
	case s.org.currency != "":
		deal.Currency = crm.Value(s.org.currency)
	}
	return deal
}

// opportunity takes one row. A column that was asked for and did not come is
// Unreadable, like one that could not be asked for.
func (l *loading) opportunity(row gjson.Result) {
	d := l.at(row.Get("Id").String())
	if d == nil {
		return
	}
	d.found = true
	d.deal = l.blank
	d.deal.Fields = l.blank.Fields.Clone()
	row.ForEach(func(key, v gjson.Result) bool {
		l.column(d, key.Str, v)
		return true
	})
}

func (l *loading) column(d *draft, key string, v gjson.Result) {
	deal := &d.deal
	switch key {
	case "Id":
		deal.Ref.ID = id18(v.Str)
	case "Name":
		deal.Name = crm.Value(text(crm.Text, v))
	case "AccountId":
		deal.AccountID = crm.AccountID(id18(v.Str))
	case "StageName":
		d.stage = text(crm.Text, v)
		deal.Stage = crm.Value(d.stage)
		if label := l.s.labels[d.stage]; label != "" {
			deal.Stage.Text = label
		}
	case "IsWon":
		deal.Won = v.Bool()
	case "IsClosed":
		deal.Closed = v.Bool()
	case "CloseDate":
		deal.CloseDate = crm.Value(text(crm.Date, v))
	case "Amount":
		deal.Amount = crm.Value(text(crm.Number, v))
	case "Type":
		deal.Type = crm.Value(text(crm.Picklist, v))
	case "OwnerId":
		deal.Owner = crm.UserID(id18(v.Str))
	case "CurrencyIsoCode":
		deal.Currency = crm.Value(text(crm.Text, v))
	case "CreatedDate":
		deal.CreatedAt = instant(v.Str)
	case "SystemModstamp":
		deal.ModifiedAt = instant(v.Str)
	case "RecordTypeId":
		if v.Str == "" {
			deal.RecordType = crm.Value("")
		} else if name, ok := l.s.types[id18(v.Str)]; ok {
			deal.RecordType = crm.Value(name)
		}
	}
	for _, m := range l.s.mapping.byNative[key] {
		deal.Fields.Put(m.place, crm.Value(text(m.on.kind(), v)))
	}
}
