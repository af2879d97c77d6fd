package check_test

import (
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/app/apptest"
	"github.com/handoffscore/syncd/internal/crm/crmsim/hssim"
	"github.com/handoffscore/syncd/internal/need"
)

// The image is built from what is in the tree, by the Go of go.mod, and ends
// as a user's process on an empty root.
func TestTheContainerFile(t *testing.T) {
	var stages []string
	last := map[string]string{} // instructions of the last stage, the last of a name
	args := regexp.MustCompile(`^([A-Z]+) +(.*)$`)
	for line := range strings.Lines(strings.ReplaceAll(read(t, "../Containerfile"), "\\\n", "")) {
		m := args.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		if m[1] == "FROM" {
			stages, last = append(stages, m[2]), map[string]string{}
		}
		if m[1] == "ADD" || m[1] == "ENV" {
			t.Errorf("%s is not wanted", m[1])
		}
		last[m[1]] = m[2]
	}
	minor := regexp.MustCompile(`\ngo (\d+\.\d+)`).FindStringSubmatch(read(t, "../../go.mod"))[1]
	if len(stages) != 2 || stages[1] != "scratch" || !regexp.MustCompile(`golang:`+regexp.QuoteMeta(minor)+`\.\d+-bookworm AS build$`).MatchString(stages[0]) {
		t.Errorf("stages %q, go.mod has %s", stages, minor)
	}
	want := map[string]string{
		"USER": image + ":" + image, "WORKDIR": "/var/lib/syncd", "ENTRYPOINT": `["/usr/bin/syncd"]`, "CMD": `["run", "-c", "/etc/syncd/syncd.yaml"]`,
		"COPY": "--from=build --chown=" + image + ":" + image + " /rootfs/data/ /var/lib/",
	}
	for name, value := range want {
		if last[name] != value {
			t.Errorf("%s %s, want %s", name, last[name], value)
		}
	}
	if last["RUN"] != "" {
		t.Error("the last stage has nothing to run things with")
	}
	ignored := strings.Fields(read(t, "../Containerfile.dockerignore"))
	for _, name := range []string{".git", "deploy/compose/secrets", "*.db"} {
		if !slices.Contains(ignored, name) {
			t.Errorf("%s is sent to whoever builds", name)
		}
	}
}

// rootfs makes the root that the image has, and returns it with the path of
// its certificate authorities.
func rootfs(t *testing.T) (root, bundle string) {
	t.Helper()
	dir := t.TempDir()
	binary, err := apptest.Build(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(dir, "none.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "../rootfs", binary, empty, dir).CombinedOutput(); err != nil {
		t.Fatalf("rootfs: %v\n%s", err, out)
	}
	root = filepath.Join(dir, "image")
	return root, filepath.Join(root, "etc/ssl/certs/ca-certificates.crt")
}

// What the container file copies is all that syncd needs: with nothing else
// under its root, as a user who may write one folder, it finds time zones and
// certificate authorities, reads a CRM over TLS, keeps its store, and stops in
// order.
func TestTheImageRunsAlone(t *testing.T) {
	if testing.Short() {
		t.Skip("a whole program, run once without -short")
	}
	need.Root(t)
	root, bundle := rootfs(t)
	var held []string
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			held = append(held, strings.TrimPrefix(path, root))
		}
		return err
	})
	want := []string{"/etc/group", "/etc/passwd", "/etc/ssl/certs/ca-certificates.crt", "/usr/bin/syncd", "/usr/share/doc/syncd/NOTICES"}
	if err != nil || !slices.Equal(held, want) {
		t.Fatalf("the image holds %v (%v)", held, err)
	}
	data := filepath.Join(filepath.Dir(root), "data/syncd")
	id := uint32(65532)
	if err := os.Chown(data, int(id), int(id)); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(data, filepath.Join(root, "var/lib/syncd")); err != nil { // COPY --chown does this
		t.Fatal(err)
	}
	for dir := root; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) { // the test's own folders are closed to others
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}

	sim := hssim.New(apptest.World(12), hssim.Options{})
	crm := httptest.NewTLSServer(sim)
	defer crm.Close()
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: crm.Certificate().Raw})
	if err := os.WriteFile(bundle, authority, 0o644); err != nil { //nolint:gosec // as in the image
		t.Fatal(err)
	}
	at := free(t)
	files := map[string]string{
		"run/secrets/token": sim.Credentials().Token,
		"etc/syncd/syncd.yaml": fmt.Sprintf(`company: {time_zone: Asia/Kathmandu}
database: syncd.db
http: {listen: %q}
connections:
  - {name: portal, crm: hubspot, mode: observe, schedule: "@every 1s", base_url: %q, auth: {token: "${file:/run/secrets/token}"}, scope: {go_live: 2020-01-01}}
`, at, crm.URL),
	}
	for name, body := range files {
		if err := os.WriteFile(filepath.Join(root, name), []byte(body), 0o644); err != nil { //nolint:gosec // secrets of containers are readable by their user
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "/usr/bin/syncd", "run", "-c", "/etc/syncd/syncd.yaml")
	cmd.Dir, cmd.Env = "/var/lib/syncd", []string{}
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: id, Gid: id}}
	p, err := apptest.Launch(t, filepath.Join(t.TempDir(), "log"), cmd)
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); !strings.Contains(get(at, "/metrics"), `syncd_passes_total{connection="portal",kind="full",status="done"} 1`); {
		if time.Now().After(deadline) {
			t.Fatalf("no pass ended well in a minute\n%s\n%s", get(at, "/readyz"), p.Tail())
		}
		time.Sleep(50 * time.Millisecond)
	}
	if page := get(at, "/readyz"); !strings.HasPrefix(page, "ready\n") {
		t.Errorf("/readyz: %s", page)
	}
	p.MayEnd()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-p.Exited:
	case <-time.After(longestStop):
		t.Fatal("it does not stop")
	}
	if code := cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("exit code %d\n%s", code, p.Tail())
	}
	// It wrote its store, where it may, and nothing else.
	written := map[string]bool{}
	err = filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Sys().(*syscall.Stat_t).Uid == id {
			written[strings.TrimPrefix(path, root)] = true
			if info.Mode().Perm() != 0o600 {
				t.Errorf("%s has mode %v", path, info.Mode())
			}
		}
		return err
	})
	if err != nil || !written["/var/lib/syncd/syncd.db"] {
		t.Errorf("it wrote %v (%v)", written, err)
	}
	for path := range written {
		if !strings.HasPrefix(path, "/var/lib/syncd/syncd.db") {
			t.Errorf("it wrote %s", path)
		}
	}
}

// free is an address on which nobody listens.
func free(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// get is a page's text, "" if it is not served yet.
func get(addr, path string) string {
	client := http.Client{Timeout: 5 * time.Second}
	resp, err := client.Get("http://" + addr + path)
	if err != nil {
		return ""
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return ""
	}
	return string(b)
}
