package config

import (
	"fmt"
	"maps"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
	"github.com/robfig/cron/v3"

	"github.com/handoffscore/syncd/internal/handoff"
	"github.com/handoffscore/syncd/internal/scorecard"
	"github.com/handoffscore/syncd/internal/yamlfile"
)

const (
	defaultLag     = 5 * time.Minute
	defaultOverlap = 15 * time.Minute
)

var (
	currencyCode = regexp.MustCompile(`^[A-Z]{3}$`)
	sfVersion    = regexp.MustCompile(`^(\d{2,3})\.0$`)
	hsVersions   = []string{"2026-03", "2026-09", "v3"}
)

// checker collects faults of meaning.
type checker struct {
	doc    *yamlfile.Doc
	faults yamlfile.Faults
}

func (v *checker) fault(path, message, fix string) {
	v.faults = append(v.faults, v.doc.Fault(path, message, fix))
}

func (v *checker) oneOf(path, value string, known []string) {
	if value != "" && !slices.Contains(known, value) {
		fix := yamlfile.DidYouMean(value, known)
		if fix == "" {
			fix = "use one of " + strings.Join(known, ", ")
		}
		v.fault(path, fmt.Sprintf("%q is not known here", value), fix)
	}
}

// connectionName has no length: repeated 63 times, all the world's letters take
// more than a megabyte.
var connectionName = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N}._-]*$`)

const connectionNameMax = 64 // in characters

func (c *Config) validate(doc *yamlfile.Doc) yamlfile.Faults {
	v := &checker{doc: doc}
	c.Company.validate(v)
	c.validateDatabase(v)
	c.HTTP.validate(v)
	c.validateTexts(v)
	if c.Limits.MaxEscalationsPerRun < 0 {
		v.fault("limits.max_escalations_per_run", "is below 0", "write 1 or more, or 0 for no limit")
	}
	if c.Limits.MaxBandChanges < 0 || c.Limits.MaxBandChanges > 1 {
		v.fault("limits.max_band_changes", "is not a share", "write it between 0 and 1, such as 0.2; 0 means no limit")
	}
	cards, err := c.Cards()
	if err != nil {
		v.fault("scorecards_dir", strings.TrimPrefix(err.Error(), "scorecards_dir: "), "")
	}
	if len(c.Connections) == 0 && doc.Has("connections") {
		v.fault("connections", "lists no connection", "add one: `syncd init` shows how")
	}
	names := map[string]int{}
	for i := range c.Connections {
		con := &c.Connections[i]
		path := yamlfile.Index("connections", i)
		if first, again := names[con.Name]; again && con.Name != "" {
			v.fault(path+".name", fmt.Sprintf("connections %d and %d are both called %q", first+1, i+1, con.Name), "give each a name of its own")
		}
		names[con.Name] = i
		if con.Name != "" && (!connectionName.MatchString(con.Name) || utf8.RuneCountInString(con.Name) > connectionNameMax) {
			v.fault(path+".name", fmt.Sprintf("%q is no name for logs, metrics and folders", con.Name), "use up to 64 letters, digits, dots, dashes and underscores, a letter or digit first")
		}
		con.validate(v, path, cards, c.Company)
	}
	return v.faults
}

// validate refuses profiles on an address that others can reach: they show the
// program's insides.
func (h HTTP) validate(v *checker) {
	if h.Listen != "" && h.Listen != "off" {
		if _, ok := hostOf(h.Listen); !ok {
			v.fault("http.listen", fmt.Sprintf("%q is no address", h.Listen), `write it like 127.0.0.1:8080, or "off"`)
		}
	}
	if h.Admin == "" || h.Admin == "off" {
		return
	}
	switch host, ok := hostOf(h.Admin); {
	case !ok:
		v.fault("http.admin", fmt.Sprintf("%q is no address", h.Admin), `write it like 127.0.0.1:6060, or "off"`)
	case !loopback(host):
		v.fault("http.admin", "can be reached from outside this machine", "use a loopback address such as 127.0.0.1:6060")
	case h.Admin == h.Listen && !strings.HasSuffix(h.Admin, ":0"):
		v.fault("http.admin", "is the address of http.listen", "give each an address of its own")
	}
}

// hostOf is the host of an address to listen on, whose port is a number.
func hostOf(addr string) (string, bool) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", false
	}
	_, err = strconv.ParseUint(port, 10, 16)
	return host, err == nil
}

func (c *Company) validate(v *checker) {
	if _, err := time.LoadLocation(c.TimeZone); c.TimeZone != "" && (err != nil || c.TimeZone == "Local") {
		v.fault("company.time_zone", fmt.Sprintf("%q is no time zone", c.TimeZone), "use an IANA name such as Europe/Berlin")
	}
	if c.Currency != "" && !currencyCode.MatchString(c.Currency) {
		v.fault("company.currency", fmt.Sprintf("%q is no currency code", c.Currency), "use three capital letters, such as EUR")
	}
	for code, rate := range c.Rates {
		path := yamlfile.Join("company.rates", code)
		if !currencyCode.MatchString(code) {
			v.fault(path, fmt.Sprintf("%q is no currency code", code), "use three capital letters, such as USD")
		}
		if rate <= 0 {
			v.fault(path, "a rate is above 0", "write how much one unit is worth in company currency")
		}
	}
	if c.PhoneRegion != "" && !phonenumbers.GetSupportedRegions()[c.PhoneRegion] {
		v.fault("company.phone_region", fmt.Sprintf("%q is no country with phone numbers", c.PhoneRegion), "use two capital letters, such as DE")
	}
	if _, err := handoff.ParseHours(c.WorkingHours); err != nil {
		v.fault("company.working_hours", err.Error(), `write it like "Mon-Fri 09:00-17:00"`)
	}
	for i, d := range c.Domains {
		if strings.Contains(d, "@") || !strings.Contains(d, ".") {
			v.fault(yamlfile.Index("company.domains", i), fmt.Sprintf("%q is no mail domain", d), "write what follows the @, such as acme.example")
		}
	}
}

func (c *Connection) validate(v *checker, path string, cards map[string]*scorecard.Card, company Company) {
	v.oneOf(path+".crm", c.CRM, []string{"salesforce", "hubspot"})
	v.oneOf(path+".mode", c.Mode, []string{"observe", "write"})
	for key, line := range map[string]string{"schedule": c.Schedule, "sweep": c.Sweep} {
		if _, err := cron.ParseStandard(line); err != nil {
			v.fault(path+"."+key, fmt.Sprintf("%q is no schedule", line), `write a cron line of five fields such as "*/15 * * * *", or "@every 15m"`)
		}
	}
	for i, id := range c.Scorecards {
		if cards != nil {
			v.oneOf(yamlfile.Index(path+".scorecards", i), id, slices.Sorted(maps.Keys(cards)))
		}
	}
	c.validateCards(v, path, cards)
	c.validateScope(v, path, company)
	c.validateFields(v, path, cards)
	if c.Budget.DailyShare < 0 || c.Budget.DailyShare > 1 {
		v.fault(path+".budget.daily_share", "is not a share", "write it between 0 and 1, such as 0.2")
	}
	switch n := c.Budget.SearchesPerSecond; {
	case n < 0:
		v.fault(path+".budget.searches_per_second", "is below 0", "leave it out for 4 of the account's 5 a second")
	case n > 0 && c.CRM != "hubspot":
		v.fault(path+".budget.searches_per_second", "is for HubSpot only", "remove it")
	}
	if c.CorrectionWindow != nil && *c.CorrectionWindow < 0 {
		v.fault(path+".correction_window", "is below 0", "write 0s for none, or leave it out for 24h")
	}
	if c.Lag < 0 || c.Overlap < 0 {
		v.fault(path, "lag and overlap are not negative", "")
	}
	if c.Lag > mostLag || c.Overlap > mostLag {
		v.fault(path, "lag and overlap are at most a day", "leave them out for 5m and 15m")
	}
	if c.InFlight < 0 || c.InFlight > mostInFlight {
		v.fault(path+".in_flight", "is not between 1 and 25", "leave it out for 10: Salesforce refuses more than 25 long requests at a time")
	}
	if c.Chatter && c.Tasks != nil && !*c.Tasks {
		v.fault(path+".chatter", "posts what tasks ask, and tasks is false", "remove one of the two")
	}
	for i, id := range c.Scorecards {
		if c.AttemptObject && len(id) > mostCardID {
			v.fault(yamlfile.Index(path+".scorecards", i), fmt.Sprintf("has %d characters: with attempt_object a scorecard's id has at most %d", len(id), mostCardID), "give the card a shorter id")
		}
	}
	switch c.CRM {
	case "salesforce":
		c.validateSalesforce(v, path)
	case "hubspot":
		c.validateHubSpot(v, path)
	}
}

// Bounds of what is only tuned.
const (
	mostLag      = 24 * time.Hour
	mostInFlight = 25
	mostCardID   = 50 // in the key of a record of an attempt, which has 80 characters
)

func (c *Connection) validateScope(v *checker, path string, company Company) {
	if t := c.Scope.Threshold; t != nil {
		switch {
		case *t <= 0:
			v.fault(path+".scope.threshold", "is not above 0", "leave it out to score every deal by the full card")
		case company.Currency == "":
			v.fault(path+".scope.threshold", "is in no currency", "set company.currency")
		case !slices.Contains(c.Scorecards, "sales-to-cs-simplified"):
			v.fault(path+".scope.threshold", "has no simplified card to choose", "add sales-to-cs-simplified to scorecards")
		}
	}
	if len(c.Scope.Types) > 0 && len(c.Scope.ExcludeTypes) > 0 {
		v.fault(path+".scope.types", "stands beside exclude_types", "keep one: a list of what is in, or of what is out")
	}
}

// version faults and addresses of Salesforce.
func (c *Connection) validateSalesforce(v *checker, path string) {
	if m := sfVersion.FindStringSubmatch(c.APIVersion); m == nil || m[1] < "31" {
		v.fault(path+".api_version", fmt.Sprintf("%q is no Salesforce API version", c.APIVersion), `write it like "60.0"; 31.0 is the oldest`)
	}
	v.oneOf(path+".auth.flow", c.Auth.Flow, []string{"client_credentials", "jwt", "refresh_token", "password"})
	a := path + ".auth"
	v.required(a+".flow", c.Auth.Flow != "")
	v.address(a+".login_url", c.Auth.LoginURL)
	needs := map[string]bool{}
	switch c.Auth.Flow {
	case "client_credentials":
		needs = map[string]bool{"client_id": c.Auth.ClientID.Set(), "client_secret": c.Auth.ClientSecret.Set()}
	case "jwt":
		needs = map[string]bool{"client_id": c.Auth.ClientID.Set(), "username": c.Auth.Username != "", "private_key": c.Auth.PrivateKey.Set()}
	case "refresh_token":
		needs = map[string]bool{"client_id": c.Auth.ClientID.Set(), "refresh_token": c.Auth.RefreshToken.Set()}
	case "password":
		needs = map[string]bool{"username": c.Auth.Username != "", "password": c.Auth.Password.Set()}
	}
	for key, given := range needs {
		v.required(a+"."+key, given)
	}
}

func (c *Connection) validateHubSpot(v *checker, path string) {
	v.oneOf(path+".api_version", c.APIVersion, hsVersions)
	if c.Composite {
		v.fault(path+".composite_writes", "is not for HubSpot, which takes 100 records a call", "remove it")
	}
	if c.AttemptObject {
		v.fault(path+".attempt_object", "is not for HubSpot, which keeps the history of every property by itself", "remove it")
	}
	if c.Chatter {
		v.fault(path+".chatter", "is not for HubSpot, whose deals have no feed to post in", "remove it")
	}
	v.address(path+".base_url", c.BaseURL)
	v.oneOf(path+".auth.flow", c.Auth.Flow, []string{"token", "oauth"})
	if c.Auth.Flow == "oauth" {
		v.required(path+".auth.client_id", c.Auth.ClientID.Set())
		v.required(path+".auth.client_secret", c.Auth.ClientSecret.Set())
		v.required(path+".auth.refresh_token", c.Auth.RefreshToken.Set())
		return
	}
	v.required(path+".auth.token", c.Auth.Token.Set())
}

func (v *checker) required(path string, given bool) {
	if !given && !v.doc.Has(path) {
		v.fault(path, "is missing", "add it; a secret is written as ${env:NAME} or ${file:PATH}")
	}
}

// address accepts https, and http on this machine.
func (v *checker) address(path, text string) {
	if text == "" {
		v.fault(path, "is missing", "write the address, such as https://acme.my.salesforce.com")
		return
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http"):
		v.fault(path, fmt.Sprintf("%q is no address", text), "write it like https://acme.my.salesforce.com")
	case u.User != nil:
		v.fault(path, "holds a user or password", "leave only the address; credentials have keys of their own")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		v.fault(path, "is not encrypted", "use https; plain http is for this machine only")
	}
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// validateTexts refuses what AEs are not to read in a task.
func (c *Config) validateTexts(v *checker) {
	var cards []*scorecard.Card
	if byID, err := c.Cards(); err == nil { // else it is told with the scorecards
		for _, id := range slices.Sorted(maps.Keys(byID)) {
			cards = append(cards, byID[id])
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(c.Texts)) {
		at := yamlfile.Join("texts", kind)
		if !slices.Contains(handoff.Kinds(), kind) {
			v.fault(at, fmt.Sprintf("unknown kind of task %q", kind), yamlfile.DidYouMean(kind, handoff.Kinds()))
			continue
		}
		if fault := c.Texts[kind].Lint(cards); fault != "" {
			v.fault(at, fault, "whoever may read the deal may read its tasks: leave scores and bands out")
		}
	}
}
