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
	var floor, most *int8
	var err error
	gjson.ParseBytes(b).ForEach(func(name, v gjson.Result) bool {
		switch name.Str {
		case "id":
			i.ID, err = text(v)
		case "auto":
			i.Auto = v.Bool()
		case "score":
			err = small(v, (*int8)(&i.Score))
		case "floor":
			floor = new(int8)
			err = small(v, floor)
		case "cap":
			most = new(int8)
			err = small(v, most)
		case "machine":
			i.Machine = &Range{}
			err = i.Machine.read(v)
		case "source":
			var source string
			source, err = text(v)
			i.Source = Source(source)
		case "override":
			i.Override = v.Bool()
		case "suggestion":
			err = small(v, (*int8)(&i.Suggestion))
		case "unknown":
			i.Unknown = v.Bool()
		case "not_understood":
			i.NotUnderstood, err = text(v)
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

// UnmarshalJSON reads a range as stored.
func (r *Range) UnmarshalJSON(b []byte) error { return r.read(gjson.ParseBytes(b)) }

// read takes [0,2]; it was once an object.
func (r *Range) read(v gjson.Result) error {
	ends := v.Array()
	if v.IsObject() {
		ends = []gjson.Result{v.Get("floor"), v.Get("cap")}
	}
	if len(ends) != 2 {
		return errors.New("a range is not of two numbers")
	}
	return errors.Join(small(ends[0], &r.Floor), small(ends[1], &r.Cap))
}

// UnmarshalJSON reads evidence as stored.
func (e *Evidence) UnmarshalJSON(b []byte) error { return e.read(gjson.ParseBytes(b)) }

// read takes the code and its arguments in one list; it was once an object.
func (e *Evidence) read(v gjson.Result) (err error) {
	if v.IsObject() {
		if e.Code, err = text(v.Get("code")); err == nil && v.Get("args").Exists() {
			e.Args, err = listed(v.Get("args"), func(s *string, v gjson.Result) (err error) { *s, err = text(v); return err })
		}
		return err
	}
	texts, err := listed(v, func(s *string, v gjson.Result) (err error) { *s, err = text(v); return err })
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

func text(v gjson.Result) (string, error) {
	if v.Type != gjson.String {
		return "", fmt.Errorf("%.40s is no text", v.Raw)
	}
	return v.Str, nil
}

func small(v gjson.Result, n *int8) error {
	*n = int8(v.Int())
	if v.Type != gjson.Number || float64(*n) != v.Num {
		return fmt.Errorf("%.40s is no small number", v.Raw)
	}
	return nil
}
