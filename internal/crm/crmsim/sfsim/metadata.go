package sfsim

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
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

// metadataRight refuses those who may not use the Metadata API. The one right
// stands for the vendor's several.
func (c *call) metadataRight() *apiError {
	if c.s.denied[CustomizeApplication] {
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

// components are what a createMetadata call brings, all of one type.
func (c *call) components() ([]*xmlNode, *apiError) {
	var list []*xmlNode
	for _, el := range c.soaped.op.kids {
		switch {
		case el.space != metadataSpace || el.name != "metadata":
			return nil, malformed("Element {%s}%s invalid at this location", el.space, el.name)
		case el.kind == "":
			return nil, malformed("Must specify a {%s}type attribute value for the {%s}metadata element", xsi, metadataSpace)
		case el.kind != "CustomObject" && el.kind != "CustomField":
			// The vendor has hundreds more; what it says to a type that it
			// does not have either is not known.
			return nil, refuse(500, "INVALID_TYPE", "Unknown type: %s", el.kind)
		case el.kind != c.soaped.op.kids[0].kind:
			return nil, refuse(500, "INVALID_TYPE", "All components must be of the same type")
		}
		list = append(list, el)
	}
	switch {
	case len(list) == 0:
		return nil, malformed("Element {%s}metadata is missing", metadataSpace)
	case len(list) > mostComponents:
		return nil, refuse(500, "LIMIT_EXCEEDED", "Too many components in the call: %d, the maximum is %d", len(list), mostComponents)
	}
	return list, nil
}

// createMetadata makes objects or fields. What is refused is told component by
// component; a message that is not understood makes nothing.
func (c *call) createMetadata() (*answer, *apiError) {
	if e := c.metadataRight(); e != nil {
		return nil, e
	}
	list, e := c.components()
	if e != nil {
		return nil, e
	}
	do := make([]func() *apiError, len(list))
	for i, el := range list {
		if do[i], e = c.component(el); e != nil {
			return nil, e
		}
	}
	bad := make([]*apiError, len(list))
	all := c.soaped.all == "true" || c.soaped.all == "" && c.soaped.version < partialSince
	clean := c.s.atomically(func() bool {
		good := true
		for i := range do {
			if refused := c.fault.refuses(""); refused != nil {
				bad[i] = refused.whole()
			} else {
				c.s.atomically(func() bool { bad[i] = do[i](); return bad[i] == nil })
			}
			good = good && bad[i] == nil
		}
		return good || !all
	})
	var b strings.Builder
	for i, el := range list {
		switch {
		case bad[i] != nil:
		case !clean:
			bad[i] = rolledBack().whole()
		default:
			c.wrote(c.s.table(el.kind))
		}
		b.WriteString(saveResult(el.kid("fullName").said(), bad[i]))
	}
	c.s.schemaMoved()
	return metadataAnswer("<createMetadataResponse>" + b.String() + "</createMetadataResponse>"), nil
}

// component reads one component and returns what makes it.
func (c *call) component(el *xmlNode) (func() *apiError, *apiError) {
	if el.kind == "CustomField" {
		in, e := readFieldXML(el)
		if e != nil {
			return nil, e
		}
		return func() *apiError { _, e := c.s.makeField(in.FullName, &in.meta, c.now); return e }, nil
	}
	in, e := readObjectXML(el)
	if e != nil {
		return nil, e
	}
	return func() *apiError { return c.s.makeObject(in, c.now) }, nil
}

func saveResult(fullName string, bad *apiError) string {
	if bad == nil {
		return "<result><fullName>" + escape(fullName) + "</fullName><success>true</success></result>"
	}
	var fields strings.Builder
	for _, f := range bad.Fields {
		fields.WriteString("<fields>" + escape(f) + "</fields>")
	}
	return "<result><errors>" + fields.String() + "<message>" + escape(bad.Message) + "</message><statusCode>" + bad.Code + "</statusCode></errors><fullName>" +
		escape(fullName) + "</fullName><success>false</success></result>"
}

// objectElements are what may stand in a CustomObject (Metadata API Developer
// Guide). Those that mean nothing here are taken and forgotten.
var objectElements = []string{
	"fullName", "label", "pluralLabel", "nameField", "sharingModel", "deploymentStatus", "description", "fields",
	"actionOverrides", "allowInChatterGroups", "compactLayoutAssignment", "customHelp", "customHelpPage", "enableActivities", "enableBulkApi",
	"enableEnhancedLookup", "enableFeeds", "enableHistory", "enableLicensing", "enableReports", "enableSearch", "enableSharing", "enableStreamingApi",
	"externalSharingModel", "gender", "household", "recordTypeTrackFeedHistory", "recordTypeTrackHistory", "searchLayouts", "startsWith", "visibility",
}

// readObjectXML reads a CustomObject.
func readObjectXML(el *xmlNode) (*objectMetadata, *apiError) {
	if e := known(el, objectElements, "fields", "actionOverrides"); e != nil {
		return nil, e
	}
	m := &objectMetadata{
		fullName: el.kid("fullName").said(), label: el.kid("label").said(), plural: el.kid("pluralLabel").said(), description: el.kid("description").said(),
		sharing: el.kid("sharingModel").said(), status: el.kid("deploymentStatus").said(), first: 1,
	}
	if name := el.kid("nameField"); name != nil {
		if e := known(name, fieldElements); e != nil {
			return nil, e
		}
		m.nameKind, m.nameLabel, m.nameFormat = name.kid("type").said(), name.kid("label").said(), name.kid("displayFormat").said()
		if first := name.kid("startingNumber"); first != nil {
			n, err := strconv.ParseUint(first.said(), 10, 32)
			if err != nil {
				return nil, malformed("'%s' is not a valid value for the type xsd:int", first.said())
			}
			m.first = n
		}
	}
	for value, among := range map[string][]string{m.sharing: sharingModels, m.status: {"", "Deployed", "InDevelopment"}, m.nameKind: append([]string{""}, fieldTypes...)} {
		if !slices.Contains(among, value) {
			return nil, malformed("'%s' is not a valid value for the enum", value)
		}
	}
	for _, k := range el.kids {
		if k.name == "fields" {
			f, e := readFieldXML(k)
			if e != nil {
				return nil, e
			}
			m.fields = append(m.fields, f)
		}
	}
	return m, nil
}

// known refuses elements that a type does not have, and those that come twice
// though there can be but one.
func known(el *xmlNode, names []string, many ...string) *apiError {
	seen := map[string]bool{}
	for _, k := range el.kids {
		switch {
		case k.space != metadataSpace || !slices.Contains(names, k.name):
			return malformed("Element {%s}%s invalid at this location in type %s", k.space, k.name, el.label())
		case seen[k.name] && !slices.Contains(many, k.name):
			return malformed("Element %s is duplicated at this location in type %s", k.name, el.label())
		}
		seen[k.name] = true
	}
	return nil
}

func (el *xmlNode) label() string {
	if el.kind != "" {
		return el.kind
	}
	return el.name
}

// readMetadata answers with the objects of the names asked for, as admins made
// them; of the vendor's own objects with their custom fields alone.
func (c *call) readMetadata() (*answer, *apiError) {
	if e := c.metadataRight(); e != nil {
		return nil, e
	}
	if kind := c.soaped.op.kid("type").said(); kind != "CustomObject" {
		return nil, refuse(500, "INVALID_TYPE", "Unknown type: %s", kind)
	}
	var b strings.Builder
	n := 0
	for _, k := range c.soaped.op.kids {
		if k.name != "fullNames" {
			continue
		}
		if n++; n > mostComponents {
			return nil, refuse(500, "LIMIT_EXCEEDED", "Too many names in the call, the maximum is %d", mostComponents)
		}
		t := c.s.table(k.said())
		if t == nil || t.tooling || !t.layout {
			b.WriteString(`<records xsi:nil="true"/>`)
			continue
		}
		b.WriteString(t.xml())
		c.served(c.s.table("CustomObject"), 1)
	}
	return metadataAnswer("<readMetadataResponse><result>" + b.String() + "</result></readMetadataResponse>"), nil
}

// xml is an object as readMetadata shows it.
func (t *table) xml() string {
	var b strings.Builder
	put := func(name string, v any) {
		if v != nil && v != "" {
			fmt.Fprintf(&b, "<%s>%s</%s>", name, escape(fmt.Sprint(v)), name)
		}
	}
	b.WriteString(`<records xsi:type="CustomObject">`)
	put("fullName", t.name)
	if t.object != nil {
		put("deploymentStatus", t.object.status)
		put("description", t.object.description)
	}
	for _, f := range t.fields {
		if !f.custom {
			continue
		}
		b.WriteString("<fields>")
		put("fullName", f.name)
		meta := f.metadata()
		for _, name := range []string{
			"defaultValue", "externalId", "inlineHelpText", "label", "length", "precision", "referenceTo", "relationshipName", "required", "scale", "type", "unique",
		} {
			put(name, meta[name])
		}
		if f.kind == "picklist" {
			fmt.Fprintf(&b, "<valueSet><restricted>%t</restricted><valueSetDefinition><sorted>false</sorted>", f.restricted)
			for _, v := range f.values {
				fmt.Fprintf(&b, "<value><fullName>%s</fullName><default>%t</default><label>%s</label></value>", escape(v), f.def == v, escape(v))
			}
			b.WriteString("</valueSetDefinition></valueSet>")
		}
		if f.long() {
			put("visibleLines", meta["visibleLines"])
		}
		b.WriteString("</fields>")
	}
	put("label", t.label)
	if t.object != nil {
		name := t.exact["Name"]
		b.WriteString("<nameField>")
		put("displayFormat", name.format)
		put("label", name.label)
		put("type", map[bool]string{true: "AutoNumber", false: "Text"}[name.format != ""])
		b.WriteString("</nameField>")
	}
	put("pluralLabel", t.plural)
	if t.object != nil {
		put("sharingModel", t.object.sharing)
	}
	b.WriteString("</records>")
	return b.String()
}

// kindIsSOAP reports whether a request is one to the Metadata API, understood
// or not, which is refused in XML.
func (c *call) kindIsSOAP() bool { return c.soaped != nil || c.kind == "metadata" }
