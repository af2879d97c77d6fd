package salesforce

import (
	"context"
	"net/http"
	"strings"

	"github.com/tidwall/gjson"
	"go.uber.org/zap"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/crm/transport"
)

// postObject is what stands in a record's feed.
const postObject = "FeedItem"

// longestPost leaves room in the vendor's 10,000 characters (read 2026-11-20)
// for the name of who is mentioned.
const longestPost = 9_500

// noPosts is what an org without a feed for us is told.
var noPosts = crm.Problem{
	Severity: crm.Warn, Place: "chatter", Message: "the org takes no posts from us in the feed of opportunities, or does not show them: escalations are asked by tasks alone",
	Fix: "turn on Chatter and give the integration user access to it, or remove chatter: true",
}

// postable reports whether our user may post on deals and find what it posted.
func (c *Client) postable(s *schema) bool {
	o := s.objects[postObject]
	body := o.field("Body")
	return c.setup.Posts && s.standing(postObject) == readable && o.field("ParentId") != nil && body != nil && body.Createable && c.mute.Load() == nil
}

// silence ends posting until a pass begins that has read the schema anew.
func (c *Client) silence(s *schema, err error) {
	if c.mute.Swap(s) == nil {
		c.log.Warn("nothing is posted on deals until the schema is read again", zap.Error(err))
	}
}

// findPosts is the question for what we said on deals, nil if we say nothing.
func (c *Client) findPosts(s *schema, ids []string, found *[]crm.FoundTask) *ask {
	if !c.postable(s) {
		return nil
	}
	return &ask{
		object: postObject, key: "ParentId", ids: ids, all: true, optional: true,
		cols: append([]string{"Id", "ParentId", "Body"}, s.objects[postObject].having("IsDeleted")...),
		row: func(r gjson.Result) {
			if key := crm.MarkedKey(r.Get("Body").String()); key != "" {
				*found = append(*found, crm.FoundTask{
					ID: crm.TaskID(id18(r.Get("Id").String())), Key: strings.Clone(key), Deal: crm.DealID(id18(r.Get("ParentId").String())),
					Post: true, Deleted: r.Get("IsDeleted").Bool(),
				})
			}
		},
	}
}

// post says the posts among tasks one by one: only the Connect API can mention
// somebody, and it takes one at a time. A post that is refused holds nothing
// up; once one has gone astray the others wait for the next pass. The error
// says that the connection cannot go on.
func (w *writing) post(ctx context.Context, tasks []crm.Task) error {
	first := map[string]int{}
	for i, t := range tasks {
		if !t.Post {
			continue
		}
		if at, again := first[t.Key]; again {
			w.out[i], w.made[i] = w.out[at], w.made[at]
			continue
		}
		first[t.Key] = i
		s, _, err := w.c.current(ctx)
		if err != nil {
			return err
		}
		why := ""
		switch {
		case !w.c.postable(s):
			w.out[i].Status, w.out[i].Class, w.out[i].Message = crm.Rejected, crm.ClassPermission, noPosts.Message
			continue
		case !crm.Markable(t.Key):
			why = "the post's key cannot be found again in a text"
		case !isID(string(t.Deal)):
			why = "the deal's id is not a Salesforce record id"
		case !isID(string(t.Owner)):
			why = "the owner's id is not a Salesforce record id"
		}
		if why != "" {
			w.out[i].Status, w.out[i].Class, w.out[i].Message = crm.Rejected, crm.ClassInvalid, why
			continue
		}
		id, err := w.c.say(ctx, t)
		w.made[i] = id
		o, goesOn, err := w.c.said(s, err)
		o.ID, w.out[i] = t.Deal, o
		if err != nil || !goesOn {
			return err
		}
	}
	return nil
}

// say posts on a deal, naming the owner first, and returns the post's id.
func (c *Client) say(ctx context.Context, t crm.Task) (string, error) {
	text := crm.Task{Key: t.Key, Body: t.Title() + "\n\n" + t.Body}
	body, _, err := c.do(ctx, http.MethodPost, c.data("chatter/feed-elements"), map[string]any{
		"feedElementType": postObject, "subjectId": id18(string(t.Deal)),
		"body": map[string]any{"messageSegments": []map[string]string{
			{"type": "Mention", "id": id18(string(t.Owner))},
			{"type": "Text", "text": " " + text.Marked(longestPost, nil)},
		}},
	})
	if err != nil {
		return "", err
	}
	id := transport.Parse(body).Get("id").String()
	if !isID(id) {
		return "", malformed("post", "a post was made and its id is not told")
	}
	return id18(id), nil
}

// said is what became of a post, and whether the next may follow.
func (c *Client) said(s *schema, err error) (o crm.Outcome, goesOn bool, _ error) {
	if err == nil {
		return crm.Outcome{Status: crm.Confirmed}, true, nil
	}
	o = crm.Outcome{Status: crm.Rejected, Code: codeOf(err), Message: clean(err.Error())}
	switch kind := crm.KindOf(err); {
	case kind == crm.Permission:
		c.silence(s, err)
		o.Class = crm.ClassPermission
		return o, true, nil
	case kind == crm.Invalid, kind == crm.NotFound:
		o.Class = classOf(fault{Code: o.Code})
		return o, true, nil
	case kind == crm.Quota:
		o.Class = crm.ClassQuota
		return o, false, nil
	case kind == crm.RateLimited:
		o.Class = crm.ClassBusy
		return o, false, nil
	case processed(err):
		return crm.Outcome{Status: crm.Unknown, Code: o.Code}, false, nil
	}
	return crm.Outcome{Status: crm.NotSent, Code: o.Code}, false, err
}
