package syncer_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handoffscore/syncd/internal/crm"
	"github.com/handoffscore/syncd/internal/syncer"
)

// Each change leaves the record saying what it should say.
func TestNothingDiffersNothingIsPlanned(t *testing.T) {
	for name, change := range map[string]func(r *rig, d *crm.Deal){
		"untouched":                      func(*rig, *crm.Deal) {},
		"the record's stamp moved":       func(r *rig, d *crm.Deal) { d.ModifiedAt = r.now },
		"updated_at was overwritten":     func(r *rig, _ *crm.Deal) { r.set("d1", "updated_at", "2020-01-01T00:00:00.000Z") },
		"updated_at was cleared":         func(r *rig, _ *crm.Deal) { r.set("d1", "updated_at", "") },
		"false is kept as blank":         func(r *rig, _ *crm.Deal) { r.set("d1", "hold", "") },
		"lines end in CR LF":             func(r *rig, d *crm.Deal) { r.set("d1", "gaps", d.Field("gaps").Text+"\r\n") },
		"text is trimmed":                func(r *rig, d *crm.Deal) { r.set("d1", "ball", " "+d.Field("ball").Text) },
		"a time has whole seconds":       func(r *rig, _ *crm.Deal) { r.set("d1", "due_at", "2026-11-18T09:00:00Z") },
		"a time has another offset":      func(r *rig, _ *crm.Deal) { r.set("d1", "due_at", "2026-11-18T10:00:00+01:00") },
		"an AE edits what is not judged": func(_ *rig, d *crm.Deal) { d.Stage = crm.Value("Closed Won - Paid") },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			d := r.won("d1")
			d.Fields.Set("kickoff_at", crm.Value("2026-11-16T09:00:00.500Z"))
			r.settled(t, "d1")
			if d.Field("status").Text != "scoring open" || d.Field("due_at").Text != "2026-11-18T09:00:00.500Z" {
				t.Fatalf("the record says %v", d.Fields)
			}
			change(r, d)
			r.moves([]string{"d1"})
			run := r.plan(t)
			if got := r.planned(t, run); len(got) != 0 || counts(t, run).FieldsPlanned != 0 {
				t.Errorf("planned %v over %v", got["d1"].Fields, got["d1"].Before)
			}
		})
	}
}

// What a person does to one of syncd's cells is put right, and nothing else.
func TestUpdatedAtMovesOnlyWithAnotherDifference(t *testing.T) {
	for field, text := range map[string]string{
		"status": "closed", "score": "4", "hold": "true", "gaps": "none", "key": "", "due_at": "2026-11-18T09:00:01.000Z", "category_1": "2",
	} {
		t.Run(field, func(t *testing.T) {
			r := newRig(t)
			d := r.won("d1")
			r.settled(t, "d1")
			r.set("d1", "hold", "false")
			should, before := d.Field(field).Text, d.Field("updated_at").Text
			if before != stamp(start) {
				t.Fatalf("updated_at is %q", before)
			}
			r.set("d1", field, text)
			r.moves([]string{"d1"})
			in := r.planned(t, r.plan(t))["d1"]
			if d := cmp.Diff(map[string]string{field: should, "updated_at": stamp(r.now)}, in.Fields); d != "" {
				t.Errorf("planned (-want +got):\n%s", d)
			}
			if d := cmp.Diff(filled(map[string]string{field: text, "updated_at": before}), in.Before); d != "" {
				t.Errorf("before (-want +got):\n%s", d)
			}
		})
	}
}

// A first plan sets every cell of syncd's own but those that stay blank.
func TestACellThatCannotBeWrittenOrReadIsLeftAlone(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(r *rig, d *crm.Deal)
		left   []string
	}{
		{"all can be written", func(*rig, *crm.Deal) {}, nil},
		{"one cannot be read", func(_ *rig, d *crm.Deal) { d.Fields.Set("status", crm.Cell{State: crm.Unreadable}) }, []string{"status"}},
		{"one is not mapped", func(_ *rig, d *crm.Deal) { d.Fields.Set("status", crm.Cell{}) }, []string{"status"}},
		{"one cannot be written", func(r *rig, _ *crm.Deal) { r.crm.desc.Fields["status"] = crm.FieldStatus{Exists: true} }, []string{"status"}},
		{"the stamp cannot be read", func(_ *rig, d *crm.Deal) { d.Fields.Set("updated_at", crm.Cell{State: crm.Unreadable}) }, []string{"updated_at"}},
		{"none can be read", func(r *rig, d *crm.Deal) {
			for _, f := range r.c.Setup.Fields {
				if f.Writer == crm.Ours {
					d.Fields.Set(f.Name, crm.Cell{State: crm.Unreadable})
				}
			}
		}, []string{"attempt", "ball", "due_at", "escalation", "item_1_2_score", "key", "range", "score_out_of", "scorecard_version", "status", "updated_at"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			d := r.won("d1")
			c.change(r, d)
			r.moves([]string{"d1"})
			in := r.planned(t, r.plan(t))["d1"]
			all := []string{"attempt", "ball", "due_at", "escalation", "item_1_2_score", "key", "range", "score_out_of", "scorecard_version", "status", "updated_at"}
			want := slices.DeleteFunc(all, func(name string) bool { return slices.Contains(c.left, name) })
			if d := cmp.Diff(want, slices.Sorted(maps.Keys(in.Fields))); d != "" && len(want)+len(in.Fields) > 0 {
				t.Errorf("fields (-want +got):\n%s", d)
			}
		})
	}
}

