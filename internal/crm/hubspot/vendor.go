package hubspot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/clarkmcc/go-hubspot/generated/v3/owners"
	"github.com/clarkmcc/go-hubspot/generated/v3/pipelines"
	"github.com/clarkmcc/go-hubspot/generated/v3/properties"
	"github.com/tidwall/gjson"

	"github.com/handoffscore/syncd/internal/crm"
)

// vendor makes the calls that the public client library makes well. Its models
// lack newer fields and refuse whole pages for one odd value, so answers are
// read again from the raw body.
type vendor struct {
	c          *Client
	owners     *owners.APIClient
	pipelines  *pipelines.APIClient
	properties *properties.APIClient
}

func newVendor(c *Client) *vendor {
	web := &http.Client{
		Transport: rewriter{prefix: c.base.Path, api: c.api, next: c.t},
		// A redirect is an answer; a token does not follow it.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	v := &vendor{c: c}
	o := owners.NewConfiguration()
	o.HTTPClient, o.UserAgent, o.Servers = web, "syncd", owners.ServerConfigurations{{URL: c.base.String()}}
	v.owners = owners.NewAPIClient(o)
	p := pipelines.NewConfiguration()
	p.HTTPClient, p.UserAgent, p.Servers = web, "syncd", pipelines.ServerConfigurations{{URL: c.base.String()}}
	v.pipelines = pipelines.NewAPIClient(p)
	d := properties.NewConfiguration()
	d.HTTPClient, d.UserAgent, d.Servers = web, "syncd", properties.ServerConfigurations{{URL: c.base.String()}}
	v.properties = properties.NewAPIClient(d)
	return v
}

// ownerPage reads up to 100 owners.
func (v *vendor) ownerPage(ctx context.Context, after string, archived bool) (gjson.Result, error) {
	return v.results(ctx, func() (*http.Response, error) {
		r := v.owners.OwnersApi.GetPage(ctx).Limit(objectBatch).Archived(archived)
		if after != "" {
			r = r.After(after)
		}
		_, resp, err := r.Execute()
		return resp, err
	})
}

// dealPipelines reads all pipelines of deals with their stages.
func (v *vendor) dealPipelines(ctx context.Context) (gjson.Result, error) {
	return v.results(ctx, func() (*http.Response, error) {
		_, resp, err := v.pipelines.PipelinesApi.GetAll(ctx, "deals").Execute()
		return resp, err
	})
}

// definitions reads the properties of a kind of record.
func (v *vendor) definitions(ctx context.Context, object string) (gjson.Result, error) {
	return v.results(ctx, func() (*http.Response, error) {
		_, resp, err := v.properties.CoreApi.GetAll(ctx, object).Archived(false).Execute()
		return resp, err
	})
}

// results makes a call and reads its answer, which must hold a list of results.
func (v *vendor) results(ctx context.Context, call func() (*http.Response, error)) (gjson.Result, error) {
	for try := 0; ; try++ {
		r, err := v.once(ctx, call)
		if err == nil && !r.Get("results").IsArray() {
			err = malformed("read", "the answer holds no list of results")
		}
		if err == nil || try >= broken || !malformedJSON(err) || ctx.Err() != nil {
			return r, err
		}
	}
}

func (v *vendor) once(ctx context.Context, call func() (*http.Response, error)) (gjson.Result, error) {
	resp, err := call()
	if resp == nil {
		var e *crm.Error
		if errors.As(err, &e) {
			return gjson.Result{}, e
		}
		return gjson.Result{}, &crm.Error{Op: "hubspot.request", Kind: crm.Unavailable, Err: errors.New("the request could not be made")}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return gjson.Result{}, &crm.Error{Op: "hubspot.request", Kind: crm.Unavailable, Err: err}
	}
	req := resp.Request
	op := "hubspot." + v.c.policy.Kind(req)
	if resp.StatusCode >= 300 || !gjson.ValidBytes(body) {
		verdict := v.c.policy.verdict(req, resp.StatusCode, resp.Header, body)
		if resp.StatusCode < 300 && len(body) > 0 && (body[0] == '{' || body[0] == '[') {
			verdict.Code, verdict.Message = codeBroken, "broken JSON"
		}
		return gjson.Result{}, &crm.Error{
			Op: op, Kind: verdict.Kind, Code: verdict.Code, After: verdict.After, Fix: verdict.Fix,
			Err: answered(req, resp.StatusCode, verdict.Message),
		}
	}
	return gjson.ParseBytes(body), nil
}

// answered names a request without its query, and what came of it.
func answered(req *http.Request, status int, message string) error {
	if message == "" {
		return fmt.Errorf("%s %s answered %d", req.Method, req.URL.Path, status)
	}
	return fmt.Errorf("%s %s answered %d: %s", req.Method, req.URL.Path, status, message)
}
