package salesforce

import "testing"

func TestQuestionsFitAPage(t *testing.T) {
	var p pace
	if n := p.ids("Task", 800); n != 800 {
		t.Errorf("nothing is known: %d", n)
	}
	p.noted("Task", 800, 400, 400, true)
	if n := p.ids("Task", 800); n != 800 {
		t.Errorf("half a row an id: %d", n)
	}
	p.noted("OpportunityContactRole", 800, 2000, 2720, false)
	if n := p.ids("OpportunityContactRole", 800); n != 534 { // 3.4 rows an id, and a tenth free
		t.Errorf("3.4 rows an id: %d", n)
	}
	p.noted("Opportunity", 800, 200, 800, false)
	if n := p.ids("Opportunity", 800); n != 200 {
		t.Errorf("wide rows, 200 a page: %d", n)
	}
	p.noted("Opportunity", 200, 200, 200, true)
	if n := p.ids("Opportunity", 800); n != 200 {
		t.Errorf("what fits tells nothing of what does not: %d", n)
	}
	p.noted("Note", 10, 2000, 5000, false)
	if n := p.ids("Note", 800); n != 50 {
		t.Errorf("very many rows: %d", n)
	}
	for range 60 {
		p.noted("Note", 50, 5, 5, true)
	}
	if n := p.ids("Note", 800); n < 80 {
		t.Errorf("a burst is not remembered for ever: %d", n)
	}
}
