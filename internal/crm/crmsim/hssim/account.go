package hssim

import (
	"fmt"
	"time"
)

type accountJSON struct {
	PortalID             int64    `json:"portalId"`
	AccountType          string   `json:"accountType"`
	TimeZone             string   `json:"timeZone"`
	CompanyCurrency      string   `json:"companyCurrency"`
	AdditionalCurrencies []string `json:"additionalCurrencies"`
	UTCOffset            string   `json:"utcOffset"`
	UTCOffsetMillis      int64    `json:"utcOffsetMilliseconds"`
	UIDomain             string   `json:"uiDomain"`
	DataHostingLocation  string   `json:"dataHostingLocation"`
}

func (s *Server) accountDetails(c *call) (any, *apiError) {
	_, offset := c.now.In(s.zone).Zone()
	sign := "+"
	if offset < 0 {
		sign = "-"
	}
	abs := max(offset, -offset)
	return accountJSON{
		PortalID: s.portal, AccountType: "STANDARD", TimeZone: s.zone.String(), CompanyCurrency: s.currency, AdditionalCurrencies: []string{},
		UTCOffset: fmt.Sprintf("%s%02d:%02d", sign, abs/3600, abs/60%60), UTCOffsetMillis: int64(offset) * 1000,
		UIDomain: "app.hubspot.com", DataHostingLocation: "na1",
	}, nil
}

type usageJSON struct {
	Name         string `json:"name"`
	UsageLimit   int    `json:"usageLimit"`
	CurrentUsage int    `json:"currentUsage"`
	CollectedAt  string `json:"collectedAt"`
	FetchStatus  string `json:"fetchStatus"`
	ResetsAt     string `json:"resetsAt"`
}

func (s *Server) accountUsage(c *call) (any, *apiError) {
	s.limits.mu.Lock()
	used := s.limits.used
	s.limits.mu.Unlock()
	here := c.now.In(s.zone)
	midnight := time.Date(here.Year(), here.Month(), here.Day()+1, 0, 0, 0, 0, s.zone)
	return map[string]any{"results": []usageJSON{{
		"private-apps-api-calls-daily", s.o.DailyLimit, used, isoTime(c.ms()), "SUCCESS", isoTime(midnight.UnixMilli()),
	}}}, nil
}
