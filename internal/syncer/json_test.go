package syncer

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/autoscore"
)

// fill sets everything below v to something that is not zero.
func fill(v reflect.Value, n *int) {
	*n++
	if v.Type() == reflect.TypeFor[time.Time]() {
		v.Set(reflect.ValueOf(time.Date(2026, 11, 17, 9, 0, *n%60, 250e6, time.UTC)))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), n)
		fill(v.Index(1), n)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for _, key := range []string{"z", "a", `"`} {
			e := reflect.New(v.Type().Elem()).Elem()
			fill(e, n)
			v.SetMapIndex(reflect.ValueOf(key), e)
		}
	case reflect.String:
		v.SetString([]string{"plain", "Müller <b>&", "two\nlines", `a " and a \`}[*n%4])
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int8:
		v.SetInt(int64(*n%100 + 1))
	case reflect.Float64:
		v.SetFloat(1.25)
	default:
		panic("a kind of field that this test does not know: " + v.Type().String())
	}
}

// The JSON that is written by hand is the one that the tags describe: every
// field is in it, and none is that is blank.
func TestWhatIsKeptIsWhatTheTagsSay(t *testing.T) {
	var n int
	kept, judged := make([]Kept, 4), make([]Judged, 4)
	for i := range 2 {
		n = i
		fill(reflect.ValueOf(&kept[i]).Elem(), &n)
		fill(reflect.ValueOf(&judged[i]).Elem(), &n)
	}
	kept[2].State.Kickoff.DateOnly, kept[2].State.Again = true, nil
	judged[2].Result.Items = []autoscore.Item{{Suggestion: autoscore.Open}, {Suggestion: 0, Score: autoscore.Open, Evidence: []autoscore.Evidence{{}}}}
	for i := range kept {
		if diff := cmp.Diff(tagged(t, kept[i]), string(kept[i].appendJSON(nil))); diff != "" {
			t.Errorf("kept (-tags +by hand):\n%s", diff)
		}
		if diff := cmp.Diff(tagged(t, judged[i]), string(judged[i].appendJSON(nil))); diff != "" {
			t.Errorf("judged (-tags +by hand):\n%s", diff)
		}
	}
}

func tagged(t *testing.T, v any) string {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(b.String())
}
