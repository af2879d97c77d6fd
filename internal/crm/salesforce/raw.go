package salesforce

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/simpleforce/simpleforce"
	"github.com/tidwall/gjson"

	"github.com/handoffscore/syncd/internal/crm"
)

// carrier lets simpleforce travel on the connection's transport, bound to one
// caller's context. An error answer becomes an error here: simpleforce would
// log the body, and panics on an empty list of errors.
type carrier struct {
	ctx context.Context
	c   *Client
}

func (k carrier) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(k.ctx)
	req.Header.Del("Authorization") // the session signs
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Sforce-Call-Options", "client=syncd/1.0")
	body, h, err := k.c.send(req)
	if err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: http.StatusOK, Status: "200 OK", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: h, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: req,
	}, nil
}

// raw reads one resource through simpleforce and gives its bytes. It serves
// the few set-up calls of a pass.
func (c *Client) raw(ctx context.Context, resource string) (body []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &crm.Error{Op: "salesforce.request", Kind: crm.Malformed, Err: fmt.Errorf("answer broke the client library: %v", p)}
		}
	}()
	sf := simpleforce.NewClient(c.base.String(), "syncd", c.version)
	sf.SetHttpClient(&http.Client{Transport: carrier{ctx, c}})
	sf.SetSidLoc("held-by-the-session", c.base.Scheme+"://"+c.base.Host)
	body, err = sf.ApexREST(http.MethodGet, c.data(resource)[1:], nil)
	var e *crm.Error
	if err != nil && !errors.As(err, &e) {
		err = &crm.Error{Op: "salesforce.request", Kind: crm.Unavailable, Err: plainURL(err)}
	} else if err != nil {
		err = e
	}
	return body, err
}

// small runs a set-up query whose rows fit one page.
func (c *Client) small(ctx context.Context, soql string) ([]gjson.Result, error) {
	body, err := c.raw(ctx, "query?q="+url.QueryEscape(soql))
	if err != nil {
		return nil, err
	}
	return gjson.GetBytes(body, "records").Array(), nil
}

func plainURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
