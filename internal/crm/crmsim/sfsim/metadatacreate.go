package sfsim

import "strings"

// createMetadata: objects and fields.

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
