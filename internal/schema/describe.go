package schema

import (
	"reflect"
	"strings"
)

// A Key is one that a document may have, for people.
type Key struct {
	Path     string // "mounts[].at"; the entries of a map are called NAME
	Holds    string // "text", "duration", "list of texts", …
	Doc      string
	Default  string
	Required bool
}

// Keys lists all that documents with these sections may have, in their order.
func Keys(sections ...Section) []Key {
	var all []Key
	for _, s := range sections {
		if s.Name != "" {
			all = append(all, Key{Path: s.Name, Holds: "keys", Doc: s.Doc})
		}
		all = append(all, keysOf(reflect.TypeOf(s.Into).Elem(), s.Name)...)
	}
	return all
}

func keysOf(t reflect.Type, path string) []Key {
	var all []Key
	for _, f := range fieldsOf(t) {
		at, of := join(path, f.key), t.Field(f.index).Type
		all = append(all, Key{at, holds(of, f), f.doc, f.fallback, f.required})
		for {
			switch {
			case of.Kind() == reflect.Pointer:
				of = of.Elem()
				continue
			case of.Kind() == reflect.Slice:
				at, of = at+"[]", of.Elem()
				continue
			case of.Kind() == reflect.Map:
				at, of = join(at, "NAME"), of.Elem()
				continue
			}
			break
		}
		if of.Kind() == reflect.Struct && isObject(of) {
			all = append(all, keysOf(of, at)...)
		}
	}
	return all
}

// holds says in words what a value is.
func holds(t reflect.Type, f field) string {
	if len(f.oneOf) > 0 && t.Kind() == reflect.String {
		return strings.Join(f.oneOf, ", ")
	}
	switch t {
	case durationType:
		return "duration"
	case reflect.TypeFor[Mode]():
		return "permission bits"
	case reflect.TypeFor[Size]():
		return "size"
	case reflect.TypeFor[Command]():
		return "command"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "number"
	case reflect.Slice:
		return "list of " + holds(t.Elem(), f)
	case reflect.Map, reflect.Struct:
		return "keys"
	case reflect.Pointer:
		return holds(t.Elem(), f)
	}
	return "text"
}
