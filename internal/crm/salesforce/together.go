package salesforce

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"github.com/tidwall/gjson"
	"go.uber.org/zap"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/transport"
)

// writesPerComposite is how many collections one composite request may hold:
// of its 25 subrequests five may be queries or collections (read 2026-11-20;
// older pages speak of queries alone).
const writesPerComposite = 5

// togetherKey marks the context of a composite request that writes. Others
// hold queries alone and may be sent again.
type togetherKey struct{}

func writesTogether(req *http.Request) bool { return req.Context().Value(togetherKey{}) != nil }

// together sends up to 1,000 records in one request of up to five collections
// and returns those to send once more. What the org did not carry out this way
// goes out in calls of its own; what it may have carried out is Unknown.
func (w *writing) together(ctx context.Context, records []*record) (left []*record, err error) {
	parts := slices.Collect(slices.Chunk(records, writeBatch))
	replies, err := w.composite(ctx, parts)
	if err != nil {
		return w.refused(ctx, records, err)
	}
	var refused []refusal
	for i, r := range replies {
		if r.err != nil && !processed(r.err) {
			refused = append(refused, refusal{parts[i], r.err})
			continue
		}
		again, fault := w.took(ctx, parts[i], r)
		left = append(left, again...)
		switch {
		case crm.KindOf(fault) == crm.Malformed:
			// The records will tell what became of them: no reason to stop.
			w.c.separate(fault)
		case fault != nil && err == nil:
			err = fault
		case governed(r.answer):
			w.c.separate(errors.New("a limit of one transaction was reached, which all records of a request share"))
		}
	}
	if err != nil {
		for _, r := range refused {
			w.all(r.records, crm.Outcome{Status: crm.NotSent, Code: codeOf(r.err)})
		}
		return left, err
	}
	again, err := w.alone(ctx, refused)
	return append(left, again...), err
}

// refusal is a part of a composite request that was not carried out.
type refusal struct {
	records []*record
	err     error
}

// alone sends what a composite request was refused for in calls of its own. If
// the org takes it so, writes travel alone from then on.
func (w *writing) alone(ctx context.Context, refused []refusal) (left []*record, err error) {
	for _, r := range refused {
		if w.drop(r.records, named(r.err.Error())) {
			left = append(left, w.kept(r.records, r.err)...)
			continue
		}
		p := w.call(ctx, r.records)
		switch crm.KindOf(r.err) {
		case crm.Auth, crm.Quota, crm.RateLimited: // not of composite requests
		default:
			if p.err == nil {
				w.c.separate(r.err)
			}
		}
		again, err := w.took(ctx, r.records, p)
		left = append(left, again...)
		if err != nil {
			return left, err
		}
	}
	return left, nil
}

// composite sends parts in one request and returns one reply a part. The error
// is one that a call of its own would have met as well.
func (w *writing) composite(ctx context.Context, parts [][]*record) ([]reply, error) {
	// Not collated: each collection stays a transaction with an answer of its own.
	payload := []byte(`{"allOrNone":false,"collateSubrequests":false,"compositeRequest":[`)
	for i, part := range parts {
		payload = crm.AppendMember(append(crm.Comma(payload), '{'), "method", w.method)
		payload = crm.AppendMember(payload, "url", w.c.data(collections))
		payload = crm.AppendMember(payload, "referenceId", ref(i))
		payload = append(append(crm.AppendName(payload, "body"), w.collection(part)...), '}')
	}
	payload = append(payload, `]}`...)
	ctx = context.WithValue(ctx, togetherKey{}, true)
	body, _, err := w.c.do(ctx, http.MethodPost, w.c.data("composite"), json.RawMessage(payload))
	switch kind := crm.KindOf(err); {
	case err == nil:
		return replies(transport.Parse(body), len(parts)), nil
	case kind == crm.Invalid, kind == crm.NotFound, kind == crm.Permission:
		return slices.Repeat([]reply{{err: err}}, len(parts)), nil
	}
	return nil, err
}

// replies finds the reply to each of n subrequests by its name. One that is
// missing, or there twice, may have been carried out.
func replies(answer gjson.Result, n int) []reply {
	missing := malformed("write", "the answer to a composite request does not hold one result a subrequest")
	list := answer.Get("compositeResponse").Array()
	byRef := map[string][]gjson.Result{}
	for _, a := range list {
		byRef[a.Get("referenceId").String()] = append(byRef[a.Get("referenceId").String()], a)
	}
	// A request over a limit is answered by a single result without a name
	// (a payload in guardian/support-service-lambdas#766): nothing was done.
	if len(list) == 1 && list[0].Get("referenceId").Type == gjson.Null {
		if err := subFault(list[0]); err != nil {
			missing = err
		}
	}
	out := make([]reply, n)
	for i := range out {
		out[i].err = missing
		if a := byRef[ref(i)]; len(a) == 1 {
			out[i] = reply{a[0].Get("body"), subFault(a[0])}
		}
	}
	return out
}

// subFault is the error of a subrequest, nil if it was carried out.
func subFault(a gjson.Result) error {
	status := int(a.Get("httpStatusCode").Int())
	if status >= 200 && status <= 299 {
		return nil
	}
	return subError("write", status, a.Get("body"))
}

// governed reports whether records were refused for a limit of the transaction.
func governed(answer gjson.Result) bool {
	return slices.ContainsFunc(answer.Array(), func(v gjson.Result) bool {
		return !v.Get("success").Bool() && overGovernor(faultIn(v.Get("errors.0")))
	})
}

// separate notes that the org does not take writes together.
func (c *Client) separate(reason error) {
	if c.apart.CompareAndSwap(false, true) {
		c.log.Warn("writes do not go through together and travel 200 a call from now on; composite_writes: false says so for good", zap.Error(reason))
	}
}
