package scorecard

import (
	"maps"
	"slices"
	"strings"

	"github.com/handoffscore/syncd/internal/yamlfile"
)

// Parse reads one card. others are cards it may take categories from. name
// stands for the file in faults. The error is yamlfile.Faults with everything
// that is wrong with the file.
func Parse(name string, src []byte, others ...*Card) (*Card, error) {
	d := read(name, src)
	known := map[string]*Card{}
	for _, c := range others {
		if c != nil {
			known[c.ID] = c
		}
	}
	card := d.build(known)
	if err := d.faults.Err(); err != nil {
		return nil, err
	}
	return card, nil
}

// ParseSet reads files by name, each one card, in the order their references
// need, and returns the cards by ID. The error is yamlfile.Faults with what is
// wrong with any of the files.
func ParseSet(files map[string][]byte) (map[string]*Card, error) {
	s := set{drafts: map[string]*draft{}, cards: map[string]*Card{}}
	var order []*draft
	for _, name := range slices.Sorted(maps.Keys(files)) {
		d := read(name, files[name])
		order = append(order, d)
		switch first, taken := s.drafts[d.form.ID]; {
		case d.form.ID == "":
		case taken:
			d.fault("id", "is the card of "+first.name+" too", "give one of the two another id")
		default:
			s.drafts[d.form.ID] = d
		}
	}
	var faults yamlfile.Faults
	for _, d := range order {
		s.build(d)
		faults = append(faults, d.faults...)
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	return s.cards, nil
}

// set is a group of cards that may refer to each other.
type set struct {
	drafts map[string]*draft
	cards  map[string]*Card // those that are built and sound
}

// build builds a card after the one it refers to.
func (s *set) build(d *draft) {
	if d.state != unbuilt {
		return
	}
	d.state = building
	if d.form.Use != nil {
		switch other := s.drafts[d.form.Use.Card]; {
		case other == nil:
			d.noCard(slices.Collect(maps.Keys(s.drafts)))
		case other.state == building:
			d.fault("use.card", "refers back to this card", "write the categories out in one of the cards")
			d.unresolved = true
		default:
			s.build(other)
			// What is wrong with the other card is said there, once.
			d.unresolved = len(other.faults) > 0
		}
	}
	card := d.build(s.cards)
	if d.state = built; len(d.faults) == 0 {
		s.cards[card.ID] = card
	}
}

// draft is a file on its way to a card.
type draft struct {
	name       string
	src        []byte
	form       Form
	doc        *yamlfile.Doc // nil if the file is not YAML
	faults     yamlfile.Faults
	told       map[string]bool // paths with a fault of form, which need no other
	unresolved bool            // its reference cannot be followed, and the reason is told elsewhere
	state      state
}

type state int

const (
	unbuilt state = iota
	building
	built
)

func read(name string, src []byte) *draft {
	d := &draft{name: name, src: slices.Clone(src)}
	d.doc, d.faults = yamlfile.Decode(name, src, &d.form)
	d.told = map[string]bool{}
	for _, f := range d.faults {
		d.told[f.Path] = true
	}
	return d
}

// fault adds a fault of meaning, unless the value could not even be read.
func (d *draft) fault(path, message, fix string) {
	if d.told[path] {
		return
	}
	d.faults = append(d.faults, d.doc.Fault(path, message, fix))
}

// build makes the card and adds what is wrong with its meaning to the faults.
// The card is sound only if there are none.
func (d *draft) build(others map[string]*Card) *Card {
	if d.doc == nil {
		return nil
	}
	c := &Card{
		ID: d.form.ID, Title: strings.TrimSpace(d.form.Title), Prefix: d.form.Prefix, Start: Start(d.form.Start), Scorer: d.form.Scorer,
		BelowThreshold: d.form.BelowThreshold, PartnerOnly: d.form.PartnerOnly, OutOf: d.form.OutOf,
	}
	c.Categories = d.taken(others)
	own := len(c.Categories)
	for _, f := range d.form.Categories {
		c.Categories = append(c.Categories, f.category())
	}
	for _, f := range d.form.Bands {
		c.Bands = append(c.Bands, f.band())
	}
	for _, f := range d.form.Groups {
		c.Groups = append(c.Groups, f.group())
	}
	v := &validator{draft: d, card: c, own: own}
	v.all()
	content := c.content()
	c.Version = versionOf(content)
	if c.Source = d.src; d.form.Use != nil {
		c.Source = content
	}
	return c
}

// noCard says that the card taken from is none of those known.
func (d *draft) noCard(known []string) {
	d.unresolved = true
	known = slices.DeleteFunc(known, func(id string) bool { return id == d.form.ID })
	slices.Sort(known)
	d.fault("use.card", "there is no other card "+quote(d.form.Use.Card), yamlfile.DidYouMean(d.form.Use.Card, known))
}

// taken are the categories that the card takes from another.
func (d *draft) taken(others map[string]*Card) []Category {
	use := d.form.Use
	if use == nil || d.unresolved {
		return nil
	}
	other := others[use.Card]
	if other == nil || use.Card == d.form.ID {
		d.noCard(slices.Collect(maps.Keys(others)))
		return nil
	}
	var ids []string
	for _, cat := range other.Categories {
		ids = append(ids, cat.ID)
	}
	var all []Category
	for i, id := range use.Categories {
		n := slices.Index(ids, id)
		switch path := yamlfile.Index("use.categories", i); {
		case n < 0:
			d.fault(path, "card "+other.ID+" has no category "+quote(id), yamlfile.DidYouMean(id, ids))
			d.unresolved = true
		case slices.Contains(use.Categories[:i], id):
			d.fault(path, "category "+quote(id)+" is taken twice", "keep one of the two")
		default:
			all = append(all, other.Categories[n])
		}
	}
	return all
}
