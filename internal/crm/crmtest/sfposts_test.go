package crmtest_test

import (
	"strings"
	"testing"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/crmsim/sfsim"
	"github.com/handoffscore/syncd/internal/crm/crmsim/world"
	"github.com/handoffscore/syncd/internal/crm/crmtest"
	"github.com/handoffscore/syncd/internal/crm/salesforce"
)

// posting is an org with a client that posts what it asks.
func posting(t *testing.T, o sfsim.Options) (*org, *salesforce.Client) {
	t.Helper()
	d := newOrg(t, 50, o)
	setup := crmtest.TaskSetup(d.world, func(f world.Field) string { return f.Salesforce })
	setup.Posts = true
	c, err := salesforce.New(setup, d.auth(salesforce.ClientCredentials), salesforce.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return d, c
}

// at is somebody of a job who is still there.
func (o *org) at(job string) crm.UserID {
	for i, u := range o.world.Users {
		if u.Job == job && u.Active {
			return crm.UserID(o.UserID(i))
		}
	}
	return ""
}

func (o *org) ask(deal int, kind string, post bool) crm.Task {
	key := o.DealID(deal) + "/card/1/" + kind
	k := crm.Task{Key: key, Deal: crm.DealID(o.DealID(deal)), Owner: o.at(world.CSM), Subject: "Handoff", Body: "Please help.\n\n" + crm.Mark(key), Post: post}
	if post {
		k.Owner = o.at(world.SalesManager)
	}
	return k
}

// Posts name whom they are for, bear the mark, and are found by it among the
// tasks; nothing closes them.
func TestSalesforcePosts(t *testing.T) {
	d, c := posting(t, sfsim.Options{})
	if desc, err := c.Describe(t.Context()); err != nil || !desc.Posts {
		t.Fatalf("posts %v, %v", desc.Posts, err)
	}
	task, post := d.ask(0, "escalation", false), d.ask(0, "post", true)
	long := d.ask(1, "post", true)
	long.Body = strings.Repeat("Ö😀", 8000)
	out, err := c.MakeTasks(t.Context(), []crm.Task{post, task, long, post})
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range out {
		if o.Status != crm.Confirmed || o.Task == "" {
			t.Errorf("%d: %+v", i, o)
		}
	}
	name := d.Get("User", string(post.Owner), "Name").(string)
	if got := d.Get("FeedItem", string(out[0].Task), "Body"); got != "@"+name+" Handoff\n\nPlease help.\n\n"+crm.Mark(post.Key) {
		t.Errorf("posted %q", got)
	}
	if n := len(d.IDs("FeedItem")); n != 2 || out[0].Task != out[3].Task {
		t.Errorf("%d posts", n)
	}
	if _, err := d.Insert("FeedItem", map[string]any{"ParentId": string(post.Deal), "Body": "What is this about?"}); err != nil {
		t.Fatal(err)
	}
	found, err := c.FindTasks(t.Context(), []crm.DealID{post.Deal, long.Deal})
	got := map[string]crm.FoundTask{}
	for _, f := range found {
		got[f.Key] = f
	}
	if err != nil || len(found) != 3 || !got[post.Key].Post || got[post.Key].ID != out[0].Task || got[task.Key].Post || !got[long.Key].Post {
		t.Errorf("found %+v, %v", found, err)
	}
	if calls := c.Calls(); calls["posts make"] != 2 || calls["tasks make"] != 1 || calls["tasks find"] != 1 {
		t.Errorf("calls %v", calls)
	}
}

// A post that is refused, or goes astray, is told of by itself: tasks are made.
func TestSalesforcePostsThatFail(t *testing.T) {
	for _, c := range []struct {
		name   string
		fault  sfsim.Mishap
		spoil  func(d *org)
		status crm.Status
		class  crm.Class
		stands int
		said   bool // posts are still taken afterwards
	}{
		{"the answer is lost", sfsim.ResetAfterCommit, nil, crm.Unknown, "", 1, true},
		{"the answer is cut", sfsim.TruncatedBody, nil, crm.Unknown, "", 1, true},
		{"an empty answer", sfsim.EmptyAnswer, nil, crm.Unknown, "", 1, true},
		{"it does not arrive", sfsim.ResetBeforeCommit, nil, crm.Unknown, "", 0, true},
		{"the org is not well", sfsim.BadGateway, nil, crm.Unknown, "", 0, true},
		{"the day is used up", sfsim.DailyLimit, nil, crm.Rejected, crm.ClassQuota, 0, true},
		{"somebody who left", "", func(d *org) { _ = d.Set("User", string(d.at(world.SalesManager)), "IsActive", false) }, crm.Rejected, crm.ClassInvalid, 0, true},
		{"the deal is gone", "", func(d *org) { _ = d.Delete("Opportunity", d.DealID(0)) }, crm.Rejected, crm.ClassGone, 0, true},
		{"Chatter is taken away", "", func(d *org) { d.HideObject("FeedItem") }, crm.Rejected, crm.ClassPermission, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, client := posting(t, sfsim.Options{})
			post, task := d.ask(0, "post", true), d.ask(1, "escalation", false)
			if _, err := client.Describe(t.Context()); err != nil {
				t.Fatal(err)
			}
			if c.spoil != nil {
				c.spoil(d)
			}
			if c.fault != "" {
				d.AddFault(sfsim.Fault{Do: c.fault, On: "chatter post"})
			}
			out, err := client.MakeTasks(t.Context(), []crm.Task{post, task})
			if err != nil || out[0].Status != c.status || out[0].Class != c.class || c.status == crm.Rejected && out[0].Message == "" {
				t.Errorf("%+v, %v", out[0], err)
			}
			if n := len(d.IDs("FeedItem")); n != c.stands {
				t.Errorf("%d posts, want %d", n, c.stands)
			}
			if out[1].Status != crm.Confirmed {
				t.Errorf("the task: %+v", out[1])
			}
			if desc, err := client.Describe(t.Context()); err != nil || desc.Posts != c.said {
				t.Errorf("posts %v, %v", desc.Posts, err)
			}
		})
	}
}

