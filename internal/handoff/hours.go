package handoff

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Hours are the company's working hours. The zero value is always.
type Hours struct {
	days     [7]bool // from Sunday
	from, to time.Duration
}

var dayNames = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// ParseHours reads "Mon-Fri 09:00-17:00" or "Mon,Tue,Thu 08:30-16:00"; ""
// means always. The error says what cannot be read.
func ParseHours(text string) (Hours, error) {
	var h Hours
	if strings.TrimSpace(text) == "" {
		return h, nil
	}
	days, times, ok := strings.Cut(strings.TrimSpace(text), " ")
	from, to, two := strings.Cut(strings.TrimSpace(times), "-")
	if !ok || !two {
		return h, fmt.Errorf("%q is not of the form days, space, times", text)
	}
	for part := range strings.SplitSeq(days, ",") {
		first, last, span := strings.Cut(part, "-")
		a := slices.Index(dayNames, fold(first))
		b := a
		if span {
			b = slices.Index(dayNames, fold(last))
		}
		if a < 0 || b < 0 {
			return h, fmt.Errorf("%q names no day; days are Mon, Tue, Wed, Thu, Fri, Sat, Sun", part)
		}
		for d := a; ; d = (d + 1) % 7 {
			h.days[d] = true
			if d == b {
				break
			}
		}
	}
	for _, c := range []struct {
		text string
		at   *time.Duration
	}{{from, &h.from}, {to, &h.to}} {
		t, err := time.Parse("15:04", strings.TrimSpace(c.text))
		if err != nil {
			return h, fmt.Errorf("%q is no time of day such as 09:00", c.text)
		}
		*c.at = time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
	}
	if h.to <= h.from {
		return h, fmt.Errorf("work ends at %s, which is not after %s", to, from)
	}
	return h, nil
}

// Next is the first moment of working time at or after t.
func (h Hours) Next(t time.Time, zone *time.Location) time.Time {
	if h.to == 0 {
		return t
	}
	day := t.In(zone)
	for range 8 {
		y, m, d := day.Date()
		if h.days[day.Weekday()] {
			// By the clock on the wall: a day on which it is changed has its own length.
			from := time.Date(y, m, d, 0, int(h.from/time.Minute), 0, 0, zone)
			to := time.Date(y, m, d, 0, int(h.to/time.Minute), 0, 0, zone)
			switch {
			case t.Before(from):
				return from.UTC()
			case t.Before(to):
				return t
			}
		}
		day = time.Date(y, m, d+1, 12, 0, 0, 0, zone)
	}
	return t
}
