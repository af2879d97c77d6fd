package sfsim

import "net/url"

// A consent is a person's yes to the connected app, told by a code.
type consent struct {
	redirect string
	until    stamp
}

// codeLife is how long a code is good for (OAuth 2.0 web server flow, help site,
// read 2026-11).
const codeLife stamp = 15 * 60

// Authorize is a person's consent to the connected app in the browser. The code
// that it returns goes to the app at redirect, and works there once.
func (s *Server) Authorize(redirect string) string {
	s.auth.mu.Lock()
	defer s.auth.mu.Unlock()
	code := "aPrx" + s.auth.secret("code", 60) + "=="
	s.auth.codes[code] = consent{redirect, s.now() + codeLife}
	return code
}

// authorizationCode takes a code and gives a refresh token for it.
func (s *Server) authorizationCode(now stamp, form url.Values) (string, *apiError) {
	if e := s.checkClient(form, true); e != nil {
		return "", e
	}
	code := form.Get("code")
	given, known := s.auth.codes[code]
	switch {
	case !known:
		return "", oauth("invalid_grant", "invalid authorization code")
	case now > given.until:
		return "", oauth("invalid_grant", "expired authorization code")
	case form.Get("redirect_uri") != given.redirect:
		return "", oauth("redirect_uri_mismatch", "redirect_uri must match configuration")
	}
	delete(s.auth.codes, code)
	return s.auth.newRefreshToken(), nil
}

func (a *authority) newRefreshToken() string {
	token := "5Aep861" + a.secret("refresh", 80)
	a.refresh[token] = true
	return token
}
