package config

import (
	"fmt"
	"time"
)

// Day is a date; midnight where it is looked at from.
type Day struct{ y, m, d int }

type notDay string

func (n notDay) Error() string { return fmt.Sprintf("%q is not a date", string(n)) }
func (notDay) Fix() string     { return "write it like 2026-12-01" }

// UnmarshalText reads 2006-01-02.
func (d *Day) UnmarshalText(b []byte) error {
	t, err := time.Parse(time.DateOnly, string(b))
	if err != nil {
		return notDay(b)
	}
	d.y, d.m, d.d = t.Year(), int(t.Month()), t.Day()
	return nil
}

// MarshalText writes 2006-01-02.
func (d Day) MarshalText() ([]byte, error) { return []byte(d.In(time.UTC).Format(time.DateOnly)), nil }

// In is midnight of the day in a time zone.
func (d Day) In(zone *time.Location) time.Time {
	return time.Date(d.y, time.Month(d.m), d.d, 0, 0, 0, 0, zone)
}
