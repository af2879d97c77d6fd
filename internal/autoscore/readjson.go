package autoscore

import (
	"errors"
	"fmt"

	"github.com/tidwall/gjson"
)

// UnmarshalJSON reads an item as stored: no score and no suggestion are Open,
// not 0, and a floor and a cap that are not told are the score. encoding/json,
// which has found the text valid, would go over each of its parts anew.
func (i *Item) UnmarshalJSON(b []byte) error {
	*i = Item{Score: Open, Suggestion: Open}
	all := gjson.ParseBytes(b)
	if !all.IsObject() {
		return fmt.Errorf("%.40s is no item", all.Raw)
	}
	var floor, most *int8
	var err error
	all.ForEach(func(name, v gjson.Result) bool {
		switch name.Str {
		case "id":
			err = text(&i.ID, v)
		case "auto":
			err = mark(&i.Auto, v)
		case "score":
			err = small((*int8)(&i.Score), v)
		case "floor":
			floor = new(int8)
			err = small(floor, v)
		case "cap":
			most = new(int8)
			err = small(most, v)
		case "machine":
			i.Machine = &Range{}
			err = i.Machine.read(v)
		case "source":
			err = text((*string)(&i.Source), v)
		case "override":
			err = mark(&i.Override, v)
		case "suggestion":
			err = small((*int8)(&i.Suggestion), v)
		case "unknown":
			err = mark(&i.Unknown, v)
		case "not_understood":
			err = text(&i.NotUnderstood, v)
		case "evidence":
			i.Evidence, err = listed(v, (*Evidence).read)
		}
		if err != nil {
			err = fmt.Errorf("%s of an item: %w", name.Str, err)
		}
		return err == nil
	})
	i.Floor, i.Cap = int8(i.Score), int8(i.Score)
	if floor != nil {
		i.Floor = *floor
	}
	if most != nil {
		i.Cap = *most
	}
	return err
}

// read takes [0,2]; it was once an object.
func (r *Range) read(v gjson.Result) error {
	ends := v.Array()
	if v.IsObject() {
		ends = []gjson.Result{v.Get("floor"), v.Get("cap")}
	}
	if len(ends) != 2 {
		return errors.New("a range is not of two numbers")
	}
	return errors.Join(small(&r.Floor, ends[0]), small(&r.Cap, ends[1]))
}

// UnmarshalJSON reads evidence as stored.
func (e *Evidence) UnmarshalJSON(b []byte) error { return e.read(gjson.ParseBytes(b)) }

// read takes the code and its arguments in one list; it was once an object.
func (e *Evidence) read(v gjson.Result) (err error) {
	if v.IsObject() {
		if err = text(&e.Code, v.Get("code")); err == nil && v.Get("args").Exists() {
			e.Args, err = listed(v.Get("args"), text)
		}
		return err
	}
	texts, err := listed(v, text)
	if err == nil && len(texts) == 0 {
		err = errors.New("evidence without a code")
	}
	if err != nil {
		return err
	}
	if e.Code = texts[0]; len(texts) > 1 {
		e.Args = texts[1:]
	}
	return nil
}

// listed reads a list, nil if it is empty.
func listed[E any](v gjson.Result, one func(*E, gjson.Result) error) (list []E, err error) {
	if !v.IsArray() {
		return nil, fmt.Errorf("%.40s is no list", v.Raw)
	}
	v.ForEach(func(_, v gjson.Result) bool {
		var e E
		err = one(&e, v)
		list = append(list, e)
		return err == nil
	})
	return list, err
}

func text(into *string, v gjson.Result) error {
	if v.Type != gjson.String {
		return fmt.Errorf("%.40s is no text", v.Raw)
	}
	*into = v.Str
	return nil
}

func mark(into *bool, v gjson.Result) error {
	if !v.IsBool() {
		return fmt.Errorf("%.40s is neither true nor false", v.Raw)
	}
	*into = v.Bool()
	return nil
}

func small(into *int8, v gjson.Result) error {
	*into = int8(v.Int())
	if v.Type != gjson.Number || float64(*into) != v.Num {
		return fmt.Errorf("%.40s is no small number", v.Raw)
	}
	return nil
}
