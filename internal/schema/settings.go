package schema

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/leaven-dev/leaven/internal/strictyaml"
)

// A Section is a key at the top of a document with a struct of its own. The one without a name holds the other top keys.
type Section struct {
	Name, Doc string
	Into      any // a pointer to a struct
}

// Settings are documents that were read one over the other. Only the functions here may write to the structs until Finish.
type Settings struct {
	sections []Section
	places   map[string]strictyaml.Place // by path: "mounts[0].at"
	faulty   map[string]bool             // paths of values that are not, or not wholly, what was written
	unread   bool                        // a document is not YAML
	faults   []strictyaml.Fault
}

// New begins with nothing read. The structs must hold their zero values.
func New(sections ...Section) *Settings {
	return &Settings{sections: sections, places: map[string]strictyaml.Place{}, faulty: map[string]bool{}}
}

// Checked is a struct whose fields depend on one another. Check is called when all layers are in and defaults are set; it calls
// fail for each thing that is wrong, with the key of the field at fault, or "" for the struct as a whole.
type Checked interface {
	Check(fail func(key, format string, args ...any))
}

// Add reads one more document, over those before it. What is wrong with it is told by Finish.
func (s *Settings) Add(doc *strictyaml.Document) {
	if top := doc.Top(); top != nil {
		fields := map[string]func(*strictyaml.Value){}
		for _, section := range s.sections {
			target := reflect.ValueOf(section.Into).Elem()
			if section.Name == "" {
				s.fields(fields, target, "")
				continue
			}
			fields[section.Name] = func(v *strictyaml.Value) { s.read(v, target, field{}, section.Name) }
		}
		top.Fields(fields)
	}
	if faults := doc.Faults(); len(faults) > 0 {
		s.faulty[""] = true
		s.unread = s.unread || doc.Top() == nil
		s.faults = append(s.faults, faults...)
	}
}

// Finish sets defaults and checks the whole. The error joins a [strictyaml.Fault] for each thing that is wrong, in all layers.
func (s *Settings) Finish() error {
	if !s.unread { // what is in it would be missed now
		for _, section := range s.sections {
			s.finish(reflect.ValueOf(section.Into).Elem(), section.Name)
		}
	}
	return s.err()
}

func (s *Settings) err() error {
	file := map[string]int{} // in the order of the layers
	for _, f := range s.faults {
		if _, known := file[f.File]; !known {
			file[f.File] = len(file)
		}
	}
	slices.SortStableFunc(s.faults, func(a, b strictyaml.Fault) int {
		return cmp.Or(file[a.File]-file[b.File], a.Line-b.Line, a.Column-b.Column)
	})
	var all []error
	for _, f := range s.faults {
		all = append(all, f)
	}
	return errors.Join(all...)
}

// finish sets the defaults of a struct, looks for what is required, and lets it check itself; structs in it come first. One with
// faults is left at that: what is missing may be what is misspelt.
func (s *Settings) finish(target reflect.Value, path string) {
	for _, f := range fieldsOf(target.Type()) {
		v, at := target.Field(f.index), join(path, f.key)
		_, given := s.places[at]
		if !given && f.fallback != "" {
			if err := setText(v, f, f.fallback); err != nil {
				panic(fmt.Sprintf("the default of %s: %v", at, err)) // a mistake in the program, which its tests find
			}
		}
		if !given && f.required && !s.faulty[path] {
			s.fail(path, "%s is missing%s", f.key, sentence(f.doc))
		}
		switch {
		case v.Kind() == reflect.Struct && isObject(v.Type()):
			s.finish(v, at)
		case v.Kind() == reflect.Pointer && !v.IsNil():
			s.finish(v.Elem(), at)
		case v.Kind() == reflect.Slice && isObject(v.Type().Elem()):
			for i := range v.Len() {
				s.finish(v.Index(i), index(at, i))
			}
		case v.Kind() == reflect.Map && isObject(v.Type().Elem()):
			for _, key := range sortedKeys(v) {
				entry := reflect.New(v.Type().Elem()).Elem()
				entry.Set(v.MapIndex(key))
				s.finish(entry, join(at, key.String()))
				v.SetMapIndex(key, entry)
			}
		}
	}
	if c, ok := target.Addr().Interface().(Checked); ok && !s.faulty[path] {
		c.Check(func(key, format string, args ...any) { s.fail(join(path, key), format, args...) })
	}
}

// fail records that something is wrong at a path, or at the nearest place around it that some layer wrote.
func (s *Settings) fail(path, format string, args ...any) {
	message := fmt.Sprintf(format, args...)
	place, ok := s.Place(path)
	if !ok && path != "" {
		message = path + ": " + message
	}
	s.faults = append(s.faults, strictyaml.Fault{Place: place, Message: message})
}

// Place tells where the value at a path was written, or, where none was, the nearest one around it; false where nothing was.
func (s *Settings) Place(path string) (strictyaml.Place, bool) {
	for {
		if p, ok := s.places[path]; ok {
			return p, true
		}
		i := strings.LastIndexAny(path, ".[")
		if i < 0 {
			return strictyaml.Place{}, false
		}
		path = path[:i]
	}
}

func join(path, key string) string {
	if path == "" || key == "" {
		return path + key
	}
	return path + "." + key
}

func index(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }

func sentence(doc string) string {
	if doc == "" {
		return ""
	}
	return ": " + doc
}

func sortedKeys(m reflect.Value) []reflect.Value {
	return slices.SortedFunc(slices.Values(m.MapKeys()), func(a, b reflect.Value) int { return cmp.Compare(a.String(), b.String()) })
}
