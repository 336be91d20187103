package schema

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"
)

// field is what the tags of a struct's field say.
type field struct {
	index                     int
	key, doc, fallback, by    string
	required, secret, literal bool
	positive                  bool // a duration of 0 has no meaning
	oneOf                     []string
	pattern                   string
}

// fieldsOf lists the fields of a struct that are read, in their order.
func fieldsOf(t reflect.Type) []field {
	var all []field
	for i := range t.NumField() {
		tag := t.Field(i).Tag
		key := tag.Get("key")
		if key == "" {
			continue
		}
		is := strings.Split(tag.Get("is"), ",")
		f := field{
			index: i, key: key, doc: tag.Get("doc"), fallback: tag.Get("default"), by: tag.Get("by"), pattern: tag.Get("pattern"),
			required: slices.Contains(is, "required"), secret: slices.Contains(is, "secret"), literal: slices.Contains(is, "literal"),
			positive: slices.Contains(is, "positive"),
		}
		if words := tag.Get("oneof"); words != "" {
			f.oneOf = strings.Split(words, ",")
		}
		all = append(all, f)
	}
	return all
}

// matches tells whether a text fits the field's pattern.
func (f field) matches(text string) bool {
	return f.pattern == "" || regexp.MustCompile(`^(?:`+f.pattern+`)$`).MatchString(text)
}

// isObject tells structs with keys from values that are written as one text or list.
func isObject(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && !t.Implements(reflect.TypeFor[written]()) && !reflect.PointerTo(t).Implements(reflect.TypeFor[written]())
}

var durationType = reflect.TypeFor[time.Duration]()