// People's cells are read and never planned, whatever they hold.
func TestOnlyOwnFieldsArePlanned(t *testing.T) {
	r := newRig(t)
	r.won("d1")
	r.set("d1", "item_1_1_score", "3")
	r.set("d1", "csm", "")
	r.moves([]string{"d1"})
	for name := range r.planned(t, r.plan(t))["d1"].Fields {
		i := slices.IndexFunc(r.c.Setup.Fields, func(f crm.Field) bool { return f.Name == name })
		if i < 0 || r.c.Setup.Fields[i].Writer != crm.Ours {
			t.Errorf("%s is not syncd's", name)
		}
	}
}

// What is longer than its field is compared as it can stand there.
func TestATextIsCutToItsFieldBeforeItIsCompared(t *testing.T) {
	r := newRig(t)
	r.won("d1")
	r.crm.desc.Fields["range"] = crm.FieldStatus{Exists: true, Writable: true, Length: 6}
	r.moves([]string{"d1"})
	run := r.plan(t)
	if got := r.planned(t, run)["d1"].Fields["range"]; got != "3-4 o…" {
		t.Errorf("planned %q", got)
	}
	r.write(t, run)
	if got := r.planned(t, r.plan(t)); len(got) != 0 {
		t.Errorf("and again %v", got["d1"].Fields)
	}
}

// filled leaves out what was blank, as before does.
func filled(m map[string]string) map[string]string {
	maps.DeleteFunc(m, func(_, text string) bool { return text == "" })
	return m
}

func TestDiff(t *testing.T) {
	now := start.Add(time.Hour)
	own := map[string]syncer.Own{
		"text": {Kind: crm.Text, Length: 4}, "bool": {Kind: crm.Bool}, "number": {Kind: crm.Number}, "at": {Kind: crm.DateTime}, "updated_at": {Kind: crm.DateTime},
	}
	for _, c := range []struct {
		name, field, have, want string
		planned                 string // "" means nothing
	}{
		{"equal", "text", "a", "a", ""},
		{"another text", "text", "b", "a", "a"},
		{"case matters", "text", "A", "a", "a"},
		{"at its length", "text", "", "abcd", "abcd"},
		{"over its length", "text", "", "abcde", "abc…"},
		{"over its length, and stands so", "text", "abc…", "abcde", ""},
		{"letters outside the basic plane are two units", "text", "", "a😀😀", "a😀…"},
		{"no letter is cut in half", "text", "", "ab😀😀", "ab…"},
		{"false is no difference to blank", "bool", "", "false", ""},
		{"true is", "bool", "", "true", "true"},
		{"blank is not 0", "number", "", "0", "0"},
		{"numbers are compared as they stand", "number", "12", "12", ""},
		{"less than a second apart", "at", "2026-11-17T09:00:00Z", "2026-11-17T09:00:00.999Z", ""},
		{"a second apart", "at", "2026-11-17T09:00:00.999Z", "2026-11-17T09:00:01.000Z", "2026-11-17T09:00:01.000Z"},
		{"not a time", "at", "yesterday", "2026-11-17T09:00:01.000Z", "2026-11-17T09:00:01.000Z"},
		{"not syncd's", "csm", "a", "b", ""},
	} {
		d := &crm.Deal{Fields: crm.CellsOf(map[string]crm.Cell{c.field: crm.Value(c.have), "updated_at": crm.Value("x")})}
		fields, before := syncer.Diff(map[string]string{c.field: c.want}, d, own, "updated_at", now)
		var want, was map[string]string
		if c.planned != "" {
			want = map[string]string{c.field: c.planned, "updated_at": stamp(now)}
			was = filled(map[string]string{c.field: c.have, "updated_at": "x"})
		}
		if d := cmp.Diff(want, fields) + cmp.Diff(was, before); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, d)
		}
	}
	blank := &crm.Deal{Fields: crm.CellsOf(map[string]crm.Cell{"number": crm.Value("12")})}
	fields, _ := syncer.Diff(map[string]string{"number": ""}, blank, own, "updated_at", now)
	if d := cmp.Diff(map[string]string{"number": ""}, fields); d != "" {
		t.Errorf("a cell to clear, no stamp mapped (-want +got):\n%s", d)
	}
}

// updated_at can be read and not written: it is no field to plan.
func TestAStampThatCannotBeWrittenIsNotPlanned(t *testing.T) {
	r := newRig(t)
	r.won("d1")
	r.crm.desc.Fields["updated_at"] = crm.FieldStatus{Kind: crm.DateTime, Exists: true}
	r.moves([]string{"d1"})
	if got, ok := r.planned(t, r.plan(t))["d1"].Fields["updated_at"]; ok {
		t.Errorf("updated_at is planned as %q", got)
	}
}
