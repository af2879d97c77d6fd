// Package config reads syncd's one YAML file. Decoding is strict and reports
// every fault at once, each with line, column, excerpt, key path and the fix;
// so does Validate. Secrets stand in the file only as ${env:NAME} or
// ${file:PATH} and print as [redacted]. The shipped scorecards, examples and
// JSON Schema are embedded here.
package config

import (
	"time"

	"github.com/handoffscore/syncd/internal/handoff"
	"github.com/handoffscore/syncd/internal/yamlfile"
)

// Config is the whole file.
type Config struct {
	Company      Company      `yaml:"company" json:"company"`
	Database     string       `yaml:"database" json:"database,omitempty" jsonschema:"description=SQLite file or postgres:// address,default=syncd.db"`
	HTTP         HTTP         `yaml:"http" json:"http,omitempty"`
	Connections  []Connection `yaml:"connections" json:"connections" required:"true" jsonschema:"minItems=1"`
	Limits       Limits       `yaml:"limits" json:"limits,omitempty"`
	Placeholders Placeholders `yaml:"placeholders" json:"placeholders,omitempty"`
	// Texts are what is written into tasks, by kind; a kind that is left out has
	// the shipped words.
	Texts         handoff.Texts `yaml:"texts" json:"texts,omitempty" jsonschema:"description=Subject and body of tasks by kind, as Go templates without digits and band names"`
	ScorecardsDir string        `yaml:"scorecards_dir" json:"scorecards_dir,omitempty" jsonschema:"description=Folder whose scorecards are added to or replace the shipped ones"`

	path string
}

// Company is what holds for every connection.
type Company struct {
	TimeZone     string             `yaml:"time_zone" json:"time_zone" required:"true" jsonschema:"description=IANA name such as Europe/Berlin"`
	Currency     string             `yaml:"currency" json:"currency,omitempty" jsonschema:"description=ISO 4217; thresholds are in it"`
	Rates        map[string]float64 `yaml:"rates" json:"rates,omitempty" jsonschema:"description=One unit of each currency in company currency"`
	Domains      []string           `yaml:"domains" json:"domains,omitempty" jsonschema:"description=The seller's own mail domains"`
	PhoneRegion  string             `yaml:"phone_region" json:"phone_region,omitempty" jsonschema:"description=Country of phone numbers without a country code"`
	WorkingHours string             `yaml:"working_hours" json:"working_hours,omitempty" jsonschema:"description=For example Mon-Fri 09:00-17:00"`
}

// HTTP is where the daemon serves its health pages and metrics, and where its
// profiles. "" and "off" serve nothing.
type HTTP struct {
	Listen string `yaml:"listen" json:"listen,omitempty" jsonschema:"description=Health and metrics of the daemon; off serves none,default=127.0.0.1:8080"`
	Admin  string `yaml:"admin" json:"admin,omitempty" jsonschema:"description=Go profiles on a loopback address such as 127.0.0.1:6060,default=off"`
}

// Limits of one run's effect. 0 means no limit, and not that nothing is allowed.
type Limits struct {
	MaxEscalationsPerRun int     `yaml:"max_escalations_per_run" json:"max_escalations_per_run,omitempty" jsonschema:"description=Sales-manager escalations that one run may raise; 0 means no limit,minimum=0,default=25"`
	MaxBandChanges       float64 `yaml:"max_band_changes" json:"max_band_changes,omitempty" jsonschema:"description=Share of the known deals whose band one run may change; 0 means no limit,minimum=0,maximum=1,default=0.2"`
}

// Placeholders edits the shipped list of texts that count as blank.
type Placeholders struct {
	Add   []string `yaml:"add" json:"add,omitempty"`
	Allow []string `yaml:"allow" json:"allow,omitempty"`
}

