package autoscore

import (
	"slices"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/scorecard"
)

// Judge scores deals by one company's rules. It is safe for concurrent use;
// what it remembers of texts is bounded and changes no result.
type Judge struct {
	rules   Rules
	words   words
	zone    *time.Location
	region  string
	domains []string

	readings  *memo[reading]
	phrases   *memo[reading] // without the words that hints look for
	mailboxes *memo[address]
	numbers   *memo[string]
	names     *memo[string] // of roles
	bindings  bindings
}

// New returns a Judge with the shipped lists and r laid over them.
func New(r Rules) *Judge {
	j := &Judge{
		rules: r, words: compileWords(r), zone: r.Zone, region: r.PhoneRegion,
		readings: newMemo[reading](), phrases: newMemo[reading](), mailboxes: newMemo[address](), numbers: newMemo[string](),
		names: newMemo[string](),
	}
	if j.zone == nil {
		j.zone = time.UTC
	}
	if j.region == "" {
		j.region = anyRegion
	}
	for _, d := range r.Domains {
		if d = domain(d); d != "" {
			j.domains = append(j.domains, d)
		}
	}
	return j
}

// Score judges d on card and merges what people entered.
func (j *Judge) Score(card *scorecard.Card, d *crm.Deal, entered Entered, at At) Result {
	r := Result{Card: card.ID, Version: card.Version}
	items := j.bindings.get(card, d.Fields.Names(), j.bind).items
	n := len(items)
	r.Items = make([]Item, n)
	c := &call{judge: j, deal: d, at: at, evidence: make([]Evidence, 0, 2*n), args: make([]string, 0, 2*n), cells: make([]crm.Cell, 0, 4)}
	c.close = c.closeDay()
	if !at.Kickoff.IsZero() {
		c.kickoff = dayOf(at.Kickoff, j.zone)
	}
	for i := range items {
		it, item := items[i].item, &r.Items[i]
		c.judgeItem(&items[i], item)
		if entered != nil {
			cell := entered(it)
			*item = Merge(*item, cell)
			c.degraded = c.degraded || cell.State == crm.Unreadable && !item.Auto
		}
		r.count(item)
		if c.ask && item.Score == Open {
			c.flag("ask_pick:" + it.ID)
		}
	}
	r.Flags, r.Warnings, r.Degraded = c.flags, c.warnings, c.degraded
	return r
}

// count adds an item to the sums.
func (r *Result) count(i *Item) {
	r.Floor += int(i.Floor)
	r.Ceiling += int(i.Cap)
	if i.Score == Open {
		r.OpenN++
	}
}

// verdict is what a check concludes. The zero value proves 0.
type verdict struct {
	floor, cap int8
	suggest    bool // 2 is proposed
	unknown    bool // something needed cannot be read
}

var (
	open    = verdict{cap: 2}                          // nothing is known
	unknown = verdict{cap: 2, unknown: true}           // nothing can be known
	filled  = verdict{floor: 1, cap: 2}                // real text: a person tells 1 from 2
	likely  = verdict{floor: 1, cap: 2, suggest: true} // as filled, and all that can be checked is there
)

// proven is an item whose floor and cap are one.
func proven(n int8) verdict { return verdict{floor: n, cap: n} }

// call is one run of Score: the deal, the moments, and what was said so far.
type call struct {
	judge   *Judge
	deal    *crm.Deal
	at      At
	close   day // of the close date, else of the win; 0 if neither is known
	kickoff day // 0 if there is none

	it       *scorecard.Item // being judged
	sources  []source        // of its check
	cells    []crm.Cell      // of the sources
	ask      bool            // it wants its "none, confirmed" pick
	evidence []Evidence      // of all items, in order
	args     []string        // of all evidence, likewise
	flags    []string
	warnings []Evidence
	degraded bool
}

// judgeItem judges one item without what people entered.
func (c *call) judgeItem(b *bound, item *Item) {
	it := b.item
	c.it, c.ask, c.sources, c.cells = it, false, b.sources, c.cells[:0]
	for _, s := range b.sources {
		var cell crm.Cell
		if s.place >= 0 {
			cell = c.deal.Fields.At(s.place)
		}
		c.cells = append(c.cells, cell)
	}
	start := len(c.evidence)
	v := open
	if b.check != nil {
		v = b.check(c)
	} else {
		c.say("check_unknown", it.Check.Name)
		v = unknown
	}
	c.degraded = c.degraded || v.unknown
	if !it.Auto && v.floor == 2 { // only a person gives a 2 to a judgement item
		v.floor, v.suggest = 1, true
	}
	item.ID, item.Auto, item.Unknown = it.ID, it.Auto, v.unknown
	item.Score, item.Source, item.Suggestion = Open, Machine, Open
	item.Floor, item.Cap = v.floor, v.cap
	if v.suggest {
		item.Suggestion = 2
	}
	if v.floor == v.cap {
		item.Score, item.Source = Score(v.floor), Proven
		if it.Auto {
			item.Source = Auto
		}
	}
	if end := len(c.evidence); end > start {
		item.Evidence = c.evidence[start:end:end]
	}
}

// say adds a reason to the item being judged.
func (c *call) say(code string, args ...string) {
	e := Evidence{Code: code}
	if len(args) > 0 {
		start := len(c.args)
		c.args = append(c.args, args...)
		e.Args = c.args[start:len(c.args):len(c.args)]
	}
	c.evidence = append(c.evidence, e)
}

// flag adds a remark on the deal, once.
func (c *call) flag(name string) {
	if !slices.Contains(c.flags, name) {
		c.flags = append(c.flags, name)
	}
}

// warn adds a doubt about the deal.
func (c *call) warn(code string, args ...string) {
	c.warnings = append(c.warnings, Evidence{Code: code, Args: args})
}

// checkNamed returns the check of that name, or nil. It knows every name in
// scorecard.Checks and no other.
func checkNamed(name string) func(*call) verdict {
	switch name {
	case "text":
		return (*call).text
	case "text_or_none":
		return (*call).textOrNone
	case "role":
		return (*call).role
	case "objector":
		return (*call).objector
	case "timeline":
		return (*call).timeline
	case "milestone":
		return (*call).milestone
	case "contacts_complete":
		return (*call).contactsComplete
	case "notes_after_close":
		return (*call).notesAfterClose
	case "deal_correct":
		return (*call).dealCorrect
	case "account_logic":
		return (*call).accountLogic
	case "relationship":
		return (*call).relationship
	case "offer":
		return (*call).offer
	case "next_action":
		return (*call).nextAction
	case "single_owner":
		return (*call).singleOwner
	case "acceptance":
		return (*call).acceptance
	case "proof":
		return (*call).proof
	}
	return nil
}
