package salesforce

import (
	"crypto/rsa"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// The ways to sign in.
const (
	ClientCredentials = "client_credentials"
	JWT               = "jwt"
	RefreshToken      = "refresh_token"
	Password          = "password" // SOAP login; Salesforce retires it with Summer '27
)

// Auth says how to sign in. Which fields are needed depends on Flow:
//
//	client_credentials  LoginURL (My Domain), ClientID, ClientSecret
//	jwt                 LoginURL, ClientID, Username, PrivateKey (PEM); Audience if the host does not tell
//	refresh_token       LoginURL, ClientID, RefreshToken; ClientSecret if the app asks for it
//	password            LoginURL, Username, Password; SecurityToken outside trusted networks
type Auth struct {
	Flow          string
	LoginURL      string // https, or http to a loopback address
	ClientID      string
	ClientSecret  string
	Username      string
	PrivateKey    string // PEM of an RSA key
	RefreshToken  string
	Password      string
	SecurityToken string
	Audience      string // of the assertion; "" is told from LoginURL
}

// String and GoString keep secrets out of logs.
func (a Auth) String() string   { return "salesforce auth " + a.Flow + " [redacted]" }
func (a Auth) GoString() string { return a.String() }

// key parses the private key of the jwt flow.
func (a Auth) key() (*rsa.PrivateKey, error) {
	// An environment variable often holds the lines with \n spelled out.
	key, err := jwt.ParseRSAPrivateKeyFromPEM([]byte(strings.ReplaceAll(a.PrivateKey, `\n`, "\n")))
	if err != nil {
		return nil, errors.New("auth.private_key is not an RSA key in PEM form")
	}
	return key, nil
}

// check returns every fault of a at once, each naming its config key.
func (a Auth) check(login *url.URL) error {
	var faults []error
	need := func(values ...string) {
		for i := 0; i < len(values); i += 2 {
			if values[i+1] == "" {
				faults = append(faults, fmt.Errorf("auth.%s is missing, flow %s needs it", values[i], a.Flow))
			}
		}
	}
	switch a.Flow {
	case ClientCredentials:
		need("client_id", a.ClientID, "client_secret", a.ClientSecret)
		if h := login.Hostname(); h == "login.salesforce.com" || h == "test.salesforce.com" {
			faults = append(faults, fmt.Errorf("auth.login_url: flow %s works on the org's My Domain address only (https://….my.salesforce.com), not on %s", a.Flow, h))
		}
	case JWT:
		need("client_id", a.ClientID, "username", a.Username, "private_key", a.PrivateKey)
		if a.PrivateKey != "" {
			if _, err := a.key(); err != nil {
				faults = append(faults, err)
			}
		}
	case RefreshToken:
		need("client_id", a.ClientID, "refresh_token", a.RefreshToken)
	case Password:
		need("username", a.Username, "password", a.Password)
	default:
		faults = append(faults, fmt.Errorf("auth.flow is %q, must be one of %s, %s, %s, %s", a.Flow, ClientCredentials, JWT, RefreshToken, Password))
	}
	return errors.Join(faults...)
}

// loginURL parses and checks the address that gets the secrets.
func loginURL(raw string) (*url.URL, error) {
	if raw == "" {
		return nil, errors.New("auth.login_url is missing")
	}
	u, err := url.Parse(strings.TrimRight(raw, "/"))
	if err != nil || u.Hostname() == "" {
		return nil, errors.New("auth.login_url is not an address such as https://acme.my.salesforce.com")
	}
	switch {
	case u.User != nil:
		return nil, errors.New("auth.login_url must not hold a user name or password")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("auth.login_url must be an address without query or fragment")
	case u.Scheme == "http" && !loopback(u):
		return nil, errors.New("auth.login_url uses plain http, which is allowed for a loopback address only")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("auth.login_url has scheme %q, must be https", u.Scheme)
	case strings.HasSuffix(u.Hostname(), ".lightning.force.com"):
		return nil, errors.New("auth.login_url is the address of the Lightning pages; use https://….my.salesforce.com of the same org")
	}
	return u, nil
}

// audience is whom an assertion is for, by the host that gets it.
func (a Auth) audience(login *url.URL) string {
	h := login.Hostname()
	switch {
	case a.Audience != "":
		return a.Audience
	case loopback(login):
		return login.String()
	case h == "test.salesforce.com", strings.Contains(h, ".sandbox."), strings.Contains(h, "--"):
		return "https://test.salesforce.com"
	case strings.HasSuffix(h, ".salesforce.com"):
		return "https://login.salesforce.com"
	}
	return login.String()
}

// instanceURL checks where the token answer sends us: from then on every
// request carries the session there.
func instanceURL(raw string, login *url.URL) (*url.URL, error) {
	if raw == "" {
		return login, nil
	}
	u, err := url.Parse(strings.TrimRight(raw, "/"))
	if err != nil || u.Hostname() == "" || u.User != nil {
		return nil, errors.New("the sign-in answer names an instance address that cannot be read")
	}
	u.RawQuery, u.Fragment = "", ""
	switch {
	case u.Scheme == login.Scheme && strings.EqualFold(u.Host, login.Host):
	case loopback(u) && loopback(login) && (u.Scheme == "http" || u.Scheme == "https"):
	case u.Scheme == "https" && salesforceHost(u.Hostname()):
	default:
		return nil, fmt.Errorf("the sign-in answer sends us to %s://%s, which is no Salesforce address", u.Scheme, u.Host)
	}
	return u, nil
}

func salesforceHost(host string) bool {
	host = strings.ToLower(host)
	for _, domain := range []string{".salesforce.com", ".force.com", ".cloudforce.com", ".salesforce.mil", ".sfcrmproducts.cn", ".sfcrmapps.cn"} {
		if strings.HasSuffix(host, domain) {
			return true
		}
	}
	return false
}

func loopback(u *url.URL) bool {
	if strings.EqualFold(u.Hostname(), "localhost") {
		return true
	}
	ip := net.ParseIP(u.Hostname())
	return ip != nil && ip.IsLoopback()
}
