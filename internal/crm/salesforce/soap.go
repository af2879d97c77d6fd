package salesforce

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strconv"

	"github.com/handoffscore/syncd/internal/crm"
)

// lastSOAP is the last API version whose SOAP API has login().
const lastSOAP = 64.0

// soapLogin signs in with user name and password, for orgs that have not moved
// to an app yet. The envelope is ours: simpleforce leaves user name and token
// unescaped.
func (s *session) soapLogin(ctx context.Context) (grant, error) {
	version := s.version
	if n, err := strconv.ParseFloat(version, 64); err == nil && n > lastSOAP {
		version = "64.0"
	}
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="utf-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:urn="urn:partner.soap.sforce.com"><soapenv:Body><urn:login><urn:username>`)
	escape(&b, s.auth.Username)
	b.WriteString(`</urn:username><urn:password>`)
	escape(&b, s.auth.Password+s.auth.SecurityToken)
	b.WriteString(`</urn:password></urn:login></soapenv:Body></soapenv:Envelope>`)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.login.String()+"/services/Soap/u/"+version, &b)
	if err != nil {
		return grant{}, &crm.Error{Op: "salesforce.sign-in", Kind: crm.Invalid, Err: err}
	}
	req.Header.Set("Content-Type", "text/xml; charset=UTF-8")
	req.Header.Set("Accept", "text/xml")
	req.Header.Set("SOAPAction", "login")
	body, _, err := s.via.Do(req)
	if err != nil {
		return grant{}, err
	}
	return s.loggedIn(body)
}

func (s *session) loggedIn(body []byte) (grant, error) {
	var env struct {
		XMLName xml.Name `xml:"Envelope"`
		Server  string   `xml:"Body>loginResponse>result>serverUrl"`
		Session string   `xml:"Body>loginResponse>result>sessionId"`
		User    string   `xml:"Body>loginResponse>result>userId"`
		Expired bool     `xml:"Body>loginResponse>result>passwordExpired"`
		Org     string   `xml:"Body>loginResponse>result>userInfo>organizationId"`
	}
	fail := func(kind crm.ErrorKind, what, fix string) (grant, error) {
		return grant{}, &crm.Error{Op: "salesforce.sign-in", Kind: kind, Err: errors.New(what), Fix: fix}
	}
	if err := xml.Unmarshal(body, &env); err != nil || env.Session == "" {
		return fail(crm.Malformed, "the answer to the SOAP login holds no session", "check auth.login_url")
	}
	if env.Expired {
		return fail(crm.Auth, "the password has expired", "set a new password in the org and in auth.password")
	}
	server, err := url.Parse(env.Server)
	if err != nil || server.Host == "" {
		return fail(crm.Malformed, "the answer to the SOAP login names no server", "check auth.login_url")
	}
	instance, err := instanceURL(server.Scheme+"://"+server.Host, s.login)
	if err != nil {
		return fail(crm.Malformed, err.Error(), "check auth.login_url")
	}
	g := grant{token: env.Session, instance: instance}
	if isID(env.Org) && isUser(env.User) {
		g.org, g.user = id18(env.Org), id18(env.User)
	}
	return g, nil
}

// orgCurrency asks for the currency of an org with one currency, which no REST
// resource tells. "" if the org does not say.
func (s *session) orgCurrency(ctx context.Context) string {
	_, g := s.current()
	if g.instance == nil {
		return ""
	}
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="utf-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:urn="urn:partner.soap.sforce.com"><soapenv:Header><urn:SessionHeader><urn:sessionId>`)
	escape(&b, g.token)
	b.WriteString(`</urn:sessionId></urn:SessionHeader></soapenv:Header><soapenv:Body><urn:getUserInfo/></soapenv:Body></soapenv:Envelope>`)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, g.instance.String()+"/services/Soap/u/"+s.version, &b)
	if err != nil {
		return ""
	}
	req.Header.Set("Content-Type", "text/xml; charset=UTF-8")
	req.Header.Set("Accept", "text/xml")
	req.Header.Set("SOAPAction", "getUserInfo")
	body, _, err := s.via.Do(req)
	if err != nil {
		return "" // not every user may call SOAP; the currency is worth a question, not a failure
	}
	var env struct {
		XMLName  xml.Name `xml:"Envelope"`
		Currency string   `xml:"Body>getUserInfoResponse>result>orgDefaultCurrencyIsoCode"`
	}
	if xml.Unmarshal(body, &env) != nil || !currencyForm.MatchString(env.Currency) {
		return ""
	}
	return env.Currency
}

var currencyForm = regexp.MustCompile(`^[A-Z]{3}$`)

func escape(b *bytes.Buffer, text string) { _ = xml.EscapeText(b, []byte(text)) }
