package sfsim

import (
	"encoding/xml"
	"net/http"
	"strconv"
	"strings"
)

// The Metadata API by SOAP, as far as objects and fields are made through it:
// createMetadata and readMetadata of CustomObject, createMetadata of CustomField.

const (
	metadataSpace  = "http://soap.sforce.com/2006/04/metadata"
	soapSpace      = "http://schemas.xmlsoap.org/soap/envelope/"
	mostComponents = 10 // of one call (Metadata API Developer Guide, createMetadata, read 2026-11)
	partialSince   = 34 // API version from which the good ones of a call are kept by default (ibid.)
)

// A soapCall is a call of the Metadata API before anybody looked into it.
type soapCall struct {
	version float64
	session string
	all     string // what AllOrNoneHeader says
	op      *xmlNode
}

// routeMetadata is /services/Soap/m/{version}[/{org}].
func (c *call) routeMetadata(version string) endpoint {
	c.kind = "metadata"
	in, e := c.soapCall(version)
	if e != nil {
		return endpoint{handle: func() (*answer, *apiError) { return nil, e }}
	}
	c.soaped = in
	switch in.op.name {
	case "createMetadata":
		c.kind, c.object = "metadata create", in.op.kid("metadata").typed()
		return endpoint{handle: c.createMetadata, lock: writes, soap: true}
	case "readMetadata":
		c.kind, c.object = "metadata read", in.op.kid("type").said()
		return endpoint{handle: c.readMetadata, lock: reads, soap: true}
	}
	return endpoint{handle: func() (*answer, *apiError) {
		return nil, malformed("No operation available for request {%s}%s, please check the WSDL for the service.", in.op.space, in.op.name)
	}}
}

func (el *xmlNode) typed() string {
	if el == nil {
		return ""
	}
	return el.kind
}

// malformed is the fault of a message that nobody can serve.
func malformed(format string, args ...any) *apiError {
	return refuse(http.StatusInternalServerError, soapClient, format, args...)
}

const soapClient = "soapenv:Client"

// soapCall reads the envelope.
func (c *call) soapCall(version string) (*soapCall, *apiError) {
	if c.r.Method != http.MethodPost {
		return nil, notAllowed(c.r.Method, "POST")
	}
	v, err := strconv.ParseFloat(version, 64)
	if err != nil || v < firstVersion || v > lastVersion || !strings.HasSuffix(version, ".0") {
		return nil, refuse(500, "UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL")
	}
	if kind := c.r.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/xml") && !strings.HasPrefix(kind, "application/soap+xml") {
		return nil, down(415, "Unsupported Media Type")
	}
	if c.r.Header.Values("SOAPAction") == nil {
		return nil, malformed("SOAPAction HTTP header missing")
	}
	doc, err := parseXML(c.body)
	if err != nil {
		return nil, malformed("The markup in the document is malformed: %s", err)
	}
	body := doc.kid("Body")
	if doc.name != "Envelope" || doc.space != soapSpace || body == nil || body.space != soapSpace || len(body.kids) != 1 {
		return nil, malformed("A SOAP envelope with one operation in its body is expected")
	}
	in := &soapCall{version: v, op: body.kids[0]}
	if in.op.space != metadataSpace {
		return nil, malformed("No operation available for request {%s}%s, please check the WSDL for the service.", in.op.space, in.op.name)
	}
	header := doc.kid("Header")
	in.session = header.kid("SessionHeader").kid("sessionId").said()
	in.all = header.kid("AllOrNoneHeader").kid("allOrNone").said()
	return in, nil
}

// soapSignIn finds the session that a SOAP message names.
func (c *call) soapSignIn() *apiError {
	if c.session = c.s.auth.use(c.soaped.session, c.now); c.session == nil {
		return refuse(500, "INVALID_SESSION_ID", "Invalid Session ID found in SessionHeader: Illegal Session")
	}
	return nil
}

// metadataRight refuses those who may not use the Metadata API, or change the
// schema at all. What the vendor tells the latter is not written down.
func (c *call) metadataRight() *apiError {
	if c.s.denied[ModifyMetadata] || c.s.denied[CustomizeApplication] {
		return refuse(500, "INSUFFICIENT_ACCESS", "use of the Metadata API requires a user with the ModifyAllData or ModifyMetadata permissions")
	}
	return nil
}

// soapRefusal is an error as a SOAP fault.
func soapRefusal(e *apiError) *answer {
	code, text := "sf:"+e.Code, e.Code+": "+e.Message
	if e.Code == soapClient {
		code, text = e.Code, e.Message
	}
	return &answer{status: http.StatusInternalServerError, kind: "text/xml;charset=UTF-8", body: []byte(`<?xml version="1.0" encoding="UTF-8"?>` +
		`<soapenv:Envelope xmlns:soapenv="` + soapSpace + `" xmlns:sf="` + metadataSpace + `"><soapenv:Body><soapenv:Fault><faultcode>` + code +
		`</faultcode><faultstring>` + escape(text) + `</faultstring></soapenv:Fault></soapenv:Body></soapenv:Envelope>`)}
}

func metadataAnswer(inner string) *answer {
	return &answer{status: http.StatusOK, kind: "text/xml;charset=UTF-8", body: []byte(`<?xml version="1.0" encoding="UTF-8"?>` +
		`<soapenv:Envelope xmlns:soapenv="` + soapSpace + `" xmlns="` + metadataSpace + `" xmlns:xsi="` + xsi + `"><soapenv:Body>` + inner + `</soapenv:Body></soapenv:Envelope>`)}
}

func escape(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text))
	return b.String()
}

// kindIsSOAP reports whether a request is one to the Metadata API, understood
// or not, which is refused in XML.
func (c *call) kindIsSOAP() bool { return c.soaped != nil || c.kind == "metadata" }
