package hubspot

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/crmsim/hssim"
)

func (p *portal) write(t *testing.T, updates ...crm.Update) ([]crm.Outcome, error) {
	t.Helper()
	out, err := p.Write(context.Background(), updates)
	if len(out) != len(updates) {
		t.Fatalf("%d outcomes of %d updates", len(out), len(updates))
	}
	for i := range out {
		if out[i].ID != updates[i].ID {
			t.Fatalf("outcome %d is of %s, want %s", i, out[i].ID, updates[i].ID)
		}
	}
	return out, err
}

func tally(out []crm.Outcome) map[crm.Status]int {
	n := map[crm.Status]int{}
	for _, o := range out {
		n[o.Status]++
	}
	return n
}

func score(id crm.DealID, text string) crm.Update {
	return crm.Update{ID: id, Fields: map[string]string{"score": text}}
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	p := newPortal(t, 2, hssim.Options{}, Options{})
	id := p.ids(1)[0]
	want := map[string]string{
		"status": "needs CSM", "score": "34", "gaps": "1.3 Why now\n2.2 Sponsor", "hold": "true", "due_at": "2026-11-22T09:30:00.000Z",
	}
	out, err := p.write(t, crm.Update{ID: id, Fields: want})
	if err != nil || out[0].Status != crm.Confirmed {
		t.Fatalf("%+v %v", out, err)
	}
	d := p.load(t, id)[id]
	for name, text := range want {
		if got := d.Fields.Get(name).Text; got != text {
			t.Errorf("%s is %q, want %q", name, got, text)
		}
	}
	if got, _ := p.Get("deals", string(id), "handoff_score"); got != "34" {
		t.Errorf("the portal holds %q", got)
	}
	for name := range want {
		want[name] = ""
	}
	if out, err = p.write(t, crm.Update{ID: id, Fields: want}); err != nil || out[0].Status != crm.Confirmed {
		t.Fatalf("%+v %v", out, err)
	}
	d = p.load(t, id)[id]
	for name := range want {
		if !d.Fields.Get(name).Blank() {
			t.Errorf("%s is %+v after it was cleared", name, d.Fields.Get(name))
		}
	}
}

func TestOnePoisonRecordOfAHundred(t *testing.T) {
	for name, o := range map[string]hssim.Options{"refused as a whole": {}, "refused row by row": {ValidationAs207: true}} {
		for _, version := range []string{"2026-03", "2026-09", "v3"} {
			t.Run(name+" "+version, func(t *testing.T) {
				p := newPortal(t, 100, o, Options{APIVersion: version})
				var updates []crm.Update
				for i, id := range p.ids(100) {
					u := score(id, fmt.Sprint(i))
					if i == 37 || i == 71 {
						u.Fields["status"] = "unheard of"
					}
					updates = append(updates, u)
				}
				out, err := p.write(t, updates...)
				if err != nil {
					t.Fatal(err)
				}
				if n := tally(out); n[crm.Confirmed] != 98 || n[crm.Rejected] != 2 {
					t.Fatalf("%v", n)
				}
				bad := out[37]
				if bad.Class != crm.ClassInvalid || bad.Code != "INVALID_OPTION" || len(bad.Fields) != 1 || bad.Fields[0] != "status" || !strings.Contains(bad.Message, "handoff_status") {
					t.Errorf("%+v", bad)
				}
				for i := range 100 {
					got, _ := p.Get("deals", p.DealID(i), "handoff_score")
					if want := map[bool]string{true: fmt.Sprint(i)}[i != 37 && i != 71]; got != want {
						t.Errorf("deal %d holds %q, want %q", i, got, want)
					}
				}
				if calls := p.Client.Calls()["write"]; calls > 16 {
					t.Errorf("%d requests to find one bad value", calls)
				}
			})
		}
	}
}

