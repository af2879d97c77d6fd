package hubspot

import (
	"errors"
	"fmt"
	"strings"
)

// Auth is how a connection signs in. Flow "" or "token" uses Token, a service
// key or private-app token that is valid until it is rotated; "oauth" trades
// RefreshToken for access tokens of half an hour.
type Auth struct {
	Token        string
	Flow         string
	ClientID     string
	ClientSecret string
	RefreshToken string
}

func (a Auth) oauth() bool { return a.Flow == "oauth" }

// check lists every fault with its config key, never a value.
func (a Auth) check() error {
	var faults []error
	switch a.Flow {
	case "", "token":
		faults = append(faults, checkSecret("auth.token", a.Token, "a service key or private-app access token"))
	case "oauth":
		faults = append(faults,
			checkSecret("auth.client_id", a.ClientID, "the app's client id"),
			checkSecret("auth.client_secret", a.ClientSecret, "the app's client secret"),
			checkSecret("auth.refresh_token", a.RefreshToken, "the refresh token of the app's installation"))
	default:
		faults = append(faults, fmt.Errorf("auth.flow is %q, must be token or oauth", a.Flow))
	}
	return errors.Join(faults...)
}

// checkSecret says what is wrong with a secret without quoting it.
func checkSecret(key, secret, what string) error {
	secret = strings.TrimSpace(secret)
	switch {
	case secret == "":
		return fmt.Errorf("%s is missing: it must be %s", key, what)
	case len(secret) > 7 && strings.EqualFold(secret[:7], "bearer "):
		return fmt.Errorf("%s begins with the word Bearer: give the token alone", key)
	case strings.ContainsFunc(secret, func(r rune) bool { return r <= ' ' || r > '~' }):
		return fmt.Errorf("%s holds blanks or characters that no token has: copy it again", key)
	}
	return nil
}
