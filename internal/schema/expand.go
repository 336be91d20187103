package schema

import "reflect"

// Expand puts each text through a function that fills in what is only known at run time, and checks the outcome as if it had been
// written so. Texts for the shell go through shell instead. The error joins a [strictyaml.Fault] for each text that did not work.
func (s *Settings) Expand(text, shell func(string) (string, error)) error {
	s.faults = nil
	for _, section := range s.sections {
		s.expand(reflect.ValueOf(section.Into).Elem(), field{}, section.Name, text, shell)
	}
	return s.err()
}

// Look passes each text that Expand would fill in, and joins the errors as it does.
func (s *Settings) Look(text func(string) error) error {
	same := func(t string) (string, error) { return t, text(t) }
	return s.Expand(same, same)
}

// each takes apart what errors.Join joined.
func each(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

func (s *Settings) expand(v reflect.Value, f field, path string, text, shell func(string) (string, error)) {
	set := func(to *string, fill func(string) (string, error)) {
		filled, err := fill(*to)
		if err == nil && filled != *to {
			filledIn := f
			filledIn.literal = true
			err = filledIn.fits(filled)
		}
		if err != nil {
			for _, err := range each(err) {
				s.fail(path, "%v", err)
			}
			return
		}
		*to = filled
	}
	if c, ok := v.Addr().Interface().(*Command); ok {
		for i := range c.Args {
			set(&c.Args[i], text)
		}
		set(&c.Shell, shell)
		return
	}
	switch v.Kind() {
	case reflect.String:
		if !f.literal {
			to := v.String()
			set(&to, text)
			v.SetString(to)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			s.expand(v.Elem(), f, path, text, shell)
		}
	case reflect.Struct:
		for _, f := range fieldsOf(v.Type()) {
			s.expand(v.Field(f.index), f, join(path, f.key), text, shell)
		}
	case reflect.Slice:
		for i := range v.Len() {
			s.expand(v.Index(i), f, index(path, i), text, shell)
		}
	case reflect.Map:
		for _, key := range sortedKeys(v) {
			entry := reflect.New(v.Type().Elem()).Elem()
			entry.Set(v.MapIndex(key))
			s.expand(entry, field{literal: f.literal}, join(path, key.String()), text, shell)
			v.SetMapIndex(key, entry)
		}
	}
}
