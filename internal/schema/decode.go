package schema

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/leaven-dev/leaven/internal/nearest"
	"github.com/leaven-dev/leaven/internal/strictyaml"
)

// written is a type of value with a notation of its own.
type written interface {
	// decode reads it and returns what is wrong with it.
	decode(v *strictyaml.Value) error
	// describe is its part of a JSON Schema.
	describe() map[string]any
	// show is how people would write it: a string or a []string.
	show() any
}

// fields adds readers for the keys of a struct.
func (s *Settings) fields(to map[string]func(*strictyaml.Value), target reflect.Value, path string) {
	for _, f := range fieldsOf(target.Type()) {
		at := join(path, f.key)
		to[f.key] = func(v *strictyaml.Value) { s.read(v, target.Field(f.index), f, at) }
	}
}

// read reads a value over what target holds, and notes where there are faults in it.
func (s *Settings) read(v *strictyaml.Value, target reflect.Value, f field, path string) {
	s.places[path] = v.Place()
	if v.Faulty(func() { s.set(v, target, f, path) }) {
		s.faulty[path] = true
	}
}

func (s *Settings) set(v *strictyaml.Value, target reflect.Value, f field, path string) {
	if w, ok := target.Addr().Interface().(written); ok {
		if err := w.decode(v); err != nil {
			v.Fail("%v", err)
		}
		return
	}
	switch target.Kind() {
	case reflect.Pointer:
		if target.IsNil() {
			target.Set(reflect.New(target.Type().Elem()))
		}
		s.read(v, target.Elem(), f, path)
	case reflect.Struct:
		fields := map[string]func(*strictyaml.Value){}
		s.fields(fields, target, path)
		v.Fields(fields)
	case reflect.Slice:
		s.list(v, target, f, path)
	case reflect.Map:
		s.table(v, target, f, path)
	default:
		if !v.IsScalar() {
			v.Text() // says what is wanted
			return
		}
		text := v.Text()
		err := setText(target, f, text)
		// Editors take "3072" and "true" in quotes for texts (see JSONSchema), and so do we.
		switch tag := v.Tag(); {
		case err != nil:
		case target.Kind() == reflect.Bool && tag != "!!bool":
			err = fmt.Errorf("want true or false here, not the text %q", text)
		case target.CanInt() && target.Type() != durationType && tag != "!!int":
			err = fmt.Errorf("want a whole number here, not the text %q", text)
		}
		if err != nil {
			v.Fail("%v", err)
		}
	}
}

// list reads a list. Where its entries have a key by which they are known, they meet those of the layers before.
func (s *Settings) list(v *strictyaml.Value, target reflect.Value, f field, path string) {
	if f.by == "" {
		target.SetZero()
	}
	old := target.Len()
	seen := map[string]bool{}
	v.List(func(item *strictyaml.Value) {
		i := target.Len()
		entry := reflect.New(target.Type().Elem()).Elem()
		fresh := New()
		fresh.read(item, entry, field{pattern: f.pattern, oneOf: f.oneOf, literal: f.literal}, "")
		if f.by != "" {
			name := textAt(entry, f.by)
			if name != "" && seen[name] {
				item.Fail("there are two entries with %s %q in this list", f.by, name)
			}
			seen[name] = true
			for j := range old {
				if name != "" && textAt(target.Index(j), f.by) == name {
					i = j
				}
			}
		}
		if i < target.Len() {
			target.Index(i).Set(entry)
			s.forget(index(path, i))
		} else {
			target.Set(reflect.Append(target, entry))
		}
		for at, place := range fresh.places {
			s.places[join2(index(path, i), at)] = place
		}
		for at := range fresh.faulty {
			s.faulty[join2(index(path, i), at)] = true
		}
	})
}

// table reads a map with any keys.
func (s *Settings) table(v *strictyaml.Value, target reflect.Value, f field, path string) {
	if target.IsNil() {
		target.Set(reflect.MakeMap(target.Type()))
	}
	v.Each(func(key, value *strictyaml.Value) {
		entry := reflect.New(target.Type().Elem()).Elem()
		name := reflect.ValueOf(key.Text())
		if old := target.MapIndex(name); old.IsValid() {
			entry.Set(old)
		}
		s.read(value, entry, field{literal: f.literal}, join(path, key.Text()))
		target.SetMapIndex(name, entry)
	})
}

func join2(path, rest string) string {
	if rest == "" || rest[0] == '[' {
		return path + rest
	}
	return join(path, rest)
}

// forget drops the places below a path whose value is replaced.
func (s *Settings) forget(path string) {
	for at := range s.places {
		if strings.HasPrefix(at, path+".") || strings.HasPrefix(at, path+"[") {
			delete(s.places, at)
		}
	}
}

// textAt is the text of a field of a struct, by its key.
func textAt(v reflect.Value, key string) string {
	for _, f := range fieldsOf(v.Type()) {
		if f.key == key {
			return v.Field(f.index).String()
		}
	}
	panic(fmt.Sprintf("%s has no key %q", v.Type(), key))
}

// setText sets a value from the text that it is written as.
func setText(target reflect.Value, f field, text string) error {
	if w, ok := target.Addr().Interface().(written); ok {
		return w.decode(strictyaml.Parse("default", []byte(text)).Top())
	}
	switch {
	case target.Type() == durationType:
		d, err := time.ParseDuration(text)
		if err != nil || d < 0 {
			return fmt.Errorf("want a duration such as 90s, 5m or 1h30m here, not %q", text)
		}
		if d == 0 && f.positive {
			return fmt.Errorf("want more than no time here%s", sentence(f.doc))
		}
		target.SetInt(int64(d))
	case target.Kind() == reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("want true or false here, not %q", text)
		}
		target.SetBool(b)
	case target.CanInt():
		n, err := strconv.ParseInt(text, 10, target.Type().Bits())
		if err != nil {
			return fmt.Errorf("want a whole number here, not %q", text)
		}
		if !f.matches(text) {
			return fmt.Errorf("%q does not fit here%s", text, sentence(f.doc))
		}
		target.SetInt(n)
	case target.Kind() == reflect.String:
		if err := f.fits(text); err != nil {
			return err
		}
		target.SetString(text)
	default:
		panic(fmt.Sprintf("schema: a field of type %s", target.Type()))
	}
	return nil
}

// fits checks a text. One with something to be filled in is looked at again by Expand.
func (f field) fits(text string) error {
	if !f.literal && strings.Contains(text, "${") {
		return nil
	}
	if len(f.oneOf) > 0 {
		for _, word := range f.oneOf {
			if word == text {
				return nil
			}
		}
		return fmt.Errorf("want one of %s here, not %q%s", strings.Join(f.oneOf, ", "), text, nearest.Hint(text, f.oneOf))
	}
	if !f.matches(text) {
		return fmt.Errorf("%q does not fit here%s", text, sentence(f.doc))
	}
	return nil
}
