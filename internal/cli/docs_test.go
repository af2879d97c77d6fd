package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/handoffscore/syncd/config"
)

// documents are all pages for people, by path from the root.
func documents(t *testing.T) map[string]string {
	t.Helper()
	root := filepath.Join("..", "..")
	paths, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil || len(paths) < 8 {
		t.Fatalf("%d pages in docs, %v", len(paths), err)
	}
	pages := map[string]string{}
	for _, path := range append(paths, filepath.Join(root, "README.md")) {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		pages[path] = string(b)
	}
	return pages
}

var (
	block   = regexp.MustCompile("(?s)```(\\w*)\n(.*?)```")
	inline  = regexp.MustCompile("`(syncd [^`]*)`")
	linked  = regexp.MustCompile(`\]\(([^)#]+)[^)]*\)`)
	written = regexp.MustCompile(`(?m)^syncd .*$`)
)

// Every command that a page shows is one that syncd has, with flags it takes.
func TestDocumentsShowCommandsThatExist(t *testing.T) {
	shown := 0
	for path, text := range documents(t) {
		var lines []string
		for _, b := range block.FindAllStringSubmatch(text, -1) {
			lines = append(lines, written.FindAllString(b[2], -1)...)
		}
		for _, m := range inline.FindAllStringSubmatch(block.ReplaceAllString(text, ""), -1) {
			lines = append(lines, m[1])
		}
		for _, line := range lines {
			shown++
			root := newRoot(&env{out: &bytes.Buffer{}, err: &bytes.Buffer{}})
			root.InitDefaultCompletionCmd()
			words := strings.Fields(line)[1:]
			cmd, rest, err := root.Find(words)
			if err != nil || cmd == root {
				t.Errorf("%s: `%s`: there is no such command: %v", path, line, err)
				continue
			}
			if err := cmd.ParseFlags(rest); err != nil {
				t.Errorf("%s: `%s`: %v", path, line, err)
			}
			if args := cmd.Flags().Args(); cmd.HasSubCommands() && len(args) > 0 {
				t.Errorf("%s: `%s`: %s has no command %s", path, line, cmd.Name(), args[0])
			}
		}
	}
	if shown < 30 {
		t.Errorf("only %d commands were found", shown)
	}
}

// Every configuration that a page shows is valid.
func TestDocumentsShowValidConfigurations(t *testing.T) {
	shown := 0
	for path, text := range documents(t) {
		for _, b := range block.FindAllStringSubmatch(text, -1) {
			if b[1] != "yaml" || !strings.Contains(b[2], "connections:") {
				continue
			}
			shown++
			if _, faults := config.Parse(path, []byte(b[2])); len(faults) > 0 {
				t.Error(faults)
			}
		}
	}
	if shown < 2 {
		t.Errorf("only %d configurations were found", shown)
	}
}

// Links inside the tree lead somewhere.
func TestDocumentsLinkToFilesThatExist(t *testing.T) {
	for path, text := range documents(t) {
		for _, m := range linked.FindAllStringSubmatch(text, -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), m[1])); err != nil {
				t.Errorf("%s links to %s: %v", path, m[1], err)
			}
		}
	}
}

// Every alert has its cure in the page on operating.
func TestEveryAlertHasItsCure(t *testing.T) {
	rules, err := os.ReadFile(filepath.Join("..", "..", "deploy", "alerts.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "operating.md"))
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`alert: (\w+)`).FindAllStringSubmatch(string(rules), -1)
	if len(names) < 10 {
		t.Fatalf("%d alerts", len(names))
	}
	for _, m := range names {
		if !strings.Contains(string(page), "| "+m[1]+" |") {
			t.Errorf("docs/operating.md says nothing about %s", m[1])
		}
	}
}
