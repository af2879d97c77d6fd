package config

import (
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strings"
)

// isPostgres reports whether an address is PostgreSQL's; any other is a file's.
func isPostgres(address string) bool {
	return strings.HasPrefix(address, "postgres://") || strings.HasPrefix(address, "postgresql://")
}

// validateDatabase checks what can be checked without resolving a reference.
func (c *Config) validateDatabase(v *checker) {
	if strings.HasPrefix(c.Database, "${") {
		if err := new(Secret).UnmarshalText([]byte(c.Database)); err != nil {
			v.fault("database", "is no reference", "write ${env:NAME} or ${file:PATH}, or the address itself")
		}
		return
	}
	switch u, err := url.Parse(c.Database); {
	case !isPostgres(c.Database) && notAFile.MatchString(c.Database):
		v.fault("database", "is neither a file nor a postgres:// address", "write a path such as syncd.db, or postgres://user@host/name")
	case !isPostgres(c.Database):
	case err != nil:
		v.fault("database", "is no address that can be read", "write it like postgres://user@host:5432/name, with signs such as / and @ in a name as %2F and %40")
	default:
		if _, set := u.User.Password(); set || u.Query().Has("password") || u.Query().Has("sslpassword") {
			v.fault("database", "holds a password", "put the whole address into ${env:NAME} or ${file:PATH}, or the password into a file: ?passfile=/run/secrets/pgpass")
		}
	}
}

// notAFile tells what is meant for a server from the path of a file.
var notAFile = regexp.MustCompile(`(?i)://|@|\b(host|user|password|dbname)\s*=`)

// DatabaseAddress is the address of the database with its reference resolved.
// PostgreSQL on another machine is asked for TLS, where nobody has settled that
// by sslmode.
func (c *Config) DatabaseAddress() (string, error) {
	address := c.Database
	if strings.HasPrefix(address, "${") {
		var s Secret
		err := s.UnmarshalText([]byte(address))
		if err == nil {
			address, err = s.Value()
		}
		if err != nil {
			return "", fmt.Errorf("database: %w", err)
		}
		if _, err := url.Parse(address); isPostgres(address) && err != nil || !isPostgres(address) && notAFile.MatchString(address) {
			return "", fmt.Errorf("database: %s holds neither a path nor a postgres:// address", c.Database)
		}
	}
	u, err := url.Parse(address)
	if !isPostgres(address) || err != nil || u.Host == "" || loopback(u.Hostname()) || u.Query().Has("sslmode") || u.Query().Has("host") || os.Getenv("PGSSLMODE") != "" {
		return address, nil
	}
	q := u.Query()
	q.Set("sslmode", "require")
	u.RawQuery = q.Encode()
	return u.String(), nil
}
