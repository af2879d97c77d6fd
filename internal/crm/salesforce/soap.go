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
	body, err := s.soap(ctx, g, "u", "urn:partner.soap.sforce.com", "getUserInfo", nil)
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

// soap calls an operation of a SOAP API of the org, "u" or "m", in a session.
// inside is written within the operation's element, whose names are in space.
func (s *session) soap(ctx context.Context, g grant, api, space, operation string, inside func(*bytes.Buffer) error) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="utf-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:urn="` + space +
		`"><soapenv:Header><urn:SessionHeader><urn:sessionId>`)
	escape(&b, g.token)
	b.WriteString(`</urn:sessionId></urn:SessionHeader></soapenv:Header><soapenv:Body><urn:` + operation + `>`)
	if inside != nil {
		if err := inside(&b); err != nil {
			return nil, &crm.Error{Op: "salesforce." + operation, Kind: crm.Invalid, Err: err}
		}
	}
	b.WriteString(`</urn:` + operation + `></soapenv:Body></soapenv:Envelope>`)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, g.instance.String()+"/services/Soap/"+api+"/"+s.version, &b)
	if err != nil {
		return nil, &crm.Error{Op: "salesforce." + operation, Kind: crm.Invalid, Err: err}
	}
	req.Header.Set("Content-Type", "text/xml; charset=UTF-8")
	req.Header.Set("Accept", "text/xml")
	req.Header.Set("SOAPAction", operation)
	body, _, err := s.via.Do(req)
	return body, err
}

// createObject makes a custom object by the Metadata API; code is the org's
// reason where it refuses.
func (s *session) createObject(ctx context.Context, name string, o objectMetadata) (code string, err error) {
	_, g := s.current()
	if g.instance == nil {
		return "", &crm.Error{Op: "salesforce.createMetadata", Kind: crm.Auth, Err: errors.New("not signed in")}
	}
	body, err := s.soap(ctx, g, "m", metadataSpace, "createMetadata", func(b *bytes.Buffer) error {
		o.XMLName, o.FullName, o.Type = xml.Name{Local: "metadata"}, name, "CustomObject"
		return xml.NewEncoder(b).Encode(o)
	})
	if err != nil {
		return codeOf(err), err
	}
	var env struct {
		XMLName xml.Name `xml:"Envelope"`
		Result  *struct {
			Success bool `xml:"success"`
			Errors  []struct {
				Code    string `xml:"statusCode"`
				Message string `xml:"message"`
			} `xml:"errors"`
		} `xml:"Body>createMetadataResponse>result"`
	}
	switch err := xml.Unmarshal(body, &env); {
	case err != nil || env.Result == nil:
		return "", malformed("createMetadata", "the answer does not say whether the object was made")
	case env.Result.Success:
		return "", nil
	}
	message := "no reason given"
	for _, e := range env.Result.Errors {
		code, message = e.Code, e.Message
	}
	return code, &crm.Error{Op: "salesforce.createMetadata", Kind: crm.Invalid, Code: code, Err: errors.New(clean(message))}
}
