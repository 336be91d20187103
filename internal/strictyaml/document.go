package strictyaml

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/leaven-dev/leaven/internal/nearest"
)

// A Document is one file while it is being read.
type Document struct {
	file string
	top  *Value
	errs []Fault
}

// A Value is a place in a document.
type Value struct {
	doc  *Document
	node *yaml.Node
}

// A Place is where something stands in a file. The zero value is nowhere.
type Place struct {
	File         string
	Line, Column int // from 1; 0 where it is not known
}

func (p Place) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// A Fault is one thing that is wrong with a file.
type Fault struct {
	Place
	Message string
}

func (f Fault) Error() string {
	if f.Place == (Place{}) {
		return f.Message
	}
	return f.Place.String() + ": " + f.Message
}

// Parse reads a file's text; file is its name in errors. A text that is no YAML has its error in Err.
func Parse(file string, text []byte) *Document {
	d := &Document{file: file}
	if blank(text) {
		return d
	}
	var node yaml.Node
	if err := yaml.Load(text, &node); err != nil {
		d.syntax(err, text)
	} else if len(node.Content) == 1 {
		d.top = &Value{d, node.Content[0]}
		d.tags(node.Content[0])
	}
	return d
}

// tags refuses what says of itself how it is to be read (!vault, !!binary): nobody here would.
func (d *Document) tags(n *yaml.Node) {
	if n.Style&yaml.TaggedStyle != 0 {
		(&Value{d, n}).Fail("tags are not understood: %s", n.ShortTag())
	}
	for _, c := range n.Content {
		d.tags(c)
	}
}

// blank tells a file without a document, which the library takes for an error.
func blank(text []byte) bool {
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			return false
		}
	}
	return true
}

func (d *Document) syntax(err error, text []byte) {
	f := Fault{Place: Place{File: d.file}, Message: strings.TrimPrefix(err.Error(), "yaml: ")}
	if le, ok := errors.AsType[*yaml.LoadError](err); ok {
		f.Line, f.Column = int(le.Mark.Line), int(le.Mark.Column)
		f.Message = strings.TrimPrefix(le.Message, "yaml: ")
		if le.ContextMsg != "" {
			f.Message += ", " + le.ContextMsg
		}
		if lines := bytes.Split(text, []byte("\n")); f.Line >= 1 && f.Line <= len(lines) && bytes.HasPrefix(bytes.TrimLeft(lines[f.Line-1], " "), []byte("\t")) {
			f.Message += " (indent with spaces, not with tabs)"
		}
	}
	d.errs = append(d.errs, f)
}

// Top is the document's value; nil where there is none, or none that can be read.
func (d *Document) Top() *Value { return d.top }

// Faults is everything that is wrong, in the order of the file.
func (d *Document) Faults() []Fault {
	slices.SortStableFunc(d.errs, func(a, b Fault) int { return cmp.Or(a.Line-b.Line, a.Column-b.Column) })
	return d.errs
}

// Err is everything that is wrong, in the order of the file, or nil.
func (d *Document) Err() error {
	var all []error
	for _, f := range d.Faults() {
		all = append(all, f)
	}
	return errors.Join(all...)
}

// Fail records that something is wrong with the value.
func (v *Value) Fail(format string, args ...any) {
	v.doc.errs = append(v.doc.errs, Fault{v.Place(), fmt.Sprintf(format, args...)})
}

// Faulty runs read and tells whether it found faults in the document.
func (v *Value) Faulty(read func()) bool {
	before := len(v.doc.errs)
	read()
	return len(v.doc.errs) > before
}

// Place is where the value begins.
func (v *Value) Place() Place { return Place{v.doc.file, v.node.Line, v.node.Column} }

// resolved follows an alias.
func (v *Value) resolved() *yaml.Node {
	if v.node.Kind == yaml.AliasNode {
		return v.node.Alias
	}
	return v.node
}

// IsMap tells a mapping from other values.
func (v *Value) IsMap() bool { return v.resolved().Kind == yaml.MappingNode }

// IsScalar tells a word or a text from other values.
func (v *Value) IsScalar() bool { return v.resolved().Kind == yaml.ScalarNode }

// empty tells a key without a value, which counts as if the key were not there.
func (v *Value) empty() bool { return v.resolved().ShortTag() == "!!null" && v.resolved().Value == "" }

// Fields reads a mapping with known keys.
func (v *Value) Fields(fields map[string]func(*Value)) {
	v.Each(func(key, value *Value) {
		name := key.resolved().Value
		read, known := fields[name]
		switch {
		case !known:
			key.Fail("unknown key %q%s", name, nearest.Hint(name, slices.Sorted(maps.Keys(fields))))
		case !value.empty():
			read(value)
		}
	})
}

// Each reads a mapping with any keys, each once.
func (v *Value) Each(entry func(key, value *Value)) {
	n := v.resolved()
	if n.Kind != yaml.MappingNode {
		what := kind(n)
		if n.Kind == yaml.ScalarNode {
			what = "a text" // which may be a secret: environment: TOKEN=…
		}
		v.Fail("want keys with values here, not %s", what)
		return
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := &Value{v.doc, n.Content[i]}, &Value{v.doc, n.Content[i+1]}
		name := key.resolved().Value
		if !key.IsScalar() {
			key.Fail("a key must be a word, not %s", kind(key.resolved()))
			continue
		}
		if line, twice := seen[name]; twice {
			key.Fail("%q is there twice: first in line %d", name, line)
			continue
		}
		seen[name] = key.node.Line
		entry(key, value)
	}
}

// List reads a list.
func (v *Value) List(item func(*Value)) {
	n := v.resolved()
	if n.Kind != yaml.SequenceNode {
		v.Fail("want a list here, not %s", kind(n))
		return
	}
	for _, c := range n.Content {
		item(&Value{v.doc, c})
	}
}

// Text reads a word or a text. It has no zero bytes in it: what is made of it are paths, names and arguments of commands.
func (v *Value) Text() string {
	n := v.resolved()
	switch {
	case n.Kind != yaml.ScalarNode:
		v.Fail("want a text here, not %s", kind(n))
		return ""
	case strings.ContainsRune(n.Value, 0):
		v.Fail("there is a zero byte in this text")
		return ""
	}
	return n.Value
}

// Tag is what YAML takes a value for: "!!str", "!!int", "!!bool" … What is quoted is a text.
func (v *Value) Tag() string { return v.resolved().ShortTag() }

// Texts reads a list of texts.
func (v *Value) Texts() []string {
	var all []string
	v.List(func(item *Value) { all = append(all, item.Text()) })
	return all
}

// Bool reads true or false.
func (v *Value) Bool() bool {
	b, err := strconv.ParseBool(v.Text())
	if err != nil {
		v.Fail("want true or false here")
	}
	return b
}

func kind(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "keys with values"
	case yaml.SequenceNode:
		return "a list"
	}
	return fmt.Sprintf("%q", n.Value)
}
