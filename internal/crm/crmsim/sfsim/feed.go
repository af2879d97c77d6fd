package sfsim

import (
	"net/http"
	"strings"
)

// mostMentions is how many people one post may name.
const mostMentions = 25

// longestPost is how many characters a post may have.
const longestPost = 10_000

// checkPost refuses a post that says nothing. What the platform itself notes in
// a feed has no text, and nobody can post it.
func checkPost(d *draft) *recordError {
	if d.t.name != "FeedItem" {
		return nil
	}
	shown := func(name string) string {
		f := d.t.exact[name]
		v, given := d.set[f]
		if !given && d.r != nil {
			v = d.r.get(f.pos)
		}
		text, _ := v.(string)
		return text
	}
	switch kind := shown("Type"); {
	case kind == "TrackedChange":
		return deny("FIELD_INTEGRITY_EXCEPTION", "Type: bad value for restricted picklist field: TrackedChange", "Type")
	case kind == "TextPost" && strings.TrimSpace(shown("Body")) == "":
		return deny("REQUIRED_FIELD_MISSING", "Required fields are missing: [Body]", "Body")
	}
	return nil
}

// feedOf lists what was posted on a record.
func (s *Server) feedOf(r *record) []*record {
	var out []*record
	if feed := s.table("FeedItem"); feed != nil {
		for _, post := range feed.rows {
			if !post.gone && post.val("ParentId") == r.id {
				out = append(out, post)
			}
		}
	}
	return out
}

// element is what the Connect API takes for a post.
type element struct {
	Type    string `json:"feedElementType"`
	Subject string `json:"subjectId"`
	Body    *struct {
		Segments []struct {
			Type string `json:"type"`
			Text string `json:"text"`
			ID   string `json:"id"`
		} `json:"messageSegments"`
	} `json:"body"`
}

// postElement answers POST /chatter/feed-elements: a post whose text may name
// people. Texts, mentions and nothing else are taken. The codes of refusals are
// not documented one by one; the status is.
func (c *call) postElement() (*answer, *apiError) {
	feed := c.s.readableTable("FeedItem", false)
	if feed == nil {
		return nil, refuse(403, "FUNCTIONALITY_NOT_ENABLED", "Chatter is not enabled for your organization or for this user.")
	}
	var in element
	if e := decode(c.body, &in); e != nil {
		return nil, e
	}
	if in.Type != "FeedItem" {
		return nil, refuse(400, "JSON_PARSER_ERROR", "Invalid value for feedElementType: %q", in.Type)
	}
	if _, fine := fullID(in.Subject); !fine {
		return nil, refuse(400, "INVALID_ID_FIELD", "Invalid identifier: %s", in.Subject)
	}
	full, _ := fullID(in.Subject)
	if on := c.s.byRef(full); on == nil || on.deleted || on.gone {
		return nil, notFound()
	}
	if in.Body == nil || len(in.Body.Segments) == 0 {
		return nil, refuse(400, "MISSING_ARGUMENT", "Specify a body with at least one message segment.")
	}
	text, segments, e := c.segments(&in)
	if e != nil {
		return nil, e
	}
	if len([]rune(text)) > longestPost {
		return nil, refuse(400, "STRING_TOO_LONG", "The text of a post can have at most %d characters.", longestPost)
	}
	id, e := c.insert(feed, map[string]any{"ParentId": full, "Body": text})
	if e != nil {
		return nil, e
	}
	at := "/services/data/" + c.version + "/chatter/feed-elements/" + id
	return &answer{status: http.StatusCreated, body: mustJSON(map[string]any{
		"id": id, "url": at, "feedElementType": "FeedItem", "type": "TextPost", "parent": map[string]any{"id": full},
		"body": map[string]any{"text": text, "isRichText": false, "messageSegments": segments},
	})}, nil
}

// segments makes the text of a post. Nothing is put between its parts.
func (c *call) segments(in *element) (string, []any, *apiError) {
	var text strings.Builder
	var told []any
	mentions := 0
	for _, seg := range in.Body.Segments {
		words := seg.Text
		switch seg.Type {
		case "Text":
			told = append(told, map[string]any{"type": "Text", "text": words})
		case "Mention":
			user := c.s.find(c.s.table("User"), seg.ID)
			if user == nil || user.val("IsActive") != true {
				return "", nil, refuse(400, "INVALID_ID_FIELD", "Invalid identifier: %s", seg.ID)
			}
			if mentions++; mentions > mostMentions {
				return "", nil, refuse(400, "LIMIT_EXCEEDED", "A post can mention at most %d people.", mostMentions)
			}
			words = "@" + user.str("Name")
			told = append(told, map[string]any{"type": "Mention", "text": words, "name": user.str("Name"), "record": map[string]any{"id": user.id, "type": "User"}})
		default:
			return "", nil, refuse(400, "JSON_PARSER_ERROR", "Invalid value for type of a message segment: %q", seg.Type)
		}
		text.WriteString(words)
	}
	return text.String(), told, nil
}
