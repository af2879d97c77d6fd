package hubspot

import (
	"bytes"
	"context"
	"io"
	"net/http"

	"github.com/tidwall/gjson"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/transport"
)

// update sends one batch update. Of a refusal it returns what HubSpot said in
// full, beside the error.
func (c *Client) update(ctx context.Context, inputs []updateInput) (gjson.Result, fault, error) {
	body := bodyOf(inputs)
	var trip processed
	req, err := http.NewRequestWithContext(context.WithValue(ctx, processedKey{}, &trip), http.MethodPost, c.base.String()+path(c.version, "/crm/v3/objects/deals/batch/update"), bytes.NewReader(body))
	if err != nil {
		return gjson.Result{}, fault{}, &crm.Error{Op: "hubspot.write", Kind: crm.Invalid, Err: err}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "syncd")
	release, err := c.slot(ctx)
	if err != nil {
		return gjson.Result{}, fault{}, notSent(err)
	}
	resp, err := c.t.RoundTrip(req)
	release()
	if err != nil && !trip.maybe.Load() {
		err = notSent(err)
	}
	if err != nil {
		return gjson.Result{}, fault{}, err
	}
	defer resp.Body.Close()
	answer := make([]byte, resp.ContentLength)
	if _, err := io.ReadFull(resp.Body, answer); err != nil {
		return gjson.Result{}, fault{}, &crm.Error{Op: "hubspot.write", Kind: crm.Malformed, Err: err}
	}
	r := transport.Parse(answer)
	if resp.StatusCode < 300 && gjson.ValidBytes(answer) && r.IsObject() {
		return r, fault{}, nil
	}
	v := c.policy.verdict(req, resp.StatusCode, resp.Header, answer)
	failed := &crm.Error{
		Op: "hubspot.write", Kind: v.Kind, Code: v.Code, After: v.After, Fix: v.Fix,
		Err: answered(req, resp.StatusCode, v.Message),
	}
	if v.Again || v.Reauth {
		return gjson.Result{}, fault{}, notSent(failed)
	}
	return gjson.Result{}, faultOf(answer), failed
}

// updateInput is one deal's update as it travels.
type updateInput struct {
	id         string
	properties map[string]string
}

// bodyOf is the body of a batch update. A trace id of its own for each record
// asks for answers record by record.
func bodyOf(inputs []updateInput) []byte {
	b := append(make([]byte, 0, 2048*len(inputs)), `{"inputs":[`...)
	for i, in := range inputs {
		if i > 0 {
			b = append(b, ',')
		}
		b = crm.AppendText(append(b, `{"id":`...), in.id)
		b = crm.AppendTexts(append(b, `,"properties":`...), in.properties)
		b = append(crm.AppendText(append(b, `,"objectWriteTraceId":`...), in.id), '}')
	}
	return append(b, `]}`...)
}

// unwritten is an error that proves that nothing was written.
type unwritten struct{ error }

func notSent(err error) error { return unwritten{err} }

func (u unwritten) Unwrap() error { return u.error }
