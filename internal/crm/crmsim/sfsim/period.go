package sfsim

import (
	"strconv"
	"strings"
	"time"
)

// period understands relative dates such as TODAY and LAST_N_DAYS:30, which are
// stretches of time in the zone of the running user.
func (c *compiler) period(cmp *comparison, col *column, op string) (test, *apiError) {
	from, to, ok := stretch(*cmp.Value.Word, c.now.time().In(c.s.zone))
	if !ok {
		_, e := c.value(cmp.Value, col)
		return nil, e
	}
	var low, high any = stampOf(from), stampOf(to)
	if col.f.kind == "date" {
		low, high = from.Format(dateLayout), to.Format(dateLayout)
	}
	before := func(limit any) test {
		return func(r *record) bool { v := col.get(r); return v != nil && compare(v, limit) < 0 }
	}
	since := func(limit any) test {
		return func(r *record) bool { v := col.get(r); return v != nil && compare(v, limit) >= 0 }
	}
	inside := func(r *record) bool { return since(low)(r) && before(high)(r) }
	switch op {
	case "=":
		return inside, nil
	case "!=":
		return func(r *record) bool { return !inside(r) }, nil
	case "<":
		return before(low), nil
	case "<=":
		return before(high), nil
	case ">":
		return since(high), nil
	case ">=":
		return since(low), nil
	}
	return nil, c.fail(cmp.Pos, "INVALID_FIELD", "invalid operator on "+col.f.kind+" field")
}

// stretch is the time from the first day to the day after the last one.
func stretch(word string, now time.Time) (from, to time.Time, ok bool) {
	y, m, d := now.Date()
	dayAt := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, now.Location()) }
	today := dayAt(y, m, d)
	name, count, counted := strings.Cut(strings.ToUpper(word), ":")
	n, err := strconv.Atoi(count)
	if counted && (err != nil || n < 0 || n > 100_000) {
		return from, to, false
	}
	sunday := dayAt(y, m, d-int(today.Weekday()))
	quarter := dayAt(y, m-(m-1)%3, 1)
	if counted {
		switch name {
		case "LAST_N_DAYS":
			return dayAt(y, m, d-n), dayAt(y, m, d+1), true
		case "NEXT_N_DAYS":
			return dayAt(y, m, d+1), dayAt(y, m, d+1+n), true
		case "N_DAYS_AGO":
			return dayAt(y, m, d-n), dayAt(y, m, d-n+1), true
		case "LAST_N_WEEKS":
			return sunday.AddDate(0, 0, -7*n), sunday, true
		case "LAST_N_MONTHS":
			return dayAt(y, m-time.Month(n), 1), dayAt(y, m, 1), true
		case "LAST_N_YEARS":
			return dayAt(y-n, 1, 1), dayAt(y, 1, 1), true
		}
		return from, to, false
	}
	switch name {
	case "TODAY":
		return today, dayAt(y, m, d+1), true
	case "YESTERDAY":
		return dayAt(y, m, d-1), today, true
	case "TOMORROW":
		return dayAt(y, m, d+1), dayAt(y, m, d+2), true
	case "THIS_WEEK":
		return sunday, sunday.AddDate(0, 0, 7), true
	case "LAST_WEEK":
		return sunday.AddDate(0, 0, -7), sunday, true
	case "THIS_MONTH":
		return dayAt(y, m, 1), dayAt(y, m+1, 1), true
	case "LAST_MONTH":
		return dayAt(y, m-1, 1), dayAt(y, m, 1), true
	case "LAST_90_DAYS":
		return dayAt(y, m, d-90), dayAt(y, m, d+1), true
	case "THIS_QUARTER":
		return quarter, quarter.AddDate(0, 3, 0), true
	case "LAST_QUARTER":
		return quarter.AddDate(0, -3, 0), quarter, true
	case "THIS_YEAR":
		return dayAt(y, 1, 1), dayAt(y+1, 1, 1), true
	case "LAST_YEAR":
		return dayAt(y-1, 1, 1), dayAt(y, 1, 1), true
	}
	return from, to, false
}
