package scorecard

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/handoffscore/syncd/internal/yamlfile"
)

// actionLimit is the length of the action field on the record.
const actionLimit = 255

var (
	cardID     = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	itemID     = regexp.MustCompile(`^[A-Za-z0-9]+(\.[A-Za-z0-9]+)*$`)
	prefix     = regexp.MustCompile(`^[a-z][a-z0-9]*$`)
	starts     = []string{string(StartKickoff), string(StartSent)}
	scorers    = []string{"csm", "partner_manager"}
	healths    = []string{"green", "yellow", "orange", "red"}
	escalation = []string{"None", "CS manager", "Sales manager"}
	tasks      = []string{"ae_fields_needed", "ae_rehandoff", "sales_manager_escalation"}
)

// validator checks what a card means, after the file's form is known.
type validator struct {
	*draft
	card *Card
	own  int // categories from this index on are the file's own
	// numbers is false when a number in the file could not be read or an item
	// is left out, so that sums would only repeat it.
	numbers bool
}

func (v *validator) all() {
	v.numbers = v.canAdd()
	v.matches("id", v.card.ID, cardID, "small letters, digits and dashes")
	v.matches("prefix", v.card.Prefix, prefix, "small letters and digits, a letter first")
	v.prose("title", v.card.Title)
	v.oneOf("start", string(v.card.Start), starts)
	v.oneOf("scorer", v.card.Scorer, scorers)
	if v.form.Use == nil && len(v.card.Categories) == 0 && v.numbers {
		v.fault("categories", "the card has no category", "add categories, or use those of another card")
		return // all else would only repeat it
	}
	v.ids()
	for i := v.own; i < len(v.card.Categories); i++ {
		v.category(yamlfile.Index("categories", i-v.own), &v.card.Categories[i])
	}
	total := 0
	for it := range v.card.Items() {
		total += it.Max
	}
	if v.numbers && v.card.OutOf != total {
		v.fault("out_of", fmt.Sprintf("is %d, but the items add up to %d", v.card.OutOf, total), fmt.Sprintf("write %d, or correct the items", total))
	}
	for i := range v.card.Bands {
		v.band(yamlfile.Index("bands", i), i, &v.card.Bands[i])
	}
	if v.numbers {
		v.cover(total)
	}
	v.groups()
}

// canAdd reports whether every number of the card is known, so that a sum that
// is off is a fault of its own.
func (v *validator) canAdd() bool {
	for path := range v.told {
		last, _, _ := strings.Cut(path[strings.LastIndex(path, ".")+1:], "[")
		if slices.Contains([]string{"max", "min", "out_of", "items", "categories", "bands", "use"}, last) {
			return false
		}
	}
	return !v.unresolved && !slices.ContainsFunc(v.card.Categories, func(cat Category) bool {
		return len(cat.Items) == 0 || slices.ContainsFunc(cat.Items, func(it Item) bool { return !it.maxIsSound() })
	})
}

func (it *Item) maxIsSound() bool { return it.Max == 1 || it.Max == 2 }

// ids checks that no id is given twice in the card.
func (v *validator) ids() {
	categories, items := map[string]bool{}, map[string]bool{}
	for i := range v.card.Categories {
		cat := &v.card.Categories[i]
		path := yamlfile.Index("categories", i-v.own)
		if i < v.own {
			path = "use.categories"
		} else {
			v.matches(path+".id", cat.ID, itemID, "letters and digits, with dots between")
		}
		if cat.ID != "" && categories[cat.ID] {
			v.fault(path+".id", "category "+quote(cat.ID)+" is on the card twice", "give it another id")
		}
		categories[cat.ID] = true
		for j, it := range cat.Items {
			at := yamlfile.Index(path+".items", j) + ".id"
			if i >= v.own {
				v.matches(at, it.ID, itemID, "letters and digits, with dots between")
			}
			if it.ID != "" && items[it.ID] {
				v.fault(at, "item "+quote(it.ID)+" is on the card twice", "give it another id")
			}
			items[it.ID] = true
		}
	}
}

func (v *validator) category(path string, cat *Category) {
	v.prose(path+".title", cat.Title)
	if len(cat.Items) == 0 {
		v.fault(path+".items", "the category has no item", "add an item, or remove the category")
	}
	sum := 0
	for j := range cat.Items {
		v.item(yamlfile.Index(path+".items", j), &cat.Items[j])
		sum += cat.Items[j].Max
	}
	if v.numbers && cat.Max != sum {
		v.fault(path+".max", fmt.Sprintf("is %d, but its items add up to %d", cat.Max, sum), fmt.Sprintf("write %d, or correct the items", sum))
	}
}

func (v *validator) item(path string, it *Item) {
	v.prose(path+".title", it.Title)
	v.prose(path+".question", it.Question)
	v.prose(path+".gap", it.Gap)
	if !it.maxIsSound() {
		v.fault(path+".max", fmt.Sprintf("is %d; an item is worth 1 or 2", it.Max), "leave it out for 2")
	}
	for n, key := range []string{"missing", "partial", "complete"} {
		v.prose(path+".guidance."+key, it.Guidance[n])
	}
	if it.Guidance[2] == "" && it.Max == 2 && !v.told[path+".guidance"] {
		v.fault(path+".guidance.complete", "is missing", `add "complete:"`)
	}
	v.check(path, it)
}

// prose checks a text for people. A blank one is told where it is required.
func (v *validator) prose(path, text string) {
	if strings.ContainsFunc(text, func(r rune) bool {
		return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == '\ufeff'
	}) {
		v.fault(path, "must be one line of plain text", `begin the value with ">-" to fold several lines into one`)
	}
}

