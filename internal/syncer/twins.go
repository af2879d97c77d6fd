package syncer

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/handoff"
	"github.com/handoffscore/syncd/internal/store"
)

// twins finds for each deal another that may be the same sale. The other one,
// where it was last looked at without knowing of this one, is looked at again,
// and so is one that was a twin and is none any more.
func (p *pass) twins(ctx context.Context, deals []crm.Deal, rows map[string]map[string]store.State, s *store.Slice) (map[string]string, error) {
	known, err := p.siblings(ctx, deals)
	if err != nil {
		return nil, err
	}
	twins := map[string]string{}
	here := make(map[string]bool, len(deals))
	for i := range deals {
		here[deals[i].Ref.ID] = true
	}
	for i := range deals {
		d := &deals[i]
		var of []store.Sibling
		for _, b := range known[string(d.AccountID)] {
			if b.ID != d.Ref.ID && d.Won && handoff.MayBeOne(d.Amount.Text, b.Amount, d.WonAt.At, b.WonAt) {
				of = append(of, b)
			}
		}
		if len(of) > 0 {
			twins[d.Ref.ID] = slices.MinFunc(of, func(a, b store.Sibling) int {
				return cmp.Or(a.WonAt.Compare(b.WonAt), strings.Compare(a.ID, b.ID))
			}).ID
		}
		for _, b := range of {
			if b.Twin == "" && !here[b.ID] {
				s.Again = append(s.Again, b.ID)
				p.counted[b.ID] = b.ReadBy == p.run.ID
			}
		}
		for _, row := range rows[d.Ref.ID] {
			if row.Twin != "" && row.Twin != twins[d.Ref.ID] && !here[row.Twin] {
				s.Again = append(s.Again, row.Twin)
			}
		}
	}
	return twins, nil
}

// siblings are the deals in scope of the deals' accounts, by account: those
// that the store knows, as they are now where they are among the deals.
func (p *pass) siblings(ctx context.Context, deals []crm.Deal) (map[string][]store.Sibling, error) {
	var accounts []string
	now := make(map[string]*crm.Deal, len(deals))
	for i := range deals {
		d := &deals[i]
		now[d.Ref.ID] = d
		if d.AccountID != "" && d.Amount.Text != "" && d.Won {
			accounts = append(accounts, string(d.AccountID))
		}
	}
	slices.Sort(accounts)
	list, err := p.Store.Siblings(ctx, p.c.Name, slices.Compact(accounts))
	if err != nil {
		return nil, err
	}
	all := map[string][]store.Sibling{}
	for _, b := range list {
		if now[b.ID] == nil {
			all[b.Account] = append(all[b.Account], b)
		}
	}
	for i := range deals {
		d := &deals[i]
		if ok, _ := handoff.Scope(d, p.c.Settings); ok && d.AccountID != "" && !handoff.MarkedSame(d) {
			all[string(d.AccountID)] = append(all[string(d.AccountID)], store.Sibling{ID: d.Ref.ID, Account: string(d.AccountID), Amount: d.Amount.Text, WonAt: d.WonAt.At})
		}
	}
	return all, nil
}
