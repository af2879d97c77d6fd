package transport

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tidwall/gjson"
)

// A walk finds in any JSON what gjson finds, and comes to an end in anything.
func FuzzWalk(f *testing.F) {
	for _, s := range []string{
		`{"results":[{"id":"1","properties":{"a":"x \" y\\","b":null,"c":1.50,"é\n":true}},{"id":2}],"errors":[]}`,
		` [ 1 , -2e3 ,"", "\ud83d\ude00\/" , {} , [ ] , [[[{"a":[]}]]], null,false ] `,
		`"\\\\\""`, `null`, `7`, ``, `{"a":1,"a":{"b":"]}"}}`, `{"a`, `["\`, `[}`, `{"a":}`, `]`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v := gjson.Parse(s)
		got := walked(Over(v), nil)
		if !gjson.Valid(s) {
			return
		}
		if diff := cmp.Diff(found(v, nil), got); diff != "" {
			t.Fatal(diff)
		}
	})
}

// What is no list has the items that gjson gives it.
func TestItemsOfWhatIsNoList(t *testing.T) {
	for _, s := range []string{`{"a":1,"b":[2]}`, `7`, `"x"`, `null`, ``, `{}`, `[]`, `[[1]]`} {
		var got, want []string
		w := Over(gjson.Parse(s))
		for range w.Items {
			got = append(got, w.Value().Raw)
		}
		gjson.Parse(s).ForEach(func(_, v gjson.Result) bool {
			want = append(want, v.Raw)
			return true
		})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", s, diff)
		}
	}
}

func TestAValueIsReadAndKept(t *testing.T) {
	w := Over(gjson.Parse(`{"a": [1, {"b":2}] ,"c":3}`))
	var items, rest []string
	for name := range w.Fields {
		if name != "a" || !w.AtList() {
			rest = append(rest, name, w.Text())
			continue
		}
		whole := w.Both(func() {
			for range w.Items {
				items = append(items, w.Value().Raw)
			}
		})
		rest = append(rest, whole.Raw)
	}
	if diff := cmp.Diff([]string{"1", `{"b":2}`, `[1, {"b":2}]`, "c", "3"}, append(items, rest...)); diff != "" {
		t.Error(diff)
	}
}

// walked are the names and texts on a walk, in their order. Fields whose name
// begins with x are not read.
func walked(w *Walk, out []string) []string {
	switch w.next() {
	case '{':
		for name := range w.Fields {
			if out = append(out, "field "+name); name != "" && name[0] != 'x' {
				out = walked(w, out)
			}
		}
	case '[':
		for range w.Items {
			out = walked(w, append(out, "item"))
		}
	case 0:
	default:
		same := *w
		v := w.Value()
		out = append(out, same.Text(), v.Type.String(), v.Raw, v.String())
	}
	return out
}

// found is what gjson finds of the same.
func found(v gjson.Result, out []string) []string {
	if !v.IsObject() && !v.IsArray() {
		if v.Exists() {
			out = append(out, v.String(), v.Type.String(), v.Raw, v.String())
		}
		return out
	}
	v.ForEach(func(k, x gjson.Result) bool {
		if v.IsArray() {
			out = found(x, append(out, "item"))
		} else if out = append(out, "field "+k.Str); k.Str != "" && k.Str[0] != 'x' {
			out = found(x, out)
		}
		return true
	})
	return out
}
