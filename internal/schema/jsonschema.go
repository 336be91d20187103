package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// JSONSchema is the schema (draft 2020-12) of documents with these sections, indented. Every layer is a document of its own, so
// keys that some layer must have are not required in each.
func JSONSchema(id, title string, sections ...Section) ([]byte, error) {
	properties := map[string]any{}
	for _, s := range sections {
		part := object(reflect.TypeOf(s.Into).Elem())
		if s.Name == "" {
			for key, value := range part["properties"].(map[string]any) {
				properties[key] = value
			}
			continue
		}
		part["description"] = s.Doc
		orNull(part)
		properties[s.Name] = part
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(map[string]any{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": id, "title": title,
		"type": []string{"object", "null"}, "additionalProperties": false, "properties": properties,
	})
	return out.Bytes(), err
}

func object(t reflect.Type) map[string]any {
	properties := map[string]any{}
	for _, f := range fieldsOf(t) {
		part := valueOf(t.Field(f.index).Type, f)
		part["description"] = f.doc
		if f.fallback != "" {
			part["default"] = f.fallback
			if t.Field(f.index).Type.Kind() == reflect.Bool {
				part["default"] = f.fallback == "true"
			}
		}
		orNull(part)
		properties[f.key] = part
	}
	return map[string]any{"type": "object", "additionalProperties": false, "properties": properties}
}

func valueOf(t reflect.Type, f field) map[string]any {
	if w, ok := reflect.New(t).Interface().(written); ok {
		return w.describe()
	}
	switch {
	case t == durationType && f.positive:
		return map[string]any{"type": "string", "pattern": duration, "not": map[string]any{"pattern": `^[^1-9]*$`}}
	case t == durationType:
		return map[string]any{"anyOf": []any{map[string]any{"type": "string", "pattern": duration}, map[string]any{"const": 0}}}
	case t.Kind() == reflect.Bool:
		return map[string]any{"type": "boolean"}
	case t.Kind() == reflect.Int:
		return number(f)
	case t.Kind() == reflect.Pointer:
		return valueOf(t.Elem(), f)
	case t.Kind() == reflect.Struct:
		return object(t)
	case t.Kind() == reflect.Slice:
		return map[string]any{"type": "array", "items": valueOf(t.Elem(), field{oneOf: f.oneOf, pattern: f.pattern, literal: f.literal})}
	case t.Kind() == reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": valueOf(t.Elem(), field{})}
	case t.Kind() == reflect.String:
		return text(f)
	}
	panic(fmt.Sprintf("schema: a field of type %s", t))
}

const duration = `^(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|s|m|h))+$|^0$`

// orNull takes a key without a value, which counts as if it were not there.
func orNull(part map[string]any) {
	none := map[string]any{"type": "null"}
	switch {
	case part["anyOf"] != nil:
		part["anyOf"] = append(part["anyOf"].([]any), none)
	case part["oneOf"] != nil:
		part["oneOf"] = append(part["oneOf"].([]any), none)
	case part["enum"] != nil:
		part["enum"] = append(slices.Clone(part["enum"].([]any)), nil)
	default:
		switch is := part["type"].(type) {
		case string:
			part["type"] = []string{is, "null"}
		case []string:
			part["type"] = append(slices.Clone(is), "null")
		}
	}
}

// number is a whole one. Patterns are for texts in a JSON Schema; those of numbers are lists of them: "2048|3072".
func number(f field) map[string]any {
	if f.pattern == "" {
		return map[string]any{"type": "integer"}
	}
	var all []any
	for text := range strings.SplitSeq(f.pattern, "|") {
		n, err := strconv.Atoi(text)
		if err != nil {
			panic(fmt.Sprintf("schema: the pattern %q of a number is no list of numbers", f.pattern))
		}
		all = append(all, n)
	}
	return map[string]any{"enum": all}
}

// text is a string that may be filled in at run time.
func text(f field) map[string]any {
	switch {
	case len(f.oneOf) > 0:
		var words []any
		for _, w := range f.oneOf {
			words = append(words, w)
		}
		if f.literal {
			return map[string]any{"enum": words}
		}
		return map[string]any{"anyOf": []any{map[string]any{"enum": words}, map[string]any{"type": "string", "pattern": `\$\{`}}}
	case f.pattern != "":
		pattern := `^(?:` + f.pattern + `)$`
		if !f.literal {
			pattern += `|\$\{`
		}
		types := []string{"string"}
		if f.matches("1") { // written without quotes, as a port may be
			types = append(types, "number")
		}
		if f.matches("true") {
			types = append(types, "boolean")
		}
		return map[string]any{"type": types, "pattern": pattern}
	}
	return scalar()
}

// scalar is any text: what YAML takes for a number or for true is a text here.
func scalar() map[string]any { return map[string]any{"type": []string{"string", "number", "boolean"}} }
