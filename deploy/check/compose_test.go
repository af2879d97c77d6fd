package check_test

import (
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// composeFile is what the compose file uses of the format.
type composeFile struct {
	Name     string
	Services map[string]struct {
		Image, User     string
		Command         []string
		ReadOnly        bool     `yaml:"read_only"`
		CapDrop         []string `yaml:"cap_drop"`
		CapAdd          []string `yaml:"cap_add"`
		SecurityOpt     []string `yaml:"security_opt"`
		PidsLimit       int      `yaml:"pids_limit"`
		MemLimit        string   `yaml:"mem_limit"`
		Restart         string
		StopGracePeriod string                                `yaml:"stop_grace_period"`
		DependsOn       map[string]struct{ Condition string } `yaml:"depends_on"`
		Networks, Ports []string
		Configs         []struct{ Source, Target string }
		Secrets         []string
		Environment     map[string]string
		Tmpfs, Volumes  []string
		Healthcheck     struct {
			Test              []string
			Interval, Timeout string
			Retries           int
		}
	}
	Networks map[string]struct{ Internal bool }
	Volumes  map[string]struct{}
	Configs  map[string]struct{ File string }
	Secrets  map[string]struct{ File string }
}

func TestComposeHangsTogether(t *testing.T) {
	const dir = "../compose/"
	f, cfg := strict[composeFile](t, dir+"compose.yaml"), load(t, dir+"syncd.yaml")
	syncd, db := f.Services["syncd"], f.Services["postgres"]
	if len(f.Services) != 2 {
		t.Fatalf("%d services", len(f.Services))
	}
	for name, s := range f.Services {
		if !s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) || !slices.Contains(s.SecurityOpt, "no-new-privileges:true") || s.MemLimit == "" || s.Restart != "unless-stopped" {
			t.Errorf("%s may do more than it need: %+v", name, s)
		}
		for _, secret := range s.Secrets {
			if file := f.Secrets[secret].File; file != "./secrets/"+secret || !strings.Contains(read(t, "../README.md"), "secrets/"+secret) {
				t.Errorf("the secret %s of %s is in %q", secret, name, file)
			}
		}
	}
	if syncd.User != image+":"+image || len(syncd.CapAdd) > 0 || len(syncd.Volumes)+len(syncd.Tmpfs)+len(syncd.Environment) > 0 {
		t.Errorf("syncd: %+v", syncd)
	}
	if grace, err := time.ParseDuration(syncd.StopGracePeriod); err != nil || grace <= longestStop {
		t.Errorf("%s to stop (%v)", grace, err)
	}
	c := syncd.Configs[0]
	if !slices.Equal(syncd.Command, []string{"run", "-c", c.Target}) || filepath.Base(f.Configs[c.Source].File) != "syncd.yaml" {
		t.Errorf("%v reads %+v", syncd.Command, c)
	}
	var have []string
	for _, s := range syncd.Secrets {
		have = append(have, "/run/secrets/"+s)
	}
	slices.Sort(have)
	if want := files(t, dir+"syncd.yaml"); !slices.Equal(have, want) {
		t.Errorf("mounted are %v, read are %v", have, want)
	}
	if p := port(t, cfg); !slices.Equal(syncd.Ports, []string{"127.0.0.1:8080:" + p}) {
		t.Errorf("ports %v, syncd listens on %s", syncd.Ports, p)
	}
	if !f.Networks["database"].Internal || !slices.Equal(db.Networks, []string{"database"}) || !slices.Contains(syncd.Networks, "database") || len(db.Ports) > 0 {
		t.Error("others reach the database")
	}
	u, err := url.Parse(cfg.Database)
	if err != nil {
		t.Fatal(err)
	}
	user, name := u.User.Username(), strings.TrimPrefix(u.Path, "/")
	if u.Hostname() != "postgres" || u.Port() != "5432" || db.Environment["POSTGRES_USER"] != user || db.Environment["POSTGRES_DB"] != name ||
		!strings.Contains(strings.Join(db.Healthcheck.Test, " "), "-U "+user+" -d "+name) || syncd.DependsOn["postgres"].Condition != "service_healthy" {
		t.Errorf("syncd asks for %s, there is %+v", cfg.Database, db)
	}
	if db.Environment["POSTGRES_PASSWORD_FILE"] != "/run/secrets/"+db.Secrets[0] || db.Environment["POSTGRES_PASSWORD"] != "" {
		t.Error("the password is not in a file")
	}
	if m := regexp.MustCompile(`^postgres:(\d+)`).FindStringSubmatch(db.Image); m == nil || m[1] < "15" {
		t.Errorf("%s is older than what is tested", db.Image)
	}
	signsIn(t, cfg.Database)
}
