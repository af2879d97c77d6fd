package bench

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// term is one summand of the least number of calls: rows over what one call
// takes.
type term struct {
	name string
	rows int
	per  int
}

func (t term) calls() int { return (t.rows + t.per - 1) / t.per }

// least sums terms and tells how.
func least(terms []term) (int, string) {
	n := 0
	var parts []string
	for _, t := range terms {
		if t.rows > 0 {
			n += t.calls()
			parts = append(parts, fmt.Sprintf("%s %d/%d", t.name, t.rows, t.per))
		}
	}
	return n, strings.Join(parts, " + ")
}

// Vendor limits as of 2026-11-20: rows of a query page, records of a
// collections call; results of a search, records of a batch, and of one that
// asks for history, deals of an associations batch.
const (
	queryPage    = 2000
	collection   = 200
	searchPage   = 200
	batchSize    = 100
	historyBatch = 50
	linkBatch    = 1000
	inFlight     = 10
	windowCalls  = 190 // HubSpot: calls in ten seconds
	searchRate   = 5   // HubSpot: searches a second
)

var hubspotKinds = []string{"contacts", "companies", "notes", "calls", "emails", "meetings", "tasks"}

// minimum is the least number of calls for what was read and written: rows as
// the simulator counted them.
func minimum(crm string, deals int, c Counters) (int, string) {
	var terms []term
	if crm == "hubspot" {
		terms = append(terms, term{"search", deals, searchPage}, term{"deals", deals, batchSize})
		for _, kind := range hubspotKinds {
			if _, asked := c.Requests["associations_batch_read deals/"+kind]; asked {
				terms = append(terms, term{"associations " + kind, deals, linkBatch})
			}
			if kind != "companies" {
				terms = append(terms, term{kind, c.Rows[kind], batchSize})
			}
		}
		// What search names and a batch read returns is read anew where its
		// history is mapped and matters.
		again := term{"history", max(c.Rows["deals"]-2*deals, 0), historyBatch}
		return least(append(terms, again, term{"writes", c.Written["deals"], batchSize}))
	}
	terms = append(terms, term{"ids", deals, queryPage}, term{"deals", deals, queryPage})
	var children []string
	for object := range c.Rows {
		if !slices.Contains([]string{"Opportunity", "Organization", "OpportunityStage", "User"}, object) {
			children = append(children, object)
		}
	}
	slices.Sort(children)
	for _, object := range children {
		terms = append(terms, term{object, c.Rows[object], queryPage})
	}
	return least(append(terms, term{"writes", c.Written["Opportunity"], collection}))
}

// fixed counts calls that do not grow with the deals.
func fixed(crm string, c Counters) int {
	growing := []string{"search deals", "batch_read", "associations_batch_read", "batch_update"}
	if crm == "salesforce" {
		growing = []string{"queryMore", "queryAll", "composite", "collections update"}
	}
	n := 0
	for kind, k := range c.Requests {
		if !slices.ContainsFunc(growing, func(p string) bool { return strings.HasPrefix(kind, p) }) {
			n += k
		}
	}
	return n
}

// floor is the least wall time for so many calls: latency over requests in
// flight, the chain of pages that each need the one before, and the vendor's
// rate windows, whichever is longest.
func floor(c Case, calls int) time.Duration {
	least := time.Duration(calls) * c.Latency / inFlight
	pages := (c.Deals + queryPage - 1) / queryPage
	if c.CRM == "hubspot" {
		pages = (c.Deals + searchPage - 1) / searchPage
	}
	least = max(least, time.Duration(pages)*c.Latency)
	if c.Limits && c.CRM == "hubspot" {
		searches := time.Duration(pages-1) * time.Second / searchRate
		windows := time.Duration((calls-pages-1)/windowCalls) * 10 * time.Second
		least = max(least, searches, windows)
	}
	return least
}
