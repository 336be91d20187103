package schema

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"github.com/leaven-dev/leaven/internal/strictyaml"
)

type top struct {
	Name   string        `key:"name" doc:"what it is called" pattern:"[a-z]+(-[a-z0-9]+)*"`
	Wait   time.Duration `key:"wait" doc:"how long" default:"5m"`
	Mounts []mount       `key:"mounts" doc:"what is mounted" by:"at"`
	Words  []string      `key:"words" doc:"some" pattern:"[a-z]+"`
	SSH    *ssh          `key:"ssh" doc:"of sshd"`
}

type mount struct {
	From  string `key:"from" doc:"what" is:"required"`
	At    string `key:"at" doc:"where" is:"required" pattern:"/.*"`
	Mode  Mode   `key:"mode" doc:"of its root"`
	Least Size   `key:"least" doc:"how large it must be"`
}

type ssh struct {
	Bits int     `key:"bits" doc:"of the key" pattern:"2048|3072"`
	Sign Command `key:"sign" doc:"what signs"`
	Pass string  `key:"pass" doc:"what nobody may see" is:"secret"`
}

type hub struct {
	Role string            `key:"role" doc:"what it is" is:"required" oneof:"hub,client"`
	Env  map[string]string `key:"env" doc:"variables" is:"literal"`
	On   bool              `key:"on" doc:"whether"`
	Peer string            `key:"peer" doc:"the other one"`
	Port string            `key:"port" doc:"where" pattern:"[0-9]+"`

	Limit time.Duration `key:"limit" doc:"how long at most" is:"positive"`
}

func (h *hub) Check(fail func(key, format string, args ...any)) {
	if h.Role == "client" && h.Peer == "" {
		fail("peer", "a client needs a peer")
	}
}

func read(t *testing.T, layers ...string) (*top, *hub, *Settings, error) {
	t.Helper()
	a, b := &top{}, &hub{}
	s := New(Section{Into: a}, Section{Name: "hub", Doc: "the hub", Into: b})
	for i, text := range layers {
		s.Add(strictyaml.Parse(fmt.Sprintf("%c.yaml", 'a'+i), []byte(text)))
	}
	return a, b, s, s.Finish()
}

const base = "mounts: [{from: x, at: /x, least: 10 GiB}, {from: y, at: /y, mode: \"0700\"}]\nwords: [a, b]\nhub: {role: hub, env: {A: \"${B}\"}}\n"

func TestLayers(t *testing.T) {
	if _, _, _, err := read(t, base, "mounts:\n- from: z\n  at: /y\n- from: n\n  at: /n\nwords: [c]\nwait: 1m30s\nssh: {bits: 3072, sign: [sign, it], pass: hush}\nhub:\n  env: {C: 1}\n  on: yes\n"); err == nil {
		t.Error("yes is no bool")
	}
	a, b, s, err := read(t, base, "mounts:\n- from: z\n  at: /y\n- from: n\n  at: /n\nwords: [c]\nwait: 1m30s\nssh: {bits: 3072, sign: [sign, it], pass: hush}\nhub:\n  env: {C: 1}\n  on: true\n")
	if err != nil {
		t.Fatal(err)
	}
	want := &top{
		Wait: 90 * time.Second, Words: []string{"c"}, SSH: &ssh{Bits: 3072, Sign: Command{Args: []string{"sign", "it"}}, Pass: "hush"},
		Mounts: []mount{{From: "x", At: "/x", Least: 10 << 30}, {From: "z", At: "/y"}, {From: "n", At: "/n"}},
	}
	if diff := cmp.Diff(want, a); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(&hub{Role: "hub", Env: map[string]string{"A": "${B}", "C": "1"}, On: true}, b); diff != "" {
		t.Error(diff)
	}
	text, err := s.YAML()
	if err != nil {
		t.Fatal(err)
	}
	shown := `wait: 1m30s # b.yaml:7:7
mounts:
- from: x # a.yaml:1:17
  at: /x # a.yaml:1:24
  least: 10GiB # a.yaml:1:35
- from: z # b.yaml:2:9
  at: /y # b.yaml:3:7
- from: n # b.yaml:4:9
  at: /n # b.yaml:5:7
words:
- c # b.yaml:6:9
ssh:
  bits: 3072 # b.yaml:8:13
  sign: [sign, it] # b.yaml:8:25
  pass: (secret) # b.yaml:8:43
hub:
  role: hub # a.yaml:3:13
  env:
    A: ${B} # a.yaml:3:27
    C: '1' # b.yaml:10:12
  on: true # b.yaml:11:7
`
	if diff := cmp.Diff(shown, string(text)); diff != "" {
		t.Error(diff)
	}
}

