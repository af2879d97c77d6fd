package crm_test

import (
	"testing"
	"time"

	"github.com/handoffscore/syncd/internal/crm"
)

func TestOnlySomeCells(t *testing.T) {
	at := time.Date(2026, 11, 10, 14, 0, 0, 0, time.UTC)
	all := crm.CellsOf(map[string]crm.Cell{"a": crm.Value("1"), "b": {State: crm.Read, Text: "2", At: at}, "c": crm.Value("3"), "d": {State: crm.Unreadable}})
	some := all.Only([]int{1, 3})
	if want := crm.CellsOf(map[string]crm.Cell{"b": {State: crm.Read, Text: "2", At: at}, "d": {State: crm.Unreadable}}); !some.Equal(want) {
		t.Errorf("%v is kept", some)
	}
	if all.Len() != 4 || all.Only(nil).Len() != 0 {
		t.Error("what is kept of cells changes them")
	}
}
