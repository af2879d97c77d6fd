package hubspot

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/tidwall/gjson"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/transport"
)

// get reads one JSON resource. p is a v3 or v4 path.
func (c *Client) get(ctx context.Context, p string, query url.Values) (gjson.Result, http.Header, error) {
	return c.ask(ctx, http.MethodGet, p, query, nil)
}

// post sends a question or a write. p is a v3 or v4 path.
func (c *Client) post(ctx context.Context, p string, payload any) (gjson.Result, http.Header, error) {
	return c.ask(ctx, http.MethodPost, p, nil, payload)
}

// broken is how often a read whose answer is broken JSON is asked again.
const broken = 2

// ask sends one request. Its answer is a JSON object; anything else is an
// error. Reads with a broken answer are asked again.
func (c *Client) ask(ctx context.Context, method, p string, query url.Values, payload any) (gjson.Result, http.Header, error) {
	var body []byte
	if payload != nil {
		var err error
		if body, err = encode(payload); err != nil {
			return gjson.Result{}, nil, &crm.Error{Op: "hubspot.request", Kind: crm.Invalid, Err: err}
		}
	}
	for try := 0; ; try++ {
		req, err := http.NewRequestWithContext(ctx, method, c.base.String()+c.api.path(p), bytes.NewReader(body))
		if err != nil {
			return gjson.Result{}, nil, &crm.Error{Op: "hubspot.request", Kind: crm.Invalid, Err: err}
		}
		req.URL.RawQuery = query.Encode()
		req.Header.Set("Accept", "application/json")
		req.Header.Set("User-Agent", "syncd")
		if payload == nil {
			req.Body, req.ContentLength = nil, 0
		} else {
			req.Header.Set("Content-Type", "application/json")
		}
		r, h, err := c.send(req)
		if err == nil || try >= broken || !c.policy.Safe(req) || !malformedJSON(err) || ctx.Err() != nil {
			return r, h, err
		}
	}
}

func (c *Client) send(req *http.Request) (gjson.Result, http.Header, error) {
	body, h, err := c.t.Do(req)
	if err != nil {
		return gjson.Result{}, nil, err
	}
	if !gjson.ValidBytes(body) {
		return gjson.Result{}, nil, &crm.Error{
			Op: "hubspot." + c.policy.Kind(req), Kind: crm.Malformed, Code: codeBroken,
			Err: fmt.Errorf("%s %s answered with broken JSON", req.Method, req.URL.Path), Fix: fixBase,
		}
	}
	r := transport.Parse(body)
	if !r.IsObject() {
		return gjson.Result{}, nil, malformed(c.policy.Kind(req), "the answer is not a JSON object")
	}
	return r, h, nil
}

const codeBroken = "BROKEN_JSON" // ours

func malformedJSON(err error) bool { return codeOf(err) == codeBroken }

func encode(payload any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(payload)
	return b.Bytes(), err
}

// codeOf is the vendor's code of the first *crm.Error in err's chain.
func codeOf(err error) string {
	var e *crm.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// refusedKind reports an error that says no to a whole kind of request, and
// would say so again.
func refusedKind(err error) (*crm.Error, bool) {
	var e *crm.Error
	if !errors.As(err, &e) {
		return nil, false
	}
	return e, e.Kind == crm.Permission || e.Kind == crm.NotFound || e.Kind == crm.Invalid
}

// malformed is an answer that breaks what the API promises.
func malformed(op, what string) error {
	return &crm.Error{Op: "hubspot." + op, Kind: crm.Malformed, Err: errors.New(what)}
}
