package schema

import (
	"fmt"
	"reflect"
	"time"

	"go.yaml.in/yaml/v4"
)

// YAML is what was read and what was set by default, as one document, with the origin of each value behind it. Secrets are not
// in it.
func (s *Settings) YAML() ([]byte, error) {
	top := &yaml.Node{Kind: yaml.MappingNode}
	for _, section := range s.sections {
		v := reflect.ValueOf(section.Into).Elem()
		if section.Name == "" {
			s.showFields(top, v, "")
			continue
		}
		inner := &yaml.Node{Kind: yaml.MappingNode}
		s.showFields(inner, v, section.Name)
		if _, there := s.places[section.Name]; there {
			top.Content = append(top.Content, word(section.Name), inner)
		}
	}
	if len(top.Content) == 0 {
		return []byte("# nothing is configured\n"), nil
	}
	return yaml.Dump(top, yaml.WithIndent(2))
}

func (s *Settings) showFields(to *yaml.Node, v reflect.Value, path string) {
	for _, f := range fieldsOf(v.Type()) {
		at := join(path, f.key)
		value := v.Field(f.index)
		_, there := s.places[at]
		if !there && value.IsZero() {
			continue
		}
		n := s.showValue(value, f, at)
		if n.Kind == yaml.MappingNode && len(n.Content) == 0 {
			continue
		}
		to.Content = append(to.Content, word(f.key), n)
	}
}

func (s *Settings) showValue(v reflect.Value, f field, path string) *yaml.Node {
	if f.secret {
		return s.origin(word("(secret)"), path)
	}
	if v.CanAddr() {
		if w, ok := v.Addr().Interface().(written); ok {
			return s.origin(shown(w.show()), path)
		}
	}
	switch {
	case v.Type() == durationType:
		return s.origin(word(time.Duration(v.Int()).String()), path)
	case v.Kind() == reflect.Pointer:
		return s.showValue(v.Elem(), f, path)
	case v.Kind() == reflect.Struct:
		n := &yaml.Node{Kind: yaml.MappingNode}
		s.showFields(n, v, path)
		return n
	case v.Kind() == reflect.Slice:
		n := &yaml.Node{Kind: yaml.SequenceNode}
		for i := range v.Len() {
			n.Content = append(n.Content, s.showValue(v.Index(i), field{}, index(path, i)))
		}
		return n
	case v.Kind() == reflect.Map:
		n := &yaml.Node{Kind: yaml.MappingNode}
		for _, key := range sortedKeys(v) {
			entry := reflect.New(v.Type().Elem()).Elem()
			entry.Set(v.MapIndex(key))
			n.Content = append(n.Content, word(key.String()), s.showValue(entry, field{}, join(path, key.String())))
		}
		return n
	case v.Kind() == reflect.String:
		return s.origin(word(v.String()), path)
	}
	return s.origin(&yaml.Node{Kind: yaml.ScalarNode, Value: fmt.Sprint(v.Interface())}, path)
}

// origin puts behind a value where it comes from.
func (s *Settings) origin(n *yaml.Node, path string) *yaml.Node {
	comment := "# default"
	if place, ok := s.places[path]; ok {
		comment = "# " + place.String()
	} else if place, ok := s.Place(path); ok && path[len(path)-1] == ']' {
		comment = "# " + place.String()
	}
	n.LineComment = comment
	return n
}

func shown(v any) *yaml.Node {
	if list, ok := v.([]string); ok {
		n := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
		for _, text := range list {
			n.Content = append(n.Content, word(text))
		}
		return n
	}
	return word(v.(string))
}

// word is a text. The library quotes it where it would read as something else.
func word(text string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(text)
	return n
}
