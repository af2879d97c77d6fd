// Package richtext turns the HTML that CRMs keep in rich-text fields and notes
// into the words a person would see. It promises to take any string without
// panicking, to keep text that only looks like markup ("a < b"), to put blocks
// and list items on lines of their own, and to drop scripts and styles. What
// the words are worth is left to autoscore.
package richtext

import (
	"html"
	"strings"
	"sync"

	"github.com/JohannesKaufmann/html-to-markdown/v2/converter"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/base"
	nethtml "golang.org/x/net/html"
)

// maxParsed is the longest text, in bytes, that is parsed into a tree. The
// tree costs many times its text; Salesforce's longest rich text field is
// 131,072 characters. Longer texts have their tags cut out one by one.
const maxParsed = 256 << 10

// Plain returns the visible text of s, which may be HTML or plain. Text
// without '<' or '&' comes back as it is, without a copy.
func Plain(s string) string {
	if strings.IndexByte(s, '<') < 0 {
		if strings.IndexByte(s, '&') < 0 {
			return s
		}
		return html.UnescapeString(s)
	}
	marked, tags := escapeStray(s)
	if tags == 0 {
		return html.UnescapeString(s)
	}
	if len(marked) <= maxParsed {
		if text, ok := parsed(marked); ok {
			return text
		}
	}
	return cut(marked)
}

// parsed converts by way of a tree; ok is false where the parser refuses the
// text, as it does for nesting deeper than 512.
func parsed(s string) (text string, ok bool) {
	defer func() {
		if recover() != nil {
			text, ok = "", false
		}
	}()
	text, err := shared().ConvertString(s)
	if err != nil {
		return "", false
	}
	return html.UnescapeString(text), true
}

// shared is built on first use and safe for concurrent use from then on.
var shared = sync.OnceValue(func() *converter.Converter {
	c := converter.NewConverter(
		converter.WithPlugins(base.NewBasePlugin()),
		converter.WithEscapeMode(converter.EscapeModeDisabled),
	)
	around := func(before, after string) converter.HandleRenderFunc {
		return func(ctx converter.Context, w converter.Writer, n *nethtml.Node) converter.RenderStatus {
			_, _ = w.WriteString(before)
			ctx.RenderChildNodes(ctx, w, n)
			_, _ = w.WriteString(after)
			return converter.RenderSuccess
		}
	}
	c.Register.RendererFor("br", converter.TagTypeInline, around("\n", ""), converter.PriorityStandard)
	c.Register.RendererFor("li", converter.TagTypeBlock, around("\n- ", "\n"), converter.PriorityStandard)
	c.Register.RendererFor("td", converter.TagTypeBlock, around("", " "), converter.PriorityStandard)
	c.Register.RendererFor("th", converter.TagTypeBlock, around("", " "), converter.PriorityStandard)
	c.Register.RendererFor("tr", converter.TagTypeBlock, around("\n", "\n"), converter.PriorityStandard)
	// Everything else gives the text inside it, blocks on lines of their own.
	c.Register.Renderer(base.RenderAsPlaintextWrapper, converter.PriorityLate)
	return c
})

// cut drops the tags of s and what stands between script and style tags.
func cut(s string) string {
	var b strings.Builder
	z := nethtml.NewTokenizer(strings.NewReader(s))
	hidden := false
	for {
		switch z.Next() {
		case nethtml.ErrorToken:
			return strings.TrimSpace(b.String())
		case nethtml.TextToken:
			if !hidden {
				b.Write(z.Text())
			}
		case nethtml.StartTagToken:
			name, _ := z.TagName()
			hidden = string(name) == "script" || string(name) == "style"
			b.WriteByte(' ')
		default:
			hidden = false
			b.WriteByte(' ')
		}
	}
}
