package strictyaml

import (
	"strings"
	"testing"
)

type config struct {
	name  string
	list  []string
	on    bool
	inner string
}

func parse(text string) (config, error) {
	d := Parse("x.yaml", []byte(text))
	var c config
	if top := d.Top(); top != nil {
		top.Fields(map[string]func(*Value){
			"name": func(v *Value) { c.name = v.Text() },
			"list": func(v *Value) { c.list = v.Texts() },
			"on":   func(v *Value) { c.on = v.Bool() },
			"sub": func(v *Value) {
				v.Fields(map[string]func(*Value){"inner": func(v *Value) { c.inner = v.Text() }})
			},
		})
	}
	return c, d.Err()
}

func TestGood(t *testing.T) {
	c, err := parse("name: yes\nlist: &l [1, off]\non: true\nsub:\n  inner: &x text\n")
	if err != nil || c.name != "yes" || strings.Join(c.list, " ") != "1 off" || !c.on || c.inner != "text" {
		t.Errorf("got %+v, %v", c, err)
	}
	for _, text := range []string{"", "# nothing\n\n", "name:\n"} {
		if c, err := parse(text); err != nil || c.name != "" {
			t.Errorf("%q: %+v, %v", text, c, err)
		}
	}
}

// Every error of a file comes at once, in its order, with its place.
func TestBad(t *testing.T) {
	for text, want := range map[string]string{
		"nmae: x\nlist: x\nsub: [1]\non: maybe\nname: {a: b}\nsub:\n  inner: 1\n  iner: 2\n": `x.yaml:1:1: unknown key "nmae" (did you mean "name"?)
x.yaml:2:7: want a list here, not "x"
x.yaml:3:6: want keys with values here, not a list
x.yaml:4:5: want true or false here
x.yaml:5:7: want a text here, not keys with values
x.yaml:6:1: "sub" is there twice: first in line 3`,
		"name: [\n":             "x.yaml:2:1: did not find expected node content, while parsing a flow node",
		"- a\n":                 "x.yaml:1:1: want keys with values here, not a list",
		"a: 1\n---\nb: 1\n":     "x.yaml: expected single document, found multiple",
		"<<: {name: x}\n":       `x.yaml:1:1: unknown key "<<"`,
		"name: \"x\n":           "x.yaml:2:1: found unexpected end of stream, while scanning a quoted scalar",
		"name: *none\n":         "x.yaml:1:7: unknown anchor 'none' referenced",
		"? [a]\n: b\nname: x\n": "x.yaml:1:3: a key must be a word, not a list",
		"sub: TOKEN=abc\n":      "x.yaml:1:6: want keys with values here, not a text", // it may be a secret
		"list:\n\t- a\n":        "x.yaml:2:1: found character that cannot start any token, while scanning for the next token (indent with spaces, not with tabs)",
		"name: !vault x\n":      "x.yaml:1:7: tags are not understood: !vault",
		"name: !!binary eA==\n": "x.yaml:1:7: tags are not understood: !!binary",
		"name: \"a\\0b\"\n":     "x.yaml:1:7: there is a zero byte in this text",
		"list: [&name x]\n*name : y\nsub: {inner: &none z}\n*none : y\n": `x.yaml:2:1: unknown key "x"
x.yaml:4:1: unknown key "z"`,
	} {
		_, err := parse(text)
		if err == nil || err.Error() != want {
			t.Errorf("%q:\n got %v\nwant %s", text, err, want)
		}
	}
}

// A file must not be able to take all memory by repeating itself.
func TestAliasBomb(t *testing.T) {
	text := "a: &a [x, x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c < 'p'; c++ {
		p := string(c - 1)
		text += string(c) + ": &" + string(c) + " [" + strings.Repeat("*"+p+",", 8) + "*" + p + "]\n"
	}
	if _, err := parse(text + "list: *o\n"); err == nil {
		t.Error("no error")
	}
}