func TestDefaults(t *testing.T) {
	a, _, s, err := read(t, "", "hub: {role: hub}\n")
	if err != nil || a.Wait != 5*time.Minute {
		t.Errorf("%v, %v", a.Wait, err)
	}
	if text, err := s.YAML(); err != nil || !strings.Contains(string(text), "wait: 5m0s # default\n") {
		t.Errorf("%s, %v", text, err)
	}
}

// All that is wrong comes at once, with its place; what only a whole entry or section can show, when there is no other fault in it.
func TestFaults(t *testing.T) {
	for _, c := range []struct {
		layers []string
		want   string
	}{
		{[]string{"nmae: x\nwait: soon\nname: A B\nmounts: [{at: x, frm: y, mode: 999, least: many}, {at: /a, from: x}, {at: /a, from: y}]\n", "hub: {rol: hub, on: si}\nssh: {bits: 7, sign: []}\nwords: [a, B]\n"},
			`a.yaml:1:1: unknown key "nmae" (did you mean "name"?)
a.yaml:2:7: want a duration such as 90s, 5m or 1h30m here, not "soon"
a.yaml:3:7: "A B" does not fit here: what it is called
a.yaml:4:15: "x" does not fit here: where
a.yaml:4:18: unknown key "frm" (did you mean "from"?)
a.yaml:4:32: want permission bits in octal such as "0750" here, not "999"
a.yaml:4:44: want a size such as 512MiB or 20G here, not "many"
a.yaml:4:70: there are two entries with at "/a" in this list
b.yaml:1:7: unknown key "rol" (did you mean "role"?)
b.yaml:1:21: want true or false here, not "si"
b.yaml:2:13: "7" does not fit here: of the key
b.yaml:2:22: want a program with its arguments, as a list, or a text for the shell here
b.yaml:3:12: "B" does not fit here`},
		{[]string{"nmae: x\nmounts: [{at: /x}, {at: /y, from: z, mode: 999}]\n", "hub:\n  role: client\n"},
			"a.yaml:1:1: unknown key \"nmae\" (did you mean \"name\"?)\na.yaml:2:10: from is missing: what\na.yaml:2:44: want permission bits in octal such as \"0750\" here, not \"999\"\nb.yaml:2:3: a client needs a peer"},
		{[]string{"mounts: [{at: /x}]\n", "hub:\n  role: client\n"}, "a.yaml:1:10: from is missing: what\nb.yaml:2:3: a client needs a peer"},
		{[]string{"hub: {peer: x}\n"}, "a.yaml:1:6: role is missing: what it is"},
		{[]string{"hub: {role: hubb}\n"}, `a.yaml:1:13: want one of hub, client here, not "hubb" (did you mean "hub"?)`},
		{[]string{"hub: [x]\n"}, "a.yaml:1:6: want keys with values here, not a list"},
		{[]string{"a: [\n"}, "a.yaml:2:1: did not find expected node content, while parsing a flow node"},
	} {
		_, _, _, err := read(t, c.layers...)
		if err == nil {
			t.Errorf("%q: no error", c.layers)
		} else if diff := cmp.Diff(c.want, err.Error()); diff != "" {
			t.Errorf("%q: %s", c.layers, diff)
		}
	}
}

