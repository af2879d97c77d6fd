// Package need gives tests what they need beyond Go: a PostgreSQL server, Node
// clients, real data. What is not there skips the test with a line that says
// so, or fails it under SYNCD_REQUIRE=1. It holds test helpers and no product.
package need

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// missing skips the test, or fails it where nothing may be missing.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("SYNCD_REQUIRE") == "1" {
		t.Fatalf("%s (SYNCD_REQUIRE=1)", what)
	}
	t.Skip(what)
}

// Postgres makes a database for one test and returns its address.
func Postgres(t *testing.T) string {
	t.Helper()
	admin, err := sql.Open("pgx", "postgres://root@127.0.0.1:5432/postgres")
	if err == nil {
		err = patient(t.Context(), admin)
	}
	if err != nil {
		missing(t, "no PostgreSQL on 127.0.0.1:5432: "+err.Error())
	}
	name := fmt.Sprintf("syncd_%d", time.Now().UnixNano())
	if _, err := admin.ExecContext(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, err := admin.ExecContext(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)")
		if err = errors.Join(err, admin.Close()); err != nil {
			t.Error(err)
		}
	})
	return (&url.URL{Scheme: "postgres", User: url.User("root"), Host: "127.0.0.1:5432", Path: name}).String()
}

// patient waits for a server whose connections are all in use; one that is not
// there is told at once.
func patient(ctx context.Context, db *sql.DB) error {
	for try := 0; ; try++ {
		err := db.PingContext(ctx)
		var e *pgconn.PgError
		if err == nil || !errors.As(err, &e) || e.Code != "53300" || try == 60 {
			return err
		}
		time.Sleep(time.Second)
	}
}

// Node is the path of node, for the npm package that is installed in the
// test's own folder.
func Node(t *testing.T, pkg string) string {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		missing(t, "node is not installed: "+pkg+" was not run")
	}
	if _, err := os.Stat(filepath.Join("node_modules", pkg)); err != nil {
		here, _ := os.Getwd()
		missing(t, "run npm ci in "+here+": "+pkg+" was not run")
	}
	return node
}

// Client is the path of a program that npm ci puts into the test's own folder;
// where it did not, of the one on the PATH.
func Client(t *testing.T, name string) string {
	t.Helper()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if path, err := exec.LookPath(filepath.Join(here, "node_modules", ".bin", name)); err == nil {
		return path
	}
	path, err := exec.LookPath(name)
	if err != nil {
		missing(t, name+" is not installed, and npm ci was not run in "+here+": "+name+" was not run")
	}
	return path
}

// DataSet is the folder of the real sales opportunities. They may not be
// shipped and nothing can install them: they are read beside the checkout, or
// where SYNCD_DATA says, and required where SYNCD_DATA is set.
func DataSet(t *testing.T) string {
	t.Helper()
	dir, named := os.LookupEnv("SYNCD_DATA")
	if !named {
		dir = filepath.Join(root(t), "..", "shared", "data", "crm-sales-opportunities")
	}
	if _, err := os.Stat(filepath.Join(dir, "sales_pipeline.csv")); err != nil {
		if named {
			t.Fatalf("SYNCD_DATA: %v", err)
		}
		t.Skip("the sales opportunities data set is not beside this checkout; SYNCD_DATA can name its folder")
	}
	return dir
}

// root is the folder of go.mod.
func root(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the test")
		}
	}
}

// Tool is the path of a program.
func Tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		missing(t, name+" is not installed")
	}
	return path
}

// Root skips what only root may do.
func Root(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		missing(t, "this is not run as root")
	}
}
