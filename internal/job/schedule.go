package job

import (
	"time"

	"github.com/robfig/cron/v3"
)

// Schedule reads a cron line of five fields or a descriptor such as
// "@every 15m". Like the moments of a cron line, those of "@every" are fixed:
// the multiples of its duration, in UTC. Counted from the end of the last run,
// as cron itself counts, a run that takes a while would never be due at the
// moment after it, and every second moment would be left out.
func Schedule(line string) (cron.Schedule, error) {
	schedule, err := cron.ParseStandard(line)
	if every, ok := schedule.(cron.ConstantDelaySchedule); ok {
		return multiples(every.Delay), err
	}
	return schedule, err
}

// multiples are the moments that a duration divides.
type multiples time.Duration

// Next is the first of them after t.
func (m multiples) Next(t time.Time) time.Time {
	return t.UTC().Truncate(time.Duration(m)).Add(time.Duration(m))
}