// Connection is one CRM.
type Connection struct {
	Name           string              `yaml:"name" json:"name" required:"true"`
	CRM            string              `yaml:"crm" json:"crm" required:"true" jsonschema:"enum=salesforce,enum=hubspot"`
	Mode           string              `yaml:"mode" json:"mode,omitempty" jsonschema:"enum=observe,enum=write,default=observe"`
	Schedule       string              `yaml:"schedule" json:"schedule,omitempty" jsonschema:"description=Cron line of five fields or @every,default=*/15 * * * *"`
	Sweep          string              `yaml:"sweep" json:"sweep,omitempty" jsonschema:"description=When everything in scope is read again,default=@daily"`
	APIVersion     string              `yaml:"api_version" json:"api_version,omitempty"`
	BaseURL        string              `yaml:"base_url" json:"base_url,omitempty" jsonschema:"description=HubSpot only"`
	Auth           Auth                `yaml:"auth" json:"auth" required:"true"`
	Scorecards     []string            `yaml:"scorecards" json:"scorecards,omitempty"`
	Scope          Scope               `yaml:"scope" json:"scope" required:"true"`
	Fields         yamlfile.Flat       `yaml:"fields" json:"fields,omitempty" jsonschema:"description=Logical name to the API name of your own field"`
	FieldPrefix    map[string]string   `yaml:"field_prefix" json:"field_prefix,omitempty"`
	Roles          map[string][]string `yaml:"roles" json:"roles,omitempty"`
	RequiredFields []string            `yaml:"required_fields" json:"required_fields,omitempty"`
	Managers       Managers            `yaml:"managers" json:"managers,omitempty"`
	Budget         Budget              `yaml:"budget" json:"budget,omitempty"`
	EarlyWarning   bool                `yaml:"early_warning" json:"early_warning,omitempty"`
	// Tasks: nil means true.
	Tasks *bool `yaml:"tasks" json:"tasks,omitempty" jsonschema:"description=Whether people are asked by tasks in the CRM; the record shows what a band asks in any case,default=true"`
	// AttemptObject has a record kept of every attempt that is final.
	AttemptObject bool `yaml:"attempt_object" json:"attempt_object,omitempty" jsonschema:"description=Salesforce only: a record of every attempt that is final is kept in the custom object Handoff_Attempt__c which syncd fields apply makes,default=false"`
	Chatter       bool `yaml:"chatter" json:"chatter,omitempty" jsonschema:"description=Salesforce only: an escalation is also posted on the opportunity and mentions the Sales manager,default=false"`
	// CorrectionWindow: nil means 24 hours.
	CorrectionWindow *time.Duration `yaml:"correction_window" json:"correction_window,omitempty" jsonschema:"type=string,description=How long after final a CSM may correct a value,default=24h"`
	Lag              time.Duration  `yaml:"lag" json:"lag,omitempty" jsonschema:"type=string,description=How far behind the CRM's clock the watermark stays,default=5m"`
	Overlap          time.Duration  `yaml:"overlap" json:"overlap,omitempty" jsonschema:"type=string,description=How far before the watermark a window begins,default=15m"`
	Composite        bool           `yaml:"composite_writes" json:"composite_writes,omitempty" jsonschema:"description=Salesforce only: one call writes 1000 deals as five subrequests of 200; falls back to 200 where the org refuses,default=false"`
	Waiver           *Waiver        `yaml:"visibility_waiver" json:"visibility_waiver,omitempty"`
	InFlight         int            `yaml:"in_flight" json:"in_flight,omitempty" jsonschema:"description=Requests at a time,default=10"`
}

// Waiver is a person's word that sellers may read numbers until a day: syncd
// then writes them although it has seen that sellers can.
type Waiver struct {
	By    string `yaml:"by" json:"by" required:"true" jsonschema:"description=Who answers for it"`
	Until Day    `yaml:"until" json:"until" required:"true" jsonschema:"type=string,format=date,description=The first day on which it no longer holds"`
}

// Auth is how to sign in. Salesforce takes a flow; HubSpot a token, or flow oauth.
type Auth struct {
	Flow          string `yaml:"flow" json:"flow,omitempty" jsonschema:"enum=client_credentials,enum=jwt,enum=refresh_token,enum=password,enum=token,enum=oauth"`
	LoginURL      string `yaml:"login_url" json:"login_url,omitempty"`
	ClientID      Secret `yaml:"client_id" json:"client_id,omitempty" jsonschema:"type=string"`
	ClientSecret  Secret `yaml:"client_secret" json:"client_secret,omitempty" jsonschema:"type=string"`
	Username      string `yaml:"username" json:"username,omitempty"`
	Password      Secret `yaml:"password" json:"password,omitempty" jsonschema:"type=string"`
	SecurityToken Secret `yaml:"security_token" json:"security_token,omitempty" jsonschema:"type=string"`
	PrivateKey    Secret `yaml:"private_key" json:"private_key,omitempty" jsonschema:"type=string"`
	Audience      string `yaml:"audience" json:"audience,omitempty"`
	RefreshToken  Secret `yaml:"refresh_token" json:"refresh_token,omitempty" jsonschema:"type=string"`
	Token         Secret `yaml:"token" json:"token,omitempty" jsonschema:"type=string"`
}

// Scope says which won deals are scored.
type Scope struct {
	GoLive       Day      `yaml:"go_live" json:"go_live" required:"true" jsonschema:"type=string,format=date"`
	Threshold    *float64 `yaml:"threshold" json:"threshold,omitempty" jsonschema:"description=Deals below it take the simplified card; in company currency"`
	Pipelines    []string `yaml:"pipelines" json:"pipelines,omitempty"`
	RecordTypes  []string `yaml:"record_types" json:"record_types,omitempty"`
	Types        []string `yaml:"types" json:"types,omitempty"`
	ExcludeTypes []string `yaml:"exclude_types" json:"exclude_types,omitempty"`
	FreeTypes    []string `yaml:"free_types" json:"free_types,omitempty"`
}

// Managers says who stands in where the CRM knows no manager.
type Managers struct {
	Default []string          `yaml:"default" json:"default,omitempty"`
	Owners  map[string]string `yaml:"owners" json:"owners,omitempty"`
	Teams   map[string]string `yaml:"teams" json:"teams,omitempty"`
}

// Budget is what syncd may take of the calls that a CRM allows.
type Budget struct {
	DailyShare float64 `yaml:"daily_share" json:"daily_share,omitempty" jsonschema:"default=0.2"`
	// Searches are counted by an account as a whole, and no answer tells how
	// many are left.
	SearchesPerSecond int `yaml:"searches_per_second" json:"searches_per_second,omitempty" jsonschema:"description=HubSpot only: of the account's 5,default=4"`
}
