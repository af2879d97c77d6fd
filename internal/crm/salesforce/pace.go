package salesforce

import "sync"

// fullPage is the most rows of a page (read 2026-11-20); rows with long texts
// come in shorter ones.
const fullPage = 2000

// pace remembers how the org answers about each object, so that a question is
// sized to come back on one page: a page after the first costs a call of its
// own, a second question within a composite request none.
type pace struct {
	mu sync.Mutex // guards by
	by map[string]stride
}

type stride struct {
	page  int     // rows of a page that was not the last
	perID float64 // rows that hang on an id
}

// ids is how many ids to ask an object's rows of at once, at most limit.
func (p *pace) ids(object string, limit int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.by[object]
	if s.perID == 0 {
		return limit
	}
	return min(limit, max(int(float64(s.page)/s.perID), 50))
}

// noted takes in an answer: of how many ids, the rows of its first page and of
// all, and whether there was only the one.
func (p *pace) noted(object string, ids, first, all int, only bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.by == nil {
		p.by = map[string]stride{}
	}
	s, known := p.by[object]
	if !known {
		s.page = fullPage
	}
	if !only {
		s.page = max(first, 1)
	}
	// An id has one row at most where rows are asked for by their own id;
	// else some deals have more, and a tenth is left free for them.
	has := float64(all) / float64(ids)
	if has > 1 {
		has *= 1.1
	}
	s.perID = max(has, s.perID*0.9)
	p.by[object] = s
}