func (v *validator) matches(path, value string, pattern *regexp.Regexp, says string) {
	if value != "" && !pattern.MatchString(value) {
		v.fault(path, quote(value)+" is not a name that can be used here", "use "+says)
	}
}

// oneOf checks a word against a closed set; blank is told elsewhere.
func (v *validator) oneOf(path, value string, known []string) {
	if value != "" && !slices.Contains(known, value) {
		v.fault(path, "unknown value "+quote(value), yamlfile.DidYouMean(value, known))
	}
}

// oneOfItems checks item ids.
func (v *validator) oneOfItems(path string, given []string) {
	var ids []string
	for it := range v.card.Items() {
		ids = append(ids, it.ID)
	}
	for i, id := range given {
		if !slices.Contains(ids, id) && !v.unresolved {
			v.fault(yamlfile.Index(path, i), "there is no item "+quote(id), yamlfile.DidYouMean(id, ids))
		}
		if slices.Contains(given[:i], id) {
			v.fault(yamlfile.Index(path, i), "item "+quote(id)+" is listed twice", "keep one of the two")
		}
	}
}

func (v *validator) groups() {
	in := map[string]string{}
	seen := map[string]bool{}
	for i := range v.card.Groups {
		g := &v.card.Groups[i]
		path := yamlfile.Index("groups", i)
		v.matches(path+".id", g.ID, itemID, "letters and digits, with dots between")
		v.prose(path+".verdict", g.Verdict)
		v.prose(path+".advice", g.Advice)
		if g.ID != "" && seen[g.ID] {
			v.fault(path+".id", "group "+quote(g.ID)+" is on the card twice", "give it another id")
		}
		seen[g.ID] = true
		if len(g.Items) == 0 {
			v.fault(path+".items", "the group has no item", "add an item, or remove the group")
		}
		v.oneOfItems(path+".items", g.Items)
		for n, id := range g.Items {
			if other := in[id]; other != "" && other != path {
				v.fault(yamlfile.Index(path+".items", n), "item "+quote(id)+" is in another group too", "keep it in one group")
			}
			in[id] = path
		}
	}
}

func (v *validator) band(path string, i int, b *Band) {
	v.prose(path+".name", b.Name)
	v.action(path+".action", b.Action)
	if b.ActionLate != b.Action {
		v.action(path+".action_late", b.ActionLate)
	}
	for _, other := range v.card.Bands[:i] {
		if b.Name != "" && b.Name == other.Name {
			v.fault(path+".name", "band "+quote(b.Name)+" is on the card twice", "give it another name")
		}
	}
	v.oneOf(path+".health", b.Health, healths)
	v.oneOf(path+".escalation", b.Escalation, escalation)
	for n, kind := range b.Tasks {
		at := yamlfile.Index(path+".tasks", n)
		v.oneOf(at, kind, tasks)
		if slices.Contains(b.Tasks[:n], kind) {
			v.fault(at, "task "+quote(kind)+" is listed twice", "keep one of the two")
		}
		if kind == "sales_manager_escalation" && b.Escalation != "Sales manager" {
			v.fault(at, "the band does not go to the Sales manager", `write "escalation: Sales manager", or remove the task`)
		}
	}
	if b.Weakest < 0 || b.Weakest > v.card.Count() && v.numbers {
		v.fault(path+".weakest", fmt.Sprintf("is %d; the card has %d items", b.Weakest, v.card.Count()), "")
	}
	v.oneOfItems(path+".restart", b.Restart)
}

func (v *validator) action(path, text string) {
	v.prose(path, text)
	if n := utf8.RuneCountInString(text); n > actionLimit {
		v.fault(path, fmt.Sprintf("has %d characters, more than the %d of the field on the record", n, actionLimit), "shorten it")
	}
}

// cover checks that every total from 0 to top lies in exactly one band. Bands
// are listed best first, so each must end one below where the last began.
func (v *validator) cover(top int) {
	next := top // the total that the band at hand must reach up to
	for i, b := range v.card.Bands {
		path := yamlfile.Index("bands", i)
		switch {
		case b.Min > b.Max:
			v.fault(path+".min", fmt.Sprintf("is %d, above its max of %d", b.Min, b.Max), "swap the two")
		case b.Max < next:
			v.fault(path+".max", totals(b.Max+1, next)+" in no band", fmt.Sprintf("write %d, or list the bands best first", next))
		case b.Max > next && i == 0:
			v.fault(path+".max", fmt.Sprintf("is %d, but the card has %d points", b.Max, top), fmt.Sprintf("write %d", top))
		case b.Max > next && b.Min > next:
			v.fault(path, "is better than the band before it", "list the bands best first")
		case b.Max > next:
			v.fault(path+".max", totals(next+1, b.Max)+" in the band before too", fmt.Sprintf("write %d", next))
		}
		next = min(b.Min, b.Max) - 1
	}
	last := yamlfile.Index("bands", len(v.card.Bands)-1) + ".min"
	switch {
	case len(v.card.Bands) == 0:
		v.fault("bands", "the card has no band", "add bands from 0 to "+strconv.Itoa(top))
	case next >= 0:
		v.fault(last, totals(0, next)+" in no band", "write 0, and list the bands best first")
	case next < -1:
		v.fault(last, "a total cannot be below 0", "write 0")
	}
}

func totals(from, to int) string {
	if from == to {
		return fmt.Sprintf("total %d is", from)
	}
	return fmt.Sprintf("totals %d-%d are", from, to)
}

func quote(s string) string { return fmt.Sprintf("%.60q", s) }
