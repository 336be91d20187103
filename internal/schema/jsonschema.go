package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
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
		properties[f.key] = part
	}
	return map[string]any{"type": "object", "additionalProperties": false, "properties": properties}
}

func valueOf(t reflect.Type, f field) map[string]any {
	if w, ok := reflect.New(t).Interface().(written); ok {
		return w.describe()
	}
	switch {
	case t == durationType:
		return map[string]any{"anyOf": []any{
			map[string]any{"type": "string", "pattern": `^(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|s|m|h))+$`},
			map[string]any{"const": 0},
		}}
	case t.Kind() == reflect.Bool:
		return map[string]any{"type": "boolean"}
	case t.Kind() == reflect.Int:
		return map[string]any{"type": "integer"}
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

// text is a string that may be filled in at run time.
func text(f field) map[string]any {
	switch {
	case len(f.oneOf) > 0:
		return map[string]any{"enum": f.oneOf}
	case f.pattern != "" && f.literal:
		return map[string]any{"type": "string", "pattern": `^(?:` + f.pattern + `)$`}
	case f.pattern != "":
		return map[string]any{"type": "string", "pattern": `^(?:` + f.pattern + `)$|\$\{`}
	}
	return scalar()
}

// scalar is any text: what YAML takes for a number or for true is a text here.
func scalar() map[string]any { return map[string]any{"type": []string{"string", "number", "boolean"}} }
