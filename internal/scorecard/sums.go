package scorecard

// Score looks up the score of an item; false means the item is open.
type Score func(id string) (points int, ok bool)

// Sums are the points of a card by category.
type Sums struct {
	Categories []CategorySum // in card order
	Total      int           // 0 while any item is open
	OutOf      int
	Open       int // items without a score
}

// CategorySum is the points of one category, 0 while any of its items is open.
type CategorySum struct {
	ID     string
	Points int
	Max    int
	Open   int // items without a score
}

// Sums adds up scores. An item that is open, or whose score is not one it can
// have, is never summed as 0: its category and the card have no sum then,
// which Open tells.
func (c *Card) Sums(score Score) Sums {
	sums := Sums{OutOf: c.OutOf, Categories: make([]CategorySum, 0, len(c.Categories))}
	for i := range c.Categories {
		cat := &c.Categories[i]
		sum := CategorySum{ID: cat.ID, Max: cat.Max}
		for k := range cat.Items {
			if points, ok := cat.Items[k].score(score); ok {
				sum.Points += points
			} else {
				sum.Open++
			}
		}
		if sum.Open > 0 {
			sum.Points = 0
		}
		sums.Total += sum.Points
		sums.Open += sum.Open
		sums.Categories = append(sums.Categories, sum)
	}
	if sums.Open > 0 {
		sums.Total = 0
	}
	return sums
}

// score is the item's score, if it has one that the item can have.
func (it *Item) score(score Score) (int, bool) {
	points, ok := score(it.ID)
	return points, ok && points >= 0 && points <= it.Max
}

// Band is the band that a final total lies in, nil if the card cannot have
// such a total.
func (c *Card) Band(total int) *Band {
	for i := range c.Bands {
		if b := &c.Bands[i]; b.Min <= total && total <= b.Max {
			return b
		}
	}
	return nil
}

// LowestBand is the card's worst band.
func (c *Card) LowestBand() *Band {
	return &c.Bands[len(c.Bands)-1]
}
