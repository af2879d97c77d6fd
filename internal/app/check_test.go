package app

import (
	"testing"
	"time"

	"github.com/handoffscore/syncd/config"
	"github.com/handoffscore/syncd/internal/crm"
)

// What the CRM says of its clock, zone and currency is compared with ours.
func TestClockZoneAndCurrencyAreCompared(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	a := &App{zone: zone, cfg: &config.Config{Company: config.Company{TimeZone: "Europe/Berlin", Currency: "EUR", Rates: map[string]float64{"USD": 0.9}}}}
	now := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	for theirs, want := range map[string]crm.Grade{"": crm.Fine, "Europe/Berlin": crm.Fine, "Europe/Paris": crm.Fine, "America/New_York": crm.Doubt, "Mars/Base": crm.Doubt} {
		if f := a.inZone(crm.Description{TimeZone: theirs, Now: now}); f.Grade != want || (f.Fix == "") != (want == crm.Fine) {
			t.Errorf("zone %q: %+v", theirs, f)
		}
	}
	for theirs, want := range map[string]crm.Grade{"": "", "EUR": crm.Fine, "USD": crm.Fine, "GBP": crm.Doubt} {
		list := a.inCurrency(crm.Description{Currency: theirs})
		if want == "" && len(list) == 0 {
			continue
		}
		if len(list) != 1 || list[0].Grade != want || (list[0].Fix == "") != (want == crm.Fine) {
			t.Errorf("currency %q: %+v", theirs, list)
		}
	}
	for off, want := range map[time.Duration]crm.Grade{0: crm.Fine, 20 * time.Second: crm.Fine, -10 * time.Minute: crm.Doubt, 10 * time.Minute: crm.Doubt} {
		if f := clock(now, now.Add(off), time.Second); f.Grade != want {
			t.Errorf("%v off: %+v", off, f)
		}
	}
}
