package crm

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var awkward = []string{
	"plain", "Müller & Söhne <b>x</b>", "two\nlines\r\n\tand a tab", `quotes " and \ slashes`, "\x00\x01\x1f\x7f", "no \xff UTF-8 \xc3", "\u2028\u2029\ufffd", "\U0001F600",
}

// fill sets everything below v to something that is not zero. Texts are taken
// in turn.
func fill(v reflect.Value, n *int) {
	switch v.Type() {
	case reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Date(2026, 11, 17, 9, 0, *n%60, 250e6, time.UTC)))
	case reflect.TypeFor[Cells]():
		v.Set(reflect.ValueOf(CellsOf(map[string]Cell{"a": Value(""), "b": {State: Unreadable}, "c": {State: Read, Text: "x", At: time.Unix(1, 0).UTC()}, "d": {}})))
	default:
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				fill(v.Field(i), n)
			}
		case reflect.Slice:
			v.Set(reflect.MakeSlice(v.Type(), 2, 2))
			fill(v.Index(0), n)
			fill(v.Index(1), n)
		case reflect.Map:
			v.Set(reflect.MakeMap(v.Type()))
			for _, key := range []string{"z", "a"} {
				e := reflect.New(v.Type().Elem()).Elem()
				fill(e, n)
				v.SetMapIndex(reflect.ValueOf(key), e)
			}
		case reflect.String:
			v.SetString(awkward[*n%len(awkward)])
		case reflect.Bool:
			v.SetBool(true)
		case reflect.Uint8:
			v.SetUint(1)
		default:
			panic("a kind of field that this test does not know: " + v.Type().String())
		}
	}
	*n++
}

// The JSON that is written by hand is the one that the tags describe: every
// field is in it, none is that is blank, and it is read back.
func TestADealsJSONIsWhatItsTagsSay(t *testing.T) {
	deals := []Deal{{}, {Fields: CellsOf(map[string]Cell{"gone": {}}), Roles: map[string]Role{}, Contacts: []Contact{}, Notes: []Note{{}}}}
	for n := range awkward {
		var d Deal
		fill(reflect.ValueOf(&d).Elem(), &n)
		deals = append(deals, d)
	}
	for _, d := range deals {
		var tags bytes.Buffer
		e := json.NewEncoder(&tags)
		e.SetEscapeHTML(false)
		if err := e.Encode(d); err != nil {
			t.Fatal(err)
		}
		got := d.AppendJSON(nil)
		// The library writes what is no UTF-8 and two spaces in their own way.
		want := strings.NewReplacer(`\u2028`, "\u2028", `\u2029`, "\u2029").Replace(strings.TrimSpace(tags.String()))
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Errorf("(-tags +by hand):\n%s", diff)
		}
		var a, b Deal
		if err := json.Unmarshal(got, &a); err != nil {
			t.Fatalf("%v: %s", err, got)
		}
		if err := json.Unmarshal(tags.Bytes(), &b); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(b, a); diff != "" {
			t.Errorf("read back:\n%s", diff)
		}
	}
}

func FuzzText(f *testing.F) {
	for _, s := range awkward {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var got string
		if err := json.Unmarshal(AppendText(nil, s), &got); err != nil || got != strings.ToValidUTF8(s, "\ufffd") && len(got) == 0 {
			t.Errorf("%q is %q, %v", s, got, err)
		}
		std, _ := json.Marshal(s)
		var want string
		if err := json.Unmarshal(std, &want); err != nil || got != want {
			t.Errorf("%q is read back as %q, not %q", s, got, want)
		}
	})
}

func TestTextsAreAnObjectInOrder(t *testing.T) {
	m := map[string]string{"b": "<2>\n", "a": "", "c\"": "x"}
	if got := string(AppendTexts(nil, m)); got != `{"a":"","b":"<2>\n","c\"":"x"}` {
		t.Error(got)
	}
	if got := string(AppendTexts(nil, nil)); got != "{}" {
		t.Error(got)
	}
}

func TestCells(t *testing.T) {
	c := NewNames("b", "a", "b").Cells()
	if c.Len() != 0 || !c.IsZero() || c.Get("a").Mapped() {
		t.Errorf("new cells hold something: %v", c)
	}
	same := c
	c.Set("a", Value("1"))
	if same.Get("a").Text != "1" {
		t.Error("a copy does not show what was set")
	}
	other := c.Clone()
	other.Set("a", Value("2"))
	if c.Get("a").Text != "1" || c.Equal(other) {
		t.Error("a clone is not of its own")
	}
	c.Set("new", Value("3")) // a name that the others do not have
	if c.Get("new").Text != "3" || c.Get("a").Text != "1" || same.Get("new").Mapped() || c.Len() != 2 {
		t.Errorf("a new name: %v", c)
	}
	c.Set("new", Cell{})
	if c.Len() != 1 || !c.Equal(CellsOf(map[string]Cell{"a": Value("1"), "b": {}})) {
		t.Error("what is not mapped is not there")
	}
	var none Cells
	if none.Get("a").Mapped() || none.Len() != 0 || !none.Equal(CellsOf(nil)) {
		t.Error("no cells at all")
	}
	none.Set("a", Value(""))
	if !none.Get("a").Blank() {
		t.Error("set on none")
	}
}

// A store holds cells as they were once written, too.
func TestCellsOfOldAreRead(t *testing.T) {
	at := time.Date(2026, 11, 17, 9, 0, 0, 0, time.UTC)
	for text, want := range map[string]Cell{
		`""`: Value(""), `"a \"b\""`: Value(`a "b"`), `{}`: Value(""), `{"v":"x"}`: Value("x"), `{"s":1}`: {State: Unreadable},
		`{"v":"x","at":"2026-11-17T09:00:00Z"}`: {State: Read, Text: "x", At: at}, `{"s":0}`: {},
	} {
		got := Cell{State: Unreadable, Text: "of before", At: at}
		if err := json.Unmarshal([]byte(text), &got); err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{`7`, `[]`, `{"v":7}`} {
		if err := json.Unmarshal([]byte(text), new(Cell)); err == nil {
			t.Errorf("%s was read", text)
		}
	}
}
