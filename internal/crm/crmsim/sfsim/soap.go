package sfsim

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// SOAP login exists from v31 to v64 (SOAP API Developer Guide, read 2026-11).
const (
	soapFirst = 31.0
	soapLast  = 64.0
)

type envelope struct {
	Header struct {
		Session string `xml:"SessionHeader>sessionId"`
	} `xml:"Header"`
	Body struct {
		Login *struct {
			Username string `xml:"username"`
			Password string `xml:"password"`
		} `xml:"login"`
		Logout      *struct{} `xml:"logout"`
		GetUserInfo *struct{} `xml:"getUserInfo"`
	} `xml:"Body"`
}

// soap answers /services/Soap/u/{version}[/{org}].
func (c *call) soap(version string) (*answer, *apiError) {
	if c.r.Method != http.MethodPost {
		return nil, notAllowed(c.r.Method, "POST")
	}
	if v, err := strconv.ParseFloat(version, 64); err != nil || v < soapFirst || v > soapLast {
		return fault("UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL")
	}
	if t := c.r.Header.Get("Content-Type"); !strings.HasPrefix(t, "text/xml") && !strings.HasPrefix(t, "application/soap+xml") {
		return nil, down(415, "Unsupported Media Type")
	}
	if c.r.Header.Values("SOAPAction") == nil {
		return fault("soapenv:Client", "SOAPAction HTTP header missing")
	}
	var env envelope
	if err := xml.Unmarshal(c.body, &env); err != nil {
		return fault("soapenv:Client", "The markup in the document is malformed: "+err.Error())
	}
	switch {
	case env.Body.Login != nil:
		return c.soapLogin(version, strings.TrimSpace(env.Body.Login.Username), strings.TrimSpace(env.Body.Login.Password))
	case env.Body.GetUserInfo != nil:
		if c.s.auth.use(env.Header.Session, c.now) == nil {
			return fault("sf:INVALID_SESSION_ID", "INVALID_SESSION_ID: Invalid Session ID found in SessionHeader: Illegal Session")
		}
		return c.soapUserInfo(), nil
	case env.Body.Logout != nil:
		if !c.s.auth.revoke(env.Header.Session) {
			return fault("sf:INVALID_SESSION_ID", "INVALID_SESSION_ID: Invalid Session ID found in SessionHeader: Illegal Session")
		}
		return soapBody(`<logoutResponse/>`), nil
	}
	return fault("soapenv:Client", "No operation available for request")
}

func (c *call) soapLogin(version, username, password string) (*answer, *apiError) {
	s := c.s
	if s.o.NoSOAPLogin {
		return fault("sf:INVALID_OPERATION", "INVALID_OPERATION: SOAP API login() is disabled by default in this org.")
	}
	bad := s.inactive()
	s.mu.RLock()
	u := s.table("User").byID[s.me]
	email, name, login := u.val("Email"), u.val("Name"), u.val("Username")
	s.mu.RUnlock()
	s.auth.mu.Lock()
	defer s.auth.mu.Unlock()
	if bad || !s.passwordFits(username, password) {
		return fault("sf:INVALID_LOGIN", "INVALID_LOGIN: Invalid username, password, security token; or user locked out.")
	}
	x := s.auth.open(c.now, "")
	at := s.instance(c.r)
	text := func(v any) string {
		var b strings.Builder
		_ = xml.EscapeText(&b, []byte(fmt.Sprint(v)))
		return b.String()
	}
	return soapBody(fmt.Sprintf(`<loginResponse><result><metadataServerUrl>%s/services/Soap/m/%s/%s</metadataServerUrl>`+
		`<passwordExpired>false</passwordExpired><sandbox>%t</sandbox><serverUrl>%s/services/Soap/u/%s/%s</serverUrl><sessionId>%s</sessionId>`+
		`<userId>%s</userId><userInfo><accessibilityMode>false</accessibilityMode><organizationId>%s</organizationId>`+
		`<organizationMultiCurrency>%t</organizationMultiCurrency><organizationName>%s</organizationName><sessionSecondsValid>%d</sessionSecondsValid>`+
		`<userEmail>%s</userEmail><userFullName>%s</userFullName><userId>%s</userId><userLanguage>en_US</userLanguage><userLocale>en_US</userLocale>`+
		`<userName>%s</userName><userTimeZone>%s</userTimeZone><userType>Standard</userType></userInfo></result></loginResponse>`,
		at, version, s.orgID[:15], s.o.Sandbox, at, version, s.orgID[:15], text(x.token), u.id, s.orgID, s.multiCurrency(), text(s.company),
		int(s.o.SessionTimeout.Seconds()), text(email), text(name), u.id, text(login), text(s.zone))), nil
}

// soapUserInfo answers getUserInfo. The org's currency is told by an org with one
// currency alone (SOAP API Developer Guide, getUserInfo, read 2026-11).
func (c *call) soapUserInfo() *answer {
	s := c.s
	currency := `<orgDefaultCurrencyIsoCode xsi:nil="true" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"/>`
	if !s.multiCurrency() {
		currency = "<orgDefaultCurrencyIsoCode>" + s.currencies[0] + "</orgDefaultCurrencyIsoCode>"
	}
	return soapBody(fmt.Sprintf(`<getUserInfoResponse><result><accessibilityMode>false</accessibilityMode>%s<organizationId>%s</organizationId>`+
		`<organizationMultiCurrency>%t</organizationMultiCurrency><userId>%s</userId><userType>Standard</userType></result></getUserInfoResponse>`,
		currency, s.orgID, s.multiCurrency(), s.me))
}

func soapBody(inner string) *answer {
	return &answer{status: 200, kind: "text/xml;charset=UTF-8", body: []byte(`<?xml version="1.0" encoding="UTF-8"?>` +
		`<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns="urn:partner.soap.sforce.com"><soapenv:Body>` +
		inner + `</soapenv:Body></soapenv:Envelope>`)}
}

func fault(code, text string) (*answer, *apiError) {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text))
	return &answer{status: 500, kind: "text/xml;charset=UTF-8", body: []byte(`<?xml version="1.0" encoding="UTF-8"?>` +
		`<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:sf="urn:fault.partner.soap.sforce.com"><soapenv:Body>` +
		`<soapenv:Fault><faultcode>` + code + `</faultcode><faultstring>` + b.String() + `</faultstring></soapenv:Fault></soapenv:Body></soapenv:Envelope>`)}, nil
}
