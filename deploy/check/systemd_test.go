package check_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/need"
)

const unit = "../systemd/syncd.service"

// settings are the values of a unit's settings by name, in order.
func settings(t *testing.T) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for line := range strings.Lines(read(t, unit)) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(key, "#") {
			all[key] = append(all[key], value)
		}
	}
	return all
}

func TestTheUnitHasItsFiles(t *testing.T) {
	s, cfg := settings(t), load(t, "../systemd/syncd.yaml")
	if got := s["ExecStart"]; !slices.Equal(got, []string{"/usr/local/bin/syncd run -c /etc/syncd/syncd.yaml"}) {
		t.Errorf("ExecStart %q", got)
	}
	var have []string
	for _, c := range s["LoadCredential"] {
		name, source, _ := strings.Cut(c, ":")
		if source != "/etc/syncd/secrets/"+name {
			t.Errorf("credential %s", c)
		}
		have = append(have, "/run/credentials/syncd.service/"+name)
	}
	slices.Sort(have)
	if want := files(t, "../systemd/syncd.yaml"); len(want) == 0 || !slices.Equal(have, want) {
		t.Errorf("credentials are %v, read are %v", have, want)
	}
	state := "/var/lib/" + s["StateDirectory"][0]
	if filepath.Dir(cfg.Database) != state || s["WorkingDirectory"][0] != state || s["UMask"][0] != "0077" || s["StateDirectoryMode"][0] != "0700" {
		t.Errorf("the store %s is not in %s, or others may read it", cfg.Database, state)
	}
	if stop, err := time.ParseDuration(s["TimeoutStopSec"][0]); err != nil || stop <= longestStop {
		t.Errorf("%s to stop (%v)", stop, err)
	}
	if s["RestartPreventExitStatus"][0] != "2" || s["Restart"][0] != "on-failure" {
		t.Error("a refused configuration is tried for ever, or a crash never")
	}
	if !strings.HasPrefix(cfg.HTTP.Listen, "127.0.0.1:") {
		t.Errorf("%s is reached from outside", cfg.HTTP.Listen)
	}
}

// mostExposed is 1.5 of 10 in systemd's own measure, where less is better.
const mostExposed = 15

func TestSystemdThinksWellOfTheUnit(t *testing.T) {
	analyze := need.Tool(t, "systemd-analyze")
	// Verify wants the program to be there.
	dir := t.TempDir()
	program := filepath.Join(dir, "syncd")
	copied := filepath.Join(dir, "syncd.service")
	for path, text := range map[string]string{program: "#!/bin/sh\n", copied: strings.ReplaceAll(read(t, unit), "/usr/local/bin/syncd", program)} {
		if err := os.WriteFile(path, []byte(text), 0o700); err != nil { //nolint:gosec // a program
			t.Fatal(err)
		}
	}
	if err := os.Chmod(copied, 0o644); err != nil { //nolint:gosec // as it is installed
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), analyze, "verify", "--man=no", copied).CombinedOutput(); err != nil || strings.Contains(string(out), "syncd") {
		t.Errorf("verify: %v\n%s", err, out)
	}
	out, err := exec.CommandContext(t.Context(), analyze, "security", "--offline=true", "--threshold="+strconv.Itoa(mostExposed), "--no-pager", copied).CombinedOutput()
	score := regexp.MustCompile(`Overall exposure level for syncd\.service: ([0-9.]+)`).FindSubmatch(out)
	if err != nil || score == nil {
		t.Fatalf("security: %v\n%s", err, out)
	}
	if !strings.Contains(read(t, "../README.md"), "score is "+string(score[1])) {
		t.Errorf("the README does not say that the score is %s", score[1])
	}
}
