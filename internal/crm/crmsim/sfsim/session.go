package sfsim

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"strings"
	"sync"
)

// authority keeps what lets people in.
type authority struct {
	mu       sync.Mutex
	s        *Server
	seed     uint64
	n        uint64
	cred     Credentials
	sessions map[string]*session
	refresh  map[string]bool // tokens in force
	codes    map[string]consent
	key      *rsa.PrivateKey // made when first asked for
}

// A session is what a token opens.
type session struct {
	token   string
	user    string
	lastUse stamp
	dead    bool
	refresh string // the refresh token it came from, if any
}

func (a *authority) start(s *Server, seed uint64) {
	a.s, a.seed = s, seed
	a.sessions, a.refresh, a.codes = map[string]*session{}, map[string]bool{}, map[string]consent{}
	user := s.table("User").byID[s.me]
	a.cred = Credentials{
		ClientID:      "3MVG9" + a.secret("client", 80),
		ClientSecret:  strings.ToUpper(a.hex("secret", 64)),
		Username:      user.str("Username"),
		Password:      a.secret("password", 16),
		SecurityToken: a.secret("security token", 24),
		RefreshToken:  "5Aep861" + a.secret("refresh", 80),
		UserID:        s.me,
		OrgID:         s.orgID,
	}
	a.refresh[a.cred.RefreshToken] = true
	users := 0
	for _, r := range s.table("User").rows {
		if r.val("IsActive") == true {
			users++
		}
	}
	s.limits.cap = dailyBase + dailyPerUser*users
	if s.o.DailyLimit > 0 {
		s.limits.cap = s.o.DailyLimit
	}
	s.limits.hour = int64(s.now()) / secondsAnHour
}

// secret makes n letters and digits that depend on the seed, the purpose and
// how many were made before.
func (a *authority) secret(purpose string, n int) string {
	var b strings.Builder
	for b.Len() < n {
		a.n++
		sum := sha256.Sum256(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64([]byte(purpose), a.seed), a.n))
		b.WriteString(strings.NewReplacer("-", "", "_", "").Replace(base64.RawURLEncoding.EncodeToString(sum[:])))
	}
	return b.String()[:n]
}

func (a *authority) hex(purpose string, n int) string {
	a.n++
	sum := sha256.Sum256(binary.BigEndian.AppendUint64([]byte(purpose), a.seed+a.n))
	var b strings.Builder
	for _, c := range sum {
		b.WriteByte(hexDigits[c>>4])
		b.WriteByte(hexDigits[c&15])
	}
	return b.String()[:n]
}

// Credentials returns what the integration user signs in with. The first call
// makes the RSA key.
func (s *Server) Credentials() Credentials {
	a := &s.auth
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.key == nil {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic("sfsim: " + err.Error()) // the machine has no randomness
		}
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			panic("sfsim: " + err.Error())
		}
		a.key = key
		a.cred.PrivateKey = string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	}
	return a.cred
}

// open starts a session for the integration user.
func (a *authority) open(now stamp, refresh string) *session {
	if a.s.o.SharedSession {
		for _, x := range a.sessions {
			if !x.dead && !a.stale(x, now) {
				x.lastUse = now
				return x
			}
		}
	}
	for token, x := range a.sessions {
		if a.stale(x, now-10*day) {
			delete(a.sessions, token)
		}
	}
	x := &session{token: a.cred.OrgID[:15] + "!AQ" + a.secret("session", 94), user: a.cred.UserID, lastUse: now, refresh: refresh}
	a.sessions[x.token] = x
	return x
}

func (a *authority) stale(x *session, now stamp) bool {
	return now-x.lastUse > stamp(a.s.o.SessionTimeout.Seconds())
}

// use finds the live session of a token and keeps it alive.
func (a *authority) use(token string, now stamp) *session {
	a.mu.Lock()
	defer a.mu.Unlock()
	x := a.sessions[token]
	if x == nil || x.dead || a.stale(x, now) {
		return nil
	}
	x.lastUse = now
	return x
}

// revoke ends a session, or a refresh token with the sessions that came of it.
// It reports whether the token was known.
func (a *authority) revoke(token string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if x := a.sessions[token]; x != nil && !x.dead {
		x.dead = true
		return true
	}
	if !a.refresh[token] {
		return false
	}
	delete(a.refresh, token)
	for _, x := range a.sessions {
		x.dead = x.dead || x.refresh == token
	}
	return true
}

// KillSessions ends every session, as an admin or a password change does.
func (s *Server) KillSessions() {
	s.auth.mu.Lock()
	defer s.auth.mu.Unlock()
	for _, x := range s.auth.sessions {
		x.dead = true
	}
}

// SetActive lets the integration user in or locks it out; open sessions end
// with the lock-out.
func (s *Server) SetActive(on bool) error {
	if !on {
		s.KillSessions()
	}
	return s.Set("User", s.me, "IsActive", on)
}

// inactive reports whether the integration user is locked out.
func (s *Server) inactive() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.table("User").byID[s.me].val("IsActive") != true
}
