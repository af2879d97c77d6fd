package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/handoffscore/syncd/config"
	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/scorecard"
)

// Bare reads and writes what a pass over the configuration's first connection
// does, and nothing more. like are the texts that each record is written with,
// by the names that syncd keeps of fields.
func Bare(ctx context.Context, cfg *config.Config, like map[string]string) error {
	cards, err := cfg.Cards()
	if err != nil {
		return err
	}
	con := &cfg.Connections[0]
	b := &bare{http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: inFlight}}, slots: make(chan struct{}, inFlight), like: like}
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
	like  map[string]string
}

func (b *bare) call(ctx context.Context, method, path string, in, out any) error {
	b.slots <- struct{}{}
	defer func() { <-b.slots }()
	raw, err := payload(in)
	if err != nil {
		return err
	}
	for {
		status, answer, err := b.send(ctx, method, path, raw, in)
		switch {
		case err != nil:
			return err
		case status == http.StatusTooManyRequests: // a limiter is what it does without
			time.Sleep(time.Second)
		case status > 299:
			return fmt.Errorf("%s %s: %d: %.300s", method, path, status, answer)
		default:
			return json.Unmarshal(answer, out)
		}
	}
}

func payload(in any) ([]byte, error) {
	switch in := in.(type) {
	case nil:
		return nil, nil
	case url.Values:
		return []byte(in.Encode()), nil
	}
	return json.Marshal(in)
}

func (b *bare) send(ctx context.Context, method, path string, raw []byte, in any) (status int, answer []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, method, b.base+path, bytes.NewReader(raw))
	if err != nil {
		return 0, nil, err
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
		return 0, nil, err
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(resp.Body)
	return resp.StatusCode, answer, err
}

// own are the fields of ours that records are written with.
func (b *bare) own() []crm.Field {
	return slices.DeleteFunc(slices.Clone(b.setup.Fields), func(f crm.Field) bool {
		_, ok := b.like[f.Name]
		return f.Writer != crm.Ours || !ok
	})
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
