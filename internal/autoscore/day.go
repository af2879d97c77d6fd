package autoscore

import (
	"strings"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
)

// day counts days, so that dates of one calendar compare as numbers; 0 is no day.
type day int32

// dayOf is the date an instant falls on in a zone.
func dayOf(t time.Time, zone *time.Location) day {
	y, m, d := t.In(zone).Date()
	return dayAt(y, m, d)
}

func dayAt(y int, m time.Month, d int) day {
	// 1 January of year 1 is day 1.
	return day((time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix()+62135596800)/86400) + 1
}

// day reads a Date, or the day of a DateTime in the company's zone; 0 if the
// cell holds neither.
func (j *Judge) day(cell crm.Cell) day {
	if cell.State != crm.Read {
		return 0
	}
	text := strings.TrimSpace(cell.Text)
	if len(text) == len("2006-01-02") {
		return dayNamed(text)
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return dayOf(t, j.zone)
	}
	return 0
}

// dayNamed reads 2006-01-02; 0 if there is no such day.
func dayNamed(text string) day {
	var part [3]int
	at := 0
	for i := range len(text) {
		c := text[i]
		switch {
		case (i == 4 || i == 7) && c == '-':
			at++
		case i != 4 && i != 7 && '0' <= c && c <= '9':
			part[at] = part[at]*10 + int(c-'0')
		default:
			return 0
		}
	}
	t := time.Date(part[0], time.Month(part[1]), part[2], 0, 0, 0, 0, time.UTC)
	if int(t.Month()) != part[1] { // 30 February is in March
		return 0
	}
	return dayAt(t.Date())
}

// instant reads a DateTime; a Date is the end of its day. Zero if the cell
// holds neither.
func (j *Judge) instant(cell crm.Cell) time.Time {
	if cell.State != crm.Read {
		return time.Time{}
	}
	text := strings.TrimSpace(cell.Text)
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t
	}
	if t, err := time.ParseInLocation("2006-01-02", text, j.zone); err == nil {
		return t.AddDate(0, 0, 1).Add(-time.Millisecond)
	}
	return time.Time{}
}

// closeDay is the day of the close date, else of the win.
func (c *call) closeDay() day {
	if d := c.judge.day(c.deal.CloseDate); d != 0 {
		return d
	}
	if c.deal.WonAt.At.IsZero() {
		return 0
	}
	return dayOf(c.deal.WonAt.At, c.judge.zone)
}