func TestExpand(t *testing.T) {
	a, b, s, err := read(t, "name: ${n}\nmounts: [{from: \"fs-${n}\", at: /a}]\nssh: {sign: \"echo ${n}\"}\nhub: {role: hub, env: {A: \"${n}\"}}\n")
	if err != nil {
		t.Fatal(err)
	}
	fill := func(with string) func(string) (string, error) {
		return func(text string) (string, error) { return strings.ReplaceAll(text, "${n}", with), nil }
	}
	if err := s.Expand(fill("abc"), fill("$N")); err != nil {
		t.Fatal(err)
	}
	if a.Name != "abc" || a.Mounts[0].From != "fs-abc" || a.SSH.Sign.Shell != "echo $N" || b.Env["A"] != "${n}" {
		t.Errorf("%+v %+v", a, b)
	}
	_, _, s, err = read(t, "name: ${n}\nhub: {role: hub}\n")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Expand(fill("A B"), fill("")); err == nil || err.Error() != `a.yaml:1:7: "A B" does not fit here: what it is called` {
		t.Errorf("got %v", err)
	}
}

// What the reader takes, the schema takes, and what one of them refuses in a single value, the other does too.
func TestJSONSchemaAgrees(t *testing.T) {
	text, err := JSONSchema("https://example.com/x.json", "x", Section{Into: &top{}}, Section{Name: "hub", Doc: "the hub", Into: &hub{}})
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("x.json", doc); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("x.json")
	if err != nil {
		t.Fatal(err)
	}
	for text, good := range map[string]bool{
		"name: a-b1\nwait: 1h2m\nwords: [a]\n": true, "name: A\n": false, "name: \"${instance.id}\"\n": true, "wait: 5\n": false, "wait: 0\n": true,
		"mounts: [{from: 1, at: /a, mode: \"0750\", least: 1 GiB}]\n": true, "mounts: [{at: a}]\n": false, "mounts: [{mode: 0988}]\n": false, "mounts: {}\n": false,
		"mounts: [{least: 5 GB}]\n": false, "hub: {role: hub, env: {A: 1}}\n": true, "hub: {role: x}\n": false, "hub: {on: maybe}\n": false, "ssh: {sign: [a, 1]}\n": true,
		"ssh: {sign: []}\n": false, "ssh: {sign: echo}\n": true, "ssh: {sign: {a: b}}\n": false, "words: [A]\n": false, "x: 1\n": false, "ssh: {bits: 3072}\n": true, "ssh: {bits: x}\n": false,
		"ssh: {bits: 1024}\n": false, "ssh: {bits: \"3072\"}\n": false, "hub: {on: \"true\"}\n": false, "hub: {on: true}\n": true, "hub: {on: 1}\n": false,
		"name:\nwait:\nmounts:\nwords:\nssh:\nhub:\n": true, "ssh: {bits:, sign:, pass:}\n": true, "hub: {role:, env:, on:}\n": true,
		"hub: {role: \"${tag.role}\"}\n": true, "hub: {port: 80}\n": true, "hub: {port: true}\n": false, "name: true\n": true, "ssh: {sign: true}\n": true,
		"hub: {limit: 0s}\n": false, "hub: {limit: 0}\n": false, "hub: {limit: 10ms}\n": true, "wait: 0s\n": true, "mounts: [{mode: \"00000750\"}]\n": false,
	} {
		a, b := &top{}, &hub{}
		s := New(Section{Into: a}, Section{Name: "hub", Into: b})
		s.Add(strictyaml.Parse("x", []byte(text)))
		if read := len(s.faults) == 0; read != good {
			t.Errorf("the reader takes %q: %v, %v", text, read, s.faults)
		}
		if err := compiled.Validate(asJSON(t, text)); (err == nil) != good {
			t.Errorf("the schema takes %q: %v", text, err)
		}
	}
}

func asJSON(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if v, err = jsonschema.UnmarshalJSON(strings.NewReader(string(data))); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestSizes(t *testing.T) {
	for text, want := range map[string]Size{"0": 0, "512MiB": 512 << 20, "20G": 20 << 30, "1 TiB": 1 << 40} {
		var s Size
		if err := setText(reflect.ValueOf(&s).Elem(), field{}, text); err != nil || s != want {
			t.Errorf("%s is %d, %v", text, s, err)
		}
	}
	for _, text := range []string{"-1", "5GB", "9999999999T", "1.5G", "x"} {
		var s Size
		if err := setText(reflect.ValueOf(&s).Elem(), field{}, text); err == nil {
			t.Errorf("%s is %d", text, s)
		}
	}
}