// A property that was taken away refuses every record; that is learnt from the
// first answer and not found out a hundred times.
func TestAPropertyThatIsGone(t *testing.T) {
	p := newPortal(t, 100, hssim.Options{}, Options{})
	if _, err := p.Describe(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := p.HideProperty("deals", "handoff_score"); err != nil {
		t.Fatal(err)
	}
	var updates []crm.Update
	for i, id := range p.ids(100) {
		u := crm.Update{ID: id, Fields: map[string]string{"gaps": "none"}}
		if i < 60 {
			u.Fields["score"] = "12"
		}
		updates = append(updates, u)
	}
	out, err := p.write(t, updates...)
	if err != nil {
		t.Fatal(err)
	}
	if n := tally(out); n[crm.Rejected] != 60 || n[crm.Confirmed] != 40 {
		t.Errorf("%v", n)
	}
	if calls := p.Client.Calls()["write"]; calls > 2 {
		t.Errorf("%d requests, want 2", calls)
	}
}

func TestWritesToTheMergedAndTheDeleted(t *testing.T) {
	p := newPortal(t, 5, hssim.Options{}, Options{})
	ids := p.ids(5)
	survivor, err := p.Merge("deals", string(ids[0]), string(ids[1]))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Archive("deals", string(ids[2])); err != nil {
		t.Fatal(err)
	}
	out, err := p.write(t, score(ids[1], "1"), score(ids[2], "2"), score(ids[3], "3"), score("987654321", "4"))
	if err != nil {
		t.Fatal(err)
	}
	if out[0].Class != crm.ClassGone || !strings.Contains(out[0].Message, survivor) {
		t.Errorf("merged: %+v", out[0])
	}
	if out[1].Class != crm.ClassGone || out[3].Class != crm.ClassGone || out[2].Status != crm.Confirmed {
		t.Errorf("%+v", out)
	}
	if got, _ := p.Get("deals", survivor, "handoff_score"); got != "" {
		t.Errorf("the survivor was written for the one that was merged away: %q", got)
	}
}

// In 2026-09 an admin's rule may refuse a write for a property we never send.
func TestConditionalRequiredProperties(t *testing.T) {
	rule := hssim.Requirement{Object: "deals", When: "hs_priority", Equals: "high", Required: "hs_next_step"}
	p := newPortal(t, 10, hssim.Options{ConditionalRequired: []hssim.Requirement{rule}}, Options{APIVersion: "2026-09"})
	if err := p.Set("deals", p.DealID(4), "hs_priority", "high"); err != nil {
		t.Fatal(err)
	}
	var updates []crm.Update
	for _, id := range p.ids(10) {
		updates = append(updates, score(id, "5"))
	}
	out, err := p.write(t, updates...)
	if err != nil || tally(out)[crm.Confirmed] != 9 {
		t.Fatalf("%v %v", tally(out), err)
	}
	if o := out[4]; o.Class != crm.ClassValidation || len(o.Fields) != 1 || o.Fields[0] != "hs_next_step" {
		t.Errorf("%+v", o)
	}
}

func TestSingleRecordsThatAreRefused(t *testing.T) {
	for category, class := range map[string]crm.Class{
		"VALIDATION_ERROR": crm.ClassValidation, "FORBIDDEN": crm.ClassPermission, "OBJECT_NOT_FOUND": crm.ClassGone,
		"LOCKED": crm.ClassLocked, "INTERNAL_ERROR": crm.ClassBusy,
	} {
		t.Run(category, func(t *testing.T) {
			p := newPortal(t, 3, hssim.Options{ValidationAs207: true}, Options{})
			p.AddFault(hssim.Fault{
				Do: hssim.RefuseRecords, On: "batch_update", IDs: []string{p.DealID(1)}, Category: category, Times: -1,
				Message: "Ask kim@harbor.example or call +49 30 1234567",
			})
			out, err := p.write(t, score(p.ids(3)[0], "1"), score(p.ids(3)[1], "1"), score(p.ids(3)[2], "1"))
			if err != nil || tally(out)[crm.Confirmed] != 2 {
				t.Fatalf("%+v %v", out, err)
			}
			if out[1].Class != class || strings.Contains(out[1].Message, "kim") || strings.Contains(out[1].Message, "1234567") {
				t.Errorf("%+v", out[1])
			}
		})
	}
}

// Whatever happens to the request, sent = confirmed + rejected + unknown, and
// what was refused before it was processed was not sent.
func TestWhatMayHaveBeenWrittenIsUnknown(t *testing.T) {
	for mishap, want := range map[hssim.Mishap]struct {
		status crm.Status
		kind   crm.ErrorKind // of Write's error, "" for none
	}{
		hssim.ResetBeforeCommit: {crm.Unknown, ""},
		hssim.ResetAfterCommit:  {crm.Unknown, ""},
		hssim.TruncatedJSON:     {crm.Unknown, ""},
		hssim.TruncatedBody:     {crm.Unknown, ""},
		hssim.EmptyAnswer:       {crm.Unknown, ""},
		hssim.HTMLPage:          {crm.Unknown, ""},
		hssim.ServerError:       {crm.Unknown, ""},
		hssim.BadGateway:        {crm.Unknown, ""},
		hssim.NoScope:           {crm.NotSent, crm.Permission},
		hssim.ExpiredToken:      {crm.NotSent, crm.Auth},
		hssim.Daily:             {crm.NotSent, crm.Quota},
	} {
		t.Run(string(mishap), func(t *testing.T) {
			p := newPortal(t, 2, hssim.Options{}, Options{})
			p.AddFault(hssim.Fault{Do: mishap, On: "batch_update", Times: -1})
			out, err := p.write(t, score(p.ids(2)[0], "1"), score(p.ids(2)[1], "2"))
			if tally(out)[want.status] != 2 {
				t.Errorf("%+v", out)
			}
			if want.kind == "" && err != nil || want.kind != "" && crm.KindOf(err) != want.kind {
				t.Errorf("error %v, want %q", err, want.kind)
			}
			if n := p.Client.Calls()["write"]; n != 1 {
				t.Errorf("sent %d times", n)
			}
		})
	}
}

func TestRefusedBeforeAnythingHappenedIsSentAgain(t *testing.T) {
	for _, mishap := range []hssim.Mishap{hssim.TenSecondly, hssim.Secondly, hssim.Locked, hssim.Migrating} {
		t.Run(string(mishap), func(t *testing.T) {
			t.Parallel()
			p := newPortal(t, 1, hssim.Options{}, Options{})
			p.AddFault(hssim.Fault{Do: mishap, On: "batch_update", RetryAfter: "1"})
			out, err := p.write(t, score(p.ids(1)[0], "1"))
			if err != nil || out[0].Status != crm.Confirmed {
				t.Errorf("%+v %v", out, err)
			}
		})
	}
}

func TestFieldsThatCannotBeWritten(t *testing.T) {
	p := newPortal(t, 1, hssim.Options{}, Options{})
	if err := p.ProtectProperty("deals", "handoff_score"); err != nil {
		t.Fatal(err)
	}
	desc, err := p.Describe(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if desc.Fields["score"].Writable || !strings.Contains(fmt.Sprint(desc.Problems), "handoff_score cannot be written") {
		t.Errorf("%+v %+v", desc.Fields["score"], desc.Problems)
	}
	id := p.ids(1)[0]
	out, err := p.write(t, crm.Update{ID: id, Fields: map[string]string{"score": "3", "gaps": "x", "evidence.1.1": "never"}})
	if err != nil || out[0].Status != crm.Confirmed {
		t.Fatalf("%+v %v", out, err)
	}
	if got, _ := p.Get("deals", string(id), "use_case"); got == "never" {
		t.Error("a field that people write was overwritten")
	}
	out, err = p.write(t, crm.Update{ID: id, Fields: map[string]string{"score": "3"}})
	if err != nil || out[0].Status != crm.Rejected || out[0].Class != crm.ClassPermission {
		t.Errorf("%+v %v", out, err)
	}
}

// One deal twice in a write travels once, with the later values.
func TestOneDealTwice(t *testing.T) {
	p := newPortal(t, 1, hssim.Options{}, Options{})
	id := p.ids(1)[0]
	out, err := p.write(t, score(id, "1"), score(id, "2"))
	if err != nil || tally(out)[crm.Confirmed] != 2 {
		t.Fatalf("%+v %v", out, err)
	}
	if got, _ := p.Get("deals", string(id), "handoff_score"); got != "2" {
		t.Errorf("%q", got)
	}
}

// The body decides, record by record, whatever its status says.
func TestOddAnswersToWrites(t *testing.T) {
	for name, x := range map[string]struct {
		status int
		body   string
		get    string // answer to the look at a deal that is not spoken of
		want   []crm.Status
	}{
		"results in another order":   {200, `{"status":"COMPLETE","results":[{"id":"2"},{"id":"1"}]}`, "", []crm.Status{crm.Confirmed, crm.Confirmed}},
		"numeric ids":                {200, `{"results":[{"id":2},{"id":1}]}`, "", []crm.Status{crm.Confirmed, crm.Confirmed}},
		"errors inside a 200":        {200, `{"results":[{"id":"1"}],"numErrors":1,"errors":[{"category":"VALIDATION_ERROR","context":{"ids":["2"]}}]}`, "", []crm.Status{crm.Confirmed, crm.Rejected}},
		"errors by trace id":         {207, `{"results":[{"id":"1"}],"errors":[{"category":"VALIDATION_ERROR","context":{"objectWriteTraceId":["2"]}}]}`, "", []crm.Status{crm.Confirmed, crm.Rejected}},
		"an error that names nobody": {207, `{"results":[{"id":"1"}],"errors":[{"category":"VALIDATION_ERROR","message":"no"}]}`, "", []crm.Status{crm.Confirmed, crm.Rejected}},
		"a 202 with results":         {202, `{"results":[{"id":"1"},{"id":"2"}]}`, "", []crm.Status{crm.Confirmed, crm.Confirmed}},
		"both refused and confirmed": {207, `{"results":[{"id":"1"},{"id":"2"}],"errors":[{"category":"VALIDATION_ERROR","context":{"ids":["2"]}}]}`, "", []crm.Status{crm.Confirmed, crm.Rejected}},
		"one not spoken of, there":   {200, `{"results":[{"id":"1"}]}`, `{"id":"2"}`, []crm.Status{crm.Confirmed, crm.Unknown}},
		"one not spoken of, merged":  {200, `{"results":[{"id":"1"}]}`, `{"id":"77"}`, []crm.Status{crm.Confirmed, crm.Rejected}},
		"success without results":    {200, `{"status":"COMPLETE"}`, "", []crm.Status{crm.Unknown, crm.Unknown}},
		"results of other records":   {200, `{"results":[{"id":"8"},{"id":"9"}]}`, `{"id":"2"}`, []crm.Status{crm.Rejected, crm.Unknown}},
	} {
		t.Run(name, func(t *testing.T) {
			c, m := mocked(t, Options{})
			m.RegisterResponder("POST", "https://hs.test/crm/v3/objects/deals/batch/update", says(x.status, x.body))
			m.RegisterResponder("GET", `=~^https://hs\.test/crm/v3/objects/deals/\d+`, says(200, x.get))
			out, err := c.Write(context.Background(), []crm.Update{score("1", "1"), score("2", "2")})
			if err != nil {
				t.Fatal(err)
			}
			for i, want := range x.want {
				if out[i].Status != want {
					t.Errorf("deal %s: %v, want %v", out[i].ID, out[i].Status, want)
				}
			}
		})
	}
}

// Values travel as strings, trimmed, "" clears, and every record has a trace
// id of its own.
func TestTheFormOfAWrite(t *testing.T) {
	c, m := mocked(t, Options{})
	var sent []byte
	m.RegisterResponder("POST", "https://hs.test/crm/v3/objects/deals/batch/update", func(r *http.Request) (*http.Response, error) {
		sent, _ = io.ReadAll(r.Body)
		return says(200, `{"results":[{"id":"1"},{"id":"2"}]}`)(r)
	})
	if _, err := c.Write(context.Background(), []crm.Update{score("1", " 12 "), score("2", "")}); err != nil {
		t.Fatal(err)
	}
	in := gjson.GetBytes(sent, "inputs")
	if in.Get("0.properties.handoff_score").Raw != `"12"` || in.Get("1.properties.handoff_score").Raw != `""` {
		t.Errorf("%s", sent)
	}
	if in.Get("0.objectWriteTraceId").String() == in.Get("1.objectWriteTraceId").String() {
		t.Errorf("%s", sent)
	}
}

func TestACancelledWriteIsNotSent(t *testing.T) {
	p := newPortal(t, 1, hssim.Options{}, Options{})
	if _, err := p.Describe(context.Background()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	out, err := p.Write(ctx, []crm.Update{score(p.ids(1)[0], "1")})
	if err == nil || out[0].Status != crm.NotSent {
		t.Errorf("%+v %v", out, err)
	}
	p.AddFault(hssim.Fault{Do: hssim.TimeoutAfter, On: "batch_update"})
	ctx, cancel = context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	out, err = p.Write(ctx, []crm.Update{score(p.ids(1)[0], "1")})
	if err == nil || out[0].Status != crm.Unknown {
		t.Errorf("%+v %v: it may have been written", out, err)
	}
}
