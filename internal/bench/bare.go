package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/handoffscore/syncd/config"
	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/scorecard"
)

// Bare reads and writes what a pass over the configuration's first connection
// does, and nothing more.
func Bare(ctx context.Context, cfg *config.Config) error {
	cards, err := cfg.Cards()
	if err != nil {
		return err
	}
	con := &cfg.Connections[0]
	b := &bare{http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: inFlight}}, slots: make(chan struct{}, inFlight)}
	var used []*scorecard.Card
	for _, id := range con.Scorecards {
		used = append(used, cards[id])
	}
	b.setup = cfg.Setup(con, used)
	if con.CRM == "hubspot" {
		if b.token, err = con.Auth.Token.Value(); err != nil {
			return err
		}
		b.base = con.BaseURL
		return b.hubspot(ctx)
	}
	return b.salesforce(ctx, con)
}

// bare is an HTTP client without any of syncd's care.
type bare struct {
	http  *http.Client
	base  string
	token string
	slots chan struct{}
	setup crm.Setup
}

func (b *bare) call(ctx context.Context, method, path string, in, out any) error {
	b.slots <- struct{}{}
	defer func() { <-b.slots }()
	var body io.Reader
	if form, ok := in.(url.Values); ok {
		body = strings.NewReader(form.Encode())
	} else if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, b.base+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if _, ok := in.(url.Values); ok {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if b.token != "" {
		req.Header.Set("Authorization", "Bearer "+b.token)
	}
	resp, err := b.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode > 299 {
		return fmt.Errorf("%s %s: %s: %.300s", method, path, resp.Status, raw)
	}
	return json.Unmarshal(raw, out)
}

// own are the logical fields that syncd writes.
func (b *bare) own() []crm.Field {
	var list []crm.Field
	for _, f := range b.setup.Fields {
		if f.Writer == crm.Ours && !strings.HasPrefix(f.Base, "category_") {
			list = append(list, f)
		}
	}
	return list
}

// sample is a value that a field takes.
func sample(f crm.Field) any {
	switch f.Kind {
	case crm.Number:
		return 1
	case crm.Bool:
		return true
	case crm.DateTime:
		return "2026-11-20T10:00:00.000Z"
	case crm.Picklist:
		if len(f.Options) > 0 {
			return f.Options[0]
		}
	}
	return "8-34 of 40, 14 items open"
}

// chunks cuts ids and runs do on each piece at once.
func chunks(ctx context.Context, ids []string, size int, do func(context.Context, []string) error) error {
	g, ctx := errgroup.WithContext(ctx)
	for len(ids) > 0 {
		n := min(size, len(ids))
		part := ids[:n]
		ids = ids[n:]
		g.Go(func() error { return do(ctx, part) })
	}
	return g.Wait()
}
