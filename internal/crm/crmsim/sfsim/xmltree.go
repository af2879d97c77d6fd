package sfsim

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// Bounds of the XML that comes from outside. The vendor's are not written down;
// no call that makes sense comes near these.
const (
	deepestXML = 24
	mostXML    = 20_000 // elements
)

// An xmlNode is one element of an XML document, with its text if it has no elements in
// it. Prefixes are resolved.
type xmlNode struct {
	space, name string
	kind        string // xsi:type, without its prefix
	null        bool   // xsi:nil
	text        string
	kids        []*xmlNode
}

const xsi = "http://www.w3.org/2001/XMLSchema-instance"

// parseXML reads a document. What could make more of it than it holds, a
// document type with entities, is refused, and so is what is too deep or too much.
func parseXML(body []byte) (*xmlNode, error) {
	d := xml.NewDecoder(bytes.NewReader(body))
	top := &xmlNode{}
	open := []*xmlNode{top}
	n := 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		in := open[len(open)-1]
		switch token := token.(type) {
		case xml.Directive:
			return nil, errors.New("DTD is not supported")
		case xml.StartElement:
			if n++; n > mostXML || len(open) > deepestXML {
				return nil, errors.New("the document is too large or too deep")
			}
			el := newXMLNode(token)
			in.kids = append(in.kids, el)
			open = append(open, el)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) > 1 {
				in.text += string(token)
			} else if len(bytes.TrimSpace(token)) > 0 {
				return nil, errors.New("content is not allowed outside the root element")
			}
		}
	}
	if len(top.kids) != 1 {
		return nil, errors.New("there must be one root element")
	}
	return top.kids[0], nil
}

func newXMLNode(start xml.StartElement) *xmlNode {
	el := &xmlNode{space: start.Name.Space, name: start.Name.Local}
	for _, a := range start.Attr {
		switch {
		case a.Name.Space != xsi:
		case a.Name.Local == "type":
			el.kind = a.Value[strings.LastIndexByte(a.Value, ':')+1:]
		case a.Name.Local == "nil":
			el.null = a.Value == "true" || a.Value == "1"
		}
	}
	return el
}

// kid finds the first element of a name right inside; nil if there is none, or
// in nil.
func (el *xmlNode) kid(name string) *xmlNode {
	if el == nil {
		return nil
	}
	for _, k := range el.kids {
		if k.name == name {
			return k
		}
	}
	return nil
}

// said is an element's text without the space around it, which the vendor
// trims; "" of nil.
func (el *xmlNode) said() string {
	if el == nil {
		return ""
	}
	return strings.TrimSpace(el.text)
}
