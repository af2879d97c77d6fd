package sfsim

import (
	"net/http"
	"strings"
)

// bearer reads the token of a request; "" if the header is missing or not one.
func bearer(r *http.Request) string {
	for _, scheme := range []string{"Bearer ", "OAuth "} {
		if h := r.Header.Get("Authorization"); len(h) > len(scheme) && strings.EqualFold(h[:len(scheme)], scheme) {
			return strings.TrimSpace(h[len(scheme):])
		}
	}
	return ""
}

// signIn finds the session that a REST call belongs to.
func (c *call) signIn() *apiError {
	token := bearer(c.r)
	if token == "" {
		return refuse(401, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE")
	}
	if c.session = c.s.auth.use(token, c.now); c.session == nil {
		return badSession()
	}
	return nil
}

// plain is how the identity endpoints refuse: text, not JSON.
func plain(status int, text string) *apiError { return &apiError{status: status, page: text} }

func (c *call) identitySession() *apiError {
	token := bearer(c.r)
	if token == "" {
		token = c.params.Get("oauth_token")
	}
	if token == "" {
		return plain(403, "Missing_OAuth_Token")
	}
	if c.session = c.s.auth.use(token, c.now); c.session == nil {
		return plain(403, "Bad_OAuth_Token")
	}
	return nil
}

// identity answers GET /id/{org}/{user}.
func (c *call) identity(org, user string) (*answer, *apiError) {
	if e := c.identitySession(); e != nil {
		return nil, e
	}
	orgID, okOrg := fullID(org)
	userID, okUser := fullID(user)
	if !okOrg || !okUser || orgID != c.s.orgID || userID != c.session.user {
		return nil, plain(403, "Wrong_Org")
	}
	u := c.user()
	at := base(c.r)
	urls := map[string]string{}
	for name, path := range map[string]string{
		"enterprise": "/services/Soap/c/{version}/" + orgID[:15], "metadata": "/services/Soap/m/{version}/" + orgID[:15],
		"partner": "/services/Soap/u/{version}/" + orgID[:15], "rest": "/services/data/v{version}/",
		"sobjects": "/services/data/v{version}/sobjects/", "search": "/services/data/v{version}/search/",
		"query": "/services/data/v{version}/query/", "recent": "/services/data/v{version}/recent/", "profile": "/" + userID,
	} {
		urls[name] = at + path
	}
	return ok(map[string]any{
		"id": at + "/id/" + orgID + "/" + userID, "asserted_user": true, "user_id": userID, "organization_id": orgID,
		"username": u.val("Username"), "nick_name": u.val("Alias"), "display_name": u.val("Name"), "email": u.val("Email"), "email_verified": true,
		"first_name": u.val("FirstName"), "last_name": u.val("LastName"), "timezone": c.s.zone.String(), "active": u.val("IsActive"),
		"user_type": "STANDARD", "language": "en_US", "locale": "en_US", "utcOffset": 0, "urls": urls,
		"last_modified_date": u.val("LastModifiedDate").(stamp).String(), "is_app_installed": true,
	}), nil
}

func (c *call) user() *record { return c.s.table("User").byID[c.session.user] }

// userInfo answers GET /services/oauth2/userinfo.
func (c *call) userInfo() (*answer, *apiError) {
	if c.r.Method != http.MethodGet && c.r.Method != http.MethodPost {
		return nil, notAllowed(c.r.Method, "GET", "POST")
	}
	if e := c.identitySession(); e != nil {
		return nil, e
	}
	u, at := c.user(), base(c.r)
	return ok(map[string]any{
		"sub": at + "/id/" + c.s.orgID + "/" + u.id, "user_id": u.id, "organization_id": c.s.orgID, "preferred_username": u.val("Username"),
		"nickname": u.val("Alias"), "name": u.val("Name"), "email": u.val("Email"), "email_verified": true, "given_name": u.val("FirstName"),
		"family_name": u.val("LastName"), "zoneinfo": c.s.zone.String(), "user_type": "STANDARD", "language": "en_US", "locale": "en_US",
		"active": u.val("IsActive"), "updated_at": u.val("LastModifiedDate").(stamp).String(),
	}), nil
}
