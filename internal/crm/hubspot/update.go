package hubspot

import (
	"bytes"
	"context"
	"net/http"
	"strconv"

	"github.com/tidwall/gjson"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/transport"
)

// change sends one batch that makes or changes records. Of a refusal it returns
// what HubSpot said in full, beside the error.
func (c *Client) change(ctx context.Context, object string, inputs []input) (gjson.Result, fault, error) {
	body, verb := bodyOf(inputs), "update"
	if inputs[0].id == "" {
		verb = "create"
	}
	var trip processed
	req, err := http.NewRequestWithContext(context.WithValue(ctx, processedKey{}, &trip), http.MethodPost, c.base.String()+c.api.path("/crm/v3/objects/"+object+"/batch/"+verb), bytes.NewReader(body))
	if err != nil {
		return gjson.Result{}, fault{}, &crm.Error{Op: "hubspot.write", Kind: crm.Invalid, Err: err}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "syncd")
	status, h, answer, err := c.t.Answer(req)
	if err != nil && !trip.maybe.Load() {
		err = notSent(err)
	}
	if err != nil {
		return gjson.Result{}, fault{}, err
	}
	r := transport.Parse(answer)
	if status < 300 && gjson.ValidBytes(answer) && r.IsObject() {
		return r, fault{}, nil
	}
	v := c.policy.verdict(req, status, h, answer)
	failed := &crm.Error{
		Op: "hubspot.write", Kind: v.Kind, Code: v.Code, After: v.After, Fix: v.Fix,
		Err: answered(req, status, v.Message),
	}
	if v.Again || v.Reauth {
		return gjson.Result{}, fault{}, notSent(failed)
	}
	return gjson.Result{}, faultOf(answer), failed
}

// input is one record as it travels. One that is to be made has no id.
type input struct {
	id         string
	properties map[string]string
	trace      string // names the record in answers
	links      []linkTo
}

// linkTo is what a new record is to be associated with.
type linkTo struct {
	id  string
	typ int64 // HUBSPOT_DEFINED
}

// bodyOf is the body of a batch. A trace id of its own for each record asks for
// answers record by record.
func bodyOf(inputs []input) []byte {
	b := append(make([]byte, 0, 2048*len(inputs)), `{"inputs":[`...)
	for i, in := range inputs {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '{')
		if in.id != "" {
			b = append(crm.AppendText(append(b, `"id":`...), in.id), ',')
		}
		b = crm.AppendTexts(append(b, `"properties":`...), in.properties)
		for k, l := range in.links {
			b = append(b, [...]string{`,"associations":[`, `,`}[min(k, 1)]...)
			b = crm.AppendText(append(b, `{"to":{"id":`...), l.id)
			b = append(b, `},"types":[{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":`...)
			b = append(strconv.AppendInt(b, l.typ, 10), `}]}`...)
		}
		if len(in.links) > 0 {
			b = append(b, ']')
		}
		b = append(crm.AppendText(append(b, `,"objectWriteTraceId":`...), in.trace), '}')
	}
	return append(b, `]}`...)
}

// unwritten is an error that proves that nothing was written.
type unwritten struct{ error }

func notSent(err error) error { return unwritten{err} }

func (u unwritten) Unwrap() error { return u.error }