// An org without a feed for us says so, and tasks are found and made as ever.
func TestSalesforceWithoutAFeed(t *testing.T) {
	for _, c := range []struct {
		name  string
		o     sfsim.Options
		spoil func(*org)
	}{
		{"no Chatter", sfsim.Options{NoChatter: true}, func(*org) {}},
		{"hidden from us", sfsim.Options{}, func(d *org) { d.HideObject("FeedItem") }},
		{"its texts are", sfsim.Options{}, func(d *org) { d.HideField("FeedItem", "Body") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, client := posting(t, c.o)
			c.spoil(d)
			desc, err := client.Describe(t.Context())
			told := 0
			for _, p := range desc.Problems {
				if p.Place == "chatter" && p.Fix != "" {
					told++
				}
			}
			if err != nil || desc.Posts || told != 1 {
				t.Errorf("posts %v, told %d times, %v", desc.Posts, told, err)
			}
			out, err := client.MakeTasks(t.Context(), []crm.Task{d.ask(0, "post", true), d.ask(0, "escalation", false)})
			if err != nil || out[0].Status != crm.Rejected || out[0].Class != crm.ClassPermission || out[1].Status != crm.Confirmed {
				t.Errorf("%+v, %v", out, err)
			}
			if found, err := client.FindTasks(t.Context(), []crm.DealID{crm.DealID(d.DealID(0))}); err != nil || len(found) != 1 {
				t.Errorf("found %+v, %v", found, err)
			}
			if n := client.Calls()["posts make"]; n != 0 {
				t.Errorf("%d posts were sent", n)
			}
		})
	}
}

// An org that does not show its feed any more gets no posts: they could not be
// found again. The tasks are found all the same.
func TestSalesforceFeedThatIsRefused(t *testing.T) {
	d, client := posting(t, sfsim.Options{})
	if _, err := client.Describe(t.Context()); err != nil {
		t.Fatal(err)
	}
	task, post := d.ask(0, "escalation", false), d.ask(0, "post", true)
	if out, err := client.MakeTasks(t.Context(), []crm.Task{task}); err != nil || out[0].Status != crm.Confirmed {
		t.Fatal(out, err)
	}
	d.HideObject("FeedItem")
	if found, err := client.FindTasks(t.Context(), []crm.DealID{task.Deal}); err != nil || len(found) != 1 {
		t.Errorf("found %+v, %v", found, err)
	}
	if out, err := client.MakeTasks(t.Context(), []crm.Task{post}); err != nil || out[0].Status != crm.Rejected || client.Calls()["posts make"] != 0 {
		t.Errorf("%+v, %v", out, err)
	}
}
