package sfsim

import (
	"fmt"
	"strings"
	"testing"
)

// What an org takes and refuses of a post, as a record and as one in a list.
func TestPostRules(t *testing.T) {
	r := newRig(t, 10, Options{})
	deal := r.s.DealID(0)
	if err := r.s.Delete("Opportunity", r.s.DealID(1)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ fields, code string }{
		{`"ParentId":"` + deal + `","Body":"Please help"`, ""},
		{`"ParentId":"` + deal + `","Body":"` + strings.Repeat("x", 10_000) + `"`, ""},
		{`"ParentId":"` + deal + `","Body":"` + strings.Repeat("x", 10_001) + `"`, "STRING_TOO_LONG"},
		{`"Body":"Please help"`, "REQUIRED_FIELD_MISSING"},
		{`"ParentId":"` + deal + `"`, "REQUIRED_FIELD_MISSING"},
		{`"ParentId":"` + deal + `","Body":" "`, "REQUIRED_FIELD_MISSING"},
		{`"ParentId":"` + r.s.DealID(1) + `","Body":"x"`, "ENTITY_IS_DELETED"},
		{`"ParentId":"` + deal + `","Body":"x","Type":"TrackedChange"`, "FIELD_INTEGRITY_EXCEPTION"},
		{`"ParentId":"` + deal + `","Body":"x","LikeCount":3`, "INVALID_FIELD_FOR_INSERT_UPDATE"},
	} {
		many := r.do("POST", api+"/composite/sobjects", `{"records":[{"attributes":{"type":"FeedItem"},`+c.fields+`}]}`)
		one := r.do("POST", api+"/sobjects/FeedItem", `{`+c.fields+`}`)
		if c.code == "" && (!strings.Contains(many.body, `"success":true`) || one.status != 201) ||
			c.code != "" && (!strings.Contains(many.body, `"statusCode":"`+c.code+`"`) || !strings.Contains(one.body, `"errorCode":"`+c.code+`"`)) {
			t.Errorf("%.80s: %.200s; %.200s", c.fields, many.body, one.body)
		}
	}
	if n := len(r.query("SELECT Id, Body FROM FeedItem WHERE ParentId = '" + deal + "'").rows()); n != 4 {
		t.Errorf("%d posts on the deal, want 4", n)
	}
	r.do("GET", api+"/query?q=SELECT+Id+FROM+FeedItem+WHERE+Body+LIKE+'Please%25'", "").refused(400, "INVALID_FIELD", "can not be filtered")
}

// The Connect API takes posts that name people, and the text shows them.
func TestPostsThatMention(t *testing.T) {
	r := newRig(t, 10, Options{})
	deal, manager := r.s.DealID(0), r.s.UserID(1)
	mention := `{"type":"Mention","id":"` + manager + `"}`
	post := func(subject, segments string) reply {
		return r.do("POST", api+"/chatter/feed-elements", `{"feedElementType":"FeedItem","subjectId":"`+subject+`","body":{"messageSegments":[`+segments+`]}}`)
	}
	made := post(deal, mention+`,{"type":"Text","text":" please help\n\n[syncd k]"}`)
	id, _ := made.obj()["id"].(string)
	if made.status != 201 || r.s.Get("FeedItem", id, "Body") != "@Max Roth please help\n\n[syncd k]" || r.s.Get("FeedItem", id, "ParentId") != deal {
		t.Fatalf("%d %s", made.status, made.body)
	}
	for _, c := range []struct {
		name, subject, segments string
		status                  int
	}{
		{"no subject", "", mention, 400},
		{"a subject that is not there", "006000000000zzzAAA", mention, 404},
		{"no words", deal, "", 400},
		{"nobody of that id", deal, `{"type":"Mention","id":"` + deal + `"}`, 400},
		{"somebody who has left", deal, `{"type":"Mention","id":"` + r.s.UserID(5) + `"}`, 400},
		{"too many people", deal, strings.Repeat(mention+",", 25) + mention, 400},
		{"too long", deal, mention + `,{"type":"Text","text":"` + strings.Repeat("x", 9_992) + `"}`, 400},
		{"an unknown part", deal, `{"type":"Shout","text":"x"}`, 400},
	} {
		if p := post(c.subject, c.segments); p.status != c.status {
			t.Errorf("%s: %d %.200s", c.name, p.status, p.body)
		}
	}
	if n := len(r.s.IDs("FeedItem")); n != 1 {
		t.Errorf("%d posts, want 1", n)
	}
}

// A post that is deleted is gone; one on a deal in the bin comes back with it.
func TestDeletedPosts(t *testing.T) {
	r := newRig(t, 10, Options{})
	deal := r.s.DealID(0)
	at := r.s.Get("Opportunity", deal, "SystemModstamp")
	var ids []string
	for range 2 {
		r.s.Clock().Advance(60e9)
		p := r.do("POST", api+"/sobjects/FeedItem", `{"ParentId":"`+deal+`","Body":"x"}`).obj()
		ids = append(ids, p["id"].(string))
	}
	if fmt.Sprint(at) != fmt.Sprint(r.s.Get("Opportunity", deal, "SystemModstamp")) {
		t.Error("a post has moved the deal")
	}
	if p := r.do("DELETE", api+"/sobjects/FeedItem/"+ids[0], ""); p.status != 204 {
		t.Fatalf("%d %s", p.status, p.body)
	}
	all := "SELECT Id, IsDeleted FROM FeedItem WHERE ParentId = '" + deal + "'"
	if n := len(r.do("GET", api+"/queryAll?q="+strings.ReplaceAll(all, " ", "+"), "").rows()); n != 1 {
		t.Errorf("%d posts with the deleted ones, want 1", n)
	}
	for _, step := range []struct {
		do   func(object, id string) error
		left int
	}{{r.s.Delete, 0}, {r.s.Undelete, 1}} {
		if err := step.do("Opportunity", deal); err != nil {
			t.Fatal(err)
		}
		if n := len(r.query(all).rows()); n != step.left {
			t.Errorf("%d posts, want %d", n, step.left)
		}
	}
}

// Without Chatter there is no feed, and nothing is posted.
func TestAnOrgWithoutChatter(t *testing.T) {
	r := newRig(t, 10, Options{NoChatter: true})
	body := `{"ParentId":"` + r.s.DealID(0) + `","Body":"x"}`
	if p := r.do("POST", api+"/sobjects/FeedItem", body); p.status != 404 {
		t.Errorf("%d %s", p.status, p.body)
	}
	r.do("POST", api+"/chatter/feed-elements", `{"feedElementType":"FeedItem","subjectId":"`+r.s.DealID(0)+`","body":{"messageSegments":[{"type":"Text","text":"x"}]}}`).
		refused(403, "FUNCTIONALITY_NOT_ENABLED", "not enabled")
	if p := r.do("GET", api+"/sobjects", ""); strings.Contains(p.body, "FeedItem") || strings.Contains(p.body, `"feedEnabled":true`) {
		t.Error("feeds are told of")
	}
	if p := r.do("GET", api+"/sobjects/FeedItem/describe", ""); p.status != 404 {
		t.Errorf("%d %s", p.status, p.body)
	}
	if err := r.s.Delete("Opportunity", r.s.DealID(0)); err != nil {
		t.Error(err)
	}
}
