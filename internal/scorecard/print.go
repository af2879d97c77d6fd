package scorecard

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Print writes the card as a rubric for people, in plain Markdown.
func Print(w io.Writer, c *Card) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s, version %s, %d points. %s\n", c.Title, c.ID, c.Version, c.OutOf, c.terms())
	for _, cat := range c.Categories {
		fmt.Fprintf(&b, "\n## %s %s (%d points)\n", cat.ID, cat.Title, cat.Max)
		for i := range cat.Items {
			cat.Items[i].print(&b)
		}
	}
	b.WriteString("\n## Bands\n\n")
	for i := range c.Bands {
		c.Bands[i].print(&b)
	}
	if len(c.Groups) > 0 {
		b.WriteString("\n## Diagnosis\n\nThe group with the lowest share of its points gives the verdict; of equals, the first.\n\n")
		for _, g := range c.Groups {
			fmt.Fprintf(&b, "- **%s** (items %s): %s\n", g.Verdict, strings.Join(g.Items, ", "), g.Advice)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// terms says in a few sentences whom the card is for and who scores it.
func (c *Card) terms() string {
	var s []string
	if c.Scorer == "csm" {
		s = append(s, "Scored by the CSM.")
	} else {
		s = append(s, "Scored by the partner manager.")
	}
	if c.Start == StartKickoff {
		s = append(s, "The clock starts at kickoff.")
	} else {
		s = append(s, "The clock starts when the handoff is sent.")
	}
	if c.BelowThreshold {
		s = append(s, "For deals under the onboarding threshold.")
	}
	if c.PartnerOnly {
		s = append(s, "For deals with a partner.")
	}
	return strings.Join(s, " ")
}

func (it *Item) print(b *strings.Builder) {
	fmt.Fprintf(b, "\n### %s %s", it.ID, it.Title)
	if it.Auto {
		b.WriteString(" (auto)")
	}
	b.WriteString("\n\n")
	for n := it.Max; n >= 0; n-- {
		fmt.Fprintf(b, "- %d: %s\n", n, it.Guidance[n])
	}
	fmt.Fprintf(b, "- Ask: %s\n- Check: %s\n", it.Question, it.Check.line())
}

// line is the check in one line: "text (text: evidence.1.2), hint number_or_date".
func (c *Check) line() string {
	var with []string
	for _, m := range []map[string]string{c.Sources, c.Params} {
		for _, key := range slices.Sorted(maps.Keys(m)) {
			with = append(with, key+": "+strings.ReplaceAll(m[key], ",", ", "))
		}
	}
	line := c.Name
	if len(with) > 0 {
		line += " (" + strings.Join(with, "; ") + ")"
	}
	for _, hint := range c.Hints {
		line += ", hint " + hint
	}
	return line
}

func (band *Band) print(b *strings.Builder) {
	fmt.Fprintf(b, "- **%d-%d %s** (%s): %s\n", band.Min, band.Max, band.Name, band.Health, band.Action)
	if band.ActionLate != band.Action {
		fmt.Fprintf(b, "  - After kickoff: %s\n", band.ActionLate)
	}
	var does []string
	if band.Hold {
		does = append(does, "holds the deal")
	}
	if band.Escalation != "None" {
		does = append(does, "goes to the "+band.Escalation)
	}
	if len(band.Tasks) > 0 {
		does = append(does, "tasks: "+strings.Join(band.Tasks, ", "))
	}
	if band.Weakest > 0 {
		does = append(does, fmt.Sprintf("names the %d weakest items of the last handoffs", band.Weakest))
	}
	if len(band.Restart) > 0 {
		does = append(does, "starts again from items "+strings.Join(band.Restart, ", "))
	}
	if len(does) > 0 {
		fmt.Fprintf(b, "  - On the record: %s\n", strings.Join(does, "; "))
	}
}
