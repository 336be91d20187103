package vendor

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/leaven-dev/leaven/bake"
	"github.com/leaven-dev/leaven/internal/rootfs"
)

func read(t *testing.T, files map[string]string) (Rules, error) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		full := filepath.Join(dir, Dir, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	root, err := rootfs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	return Read(root, []bake.Rule{{ID: "tmp"}})
}

const full = `rules:
  - id: acme-agent
    title: state of the ACME agent
    why: clones would report under one name
    source: ACME's manual
    where: [/var/lib/acme/*, "~/.acme"]
    named: [{in: [/etc/acme.conf], match: 'state=(\S+)'}]
    except: [/var/lib/acme/licence]
    busy: [/var/lib/acme/socket]
    when: [/usr/bin/acme]
    unless: [/etc/acme.keep]
    files: true
    holds: id=
    unowned: true
    action: delete
    stage: shutdown
    held: true
    default: audit
    severity: error
    made_again: by the agent
    makers: [{name: acme, where: /usr/bin/acme, holds: x, unless: /etc/acme.off}]
    before: [[systemctl, stop, acme.service]]
    scripts: [/usr/lib/acme/clean]
    secret: true
  - id: acme-conf
    title: ACME's configuration
    why: it names the build machine
    where: [/etc/acme.conf]
    action: reset
    reset: {text: "x\n", mode: 0640, create: true, link_to: /usr/share/acme.conf}
  - id: acme-lines
    title: lines of ACME's configuration
    why: they name the build machine
    where: [/etc/acme.d/*]
    action: edit
    edit: {match: '^host=', with: host=, drop: true, whole: true}
`

func TestEveryField(t *testing.T) {
	got, err := read(t, map[string]string{"acme.yaml": full, "README": "no rules"})
	if err != nil {
		t.Fatal(err)
	}
	want := []bake.Rule{
		{
			ID: "acme-agent", Group: "acme", Title: "state of the ACME agent", Why: "clones would report under one name", Source: "ACME's manual",
			Where: []string{"/var/lib/acme/*", "~/.acme"}, Named: []bake.Reference{{In: []string{"/etc/acme.conf"}, Match: `state=(\S+)`}},
			Except: []string{"/var/lib/acme/licence"}, Busy: []string{"/var/lib/acme/socket"}, When: []string{"/usr/bin/acme"}, Unless: []string{"/etc/acme.keep"},
			Files: true, Holds: "id=", Unowned: true, Action: bake.Delete, Stage: bake.Shutdown, Held: true, Default: bake.AuditOnly, Severity: bake.Error,
			MadeAgain: "by the agent", Makers: []bake.Maker{{Name: "acme", Where: "/usr/bin/acme", Holds: "x", Unless: "/etc/acme.off"}},
			Before: [][]string{{"systemctl", "stop", "acme.service"}}, Scripts: []string{"/usr/lib/acme/clean"}, Secret: true,
		},
		{
			ID: "acme-conf", Group: "acme", Title: "ACME's configuration", Why: "it names the build machine", Where: []string{"/etc/acme.conf"}, Action: bake.Reset,
			Reset: &bake.Content{Text: "x\n", Mode: 0o640, Create: true, LinkTo: "/usr/share/acme.conf"},
		},
		{
			ID: "acme-lines", Group: "acme", Title: "lines of ACME's configuration", Why: "they name the build machine", Where: []string{"/etc/acme.d/*"}, Action: bake.Edit,
			Edit: &bake.Lines{Match: "^host=", With: "host=", Drop: true, Whole: true},
		},
	}
	if diff := cmp.Diff(want, got.List); diff != "" {
		t.Error(diff)
	}
	if got.Origin["acme-conf"] != Dir+"/acme.yaml" {
		t.Errorf("origin: %v", got.Origin)
	}
}

// A field that is added to a rule must be readable from a file too: the text above sets every field of the first rules.
func TestNoFieldIsForgotten(t *testing.T) {
	got, err := read(t, map[string]string{"acme.yaml": full})
	if err != nil {
		t.Fatal(err)
	}
	set := map[string]bool{}
	for _, r := range got.List {
		v := reflect.ValueOf(r)
		for i := range v.NumField() {
			if !v.Field(i).IsZero() {
				set[v.Type().Field(i).Name] = true
			}
		}
	}
	rule := reflect.TypeFor[bake.Rule]()
	for i := range rule.NumField() {
		if name := rule.Field(i).Name; !set[name] {
			t.Errorf("no file can set the field %s of a rule", name)
		}
	}
}

func TestErrors(t *testing.T) {
	_, err := read(t, map[string]string{
		"a.yaml": `rules:
  - id: a
    title: t
    why: w
    wehre: [/srv/x]
    action: destroy
  - id: b
    title: t
    why: w
    where: ["*"]
    action: delete
  - id: tmp
    title: t
    why: w
    where: [/srv/x]
    action: delete
  - id: c
    title: t
    why: w
    where: [/srv/x]
    action: reset
    reset: {mode: 999}
    before: [[]]
  - nothing
rule: []
`,
		"d.yaml": "rules:\n  - {id: Bad_ID, title: t, why: w, where: [/../etc/passwd], action: delete}\n",
		"b.yaml": "rules:\n  - {id: c, title: t, why: w, where: [/srv/y], action: delete}\n",
		"c.yml":  "",
	})
	if err == nil {
		t.Fatal("no error")
	}
	want := []string{
		`/usr/lib/leaven/rules.d/a.yaml:5:5: unknown key "wehre" (did you mean "where"?)`,
		`/usr/lib/leaven/rules.d/a.yaml:6:13: want one of [delete truncate empty reset edit report], not "destroy"`,
		`/usr/lib/leaven/rules.d/a.yaml:7:5: rule "b": pattern "*" must begin with / or ~/`,
		`/usr/lib/leaven/rules.d/a.yaml:12:5: the rule "tmp" is there already, in Leaven itself`,
		`/usr/lib/leaven/rules.d/a.yaml:22:19: want permission bits in octal here, such as 0644`,
		`/usr/lib/leaven/rules.d/a.yaml:23:14: a command needs at least the program's name`,
		`/usr/lib/leaven/rules.d/a.yaml:24:5: want keys with values here, not a text`,
		`/usr/lib/leaven/rules.d/a.yaml:25:1: unknown key "rule" (did you mean "rules"?)`,
		`/usr/lib/leaven/rules.d/b.yaml:2:5: the rule "c" is there already, in /usr/lib/leaven/rules.d/a.yaml`,
		`/usr/lib/leaven/rules.d/c.yml: the name must end in .yaml`,
		`/usr/lib/leaven/rules.d/d.yaml:2:5: rule "Bad_ID": id must be lower-case words joined by dashes`,
		`/usr/lib/leaven/rules.d/d.yaml:2:5: rule "Bad_ID": pattern "/../etc/passwd" is not a clean path: write "/etc/passwd"`,
	}
	if diff := cmp.Diff(want, strings.Split(err.Error(), "\n")); diff != "" {
		t.Error(diff)
	}
}

func TestNone(t *testing.T) {
	if got, err := read(t, nil); err != nil || len(got.List) > 0 {
		t.Errorf("%v, %v", got, err)
	}
}

// On a running system a file that a user can write to would give that user root's rights.
func TestOnlyRootMayWriteRules(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(dir+"/x", 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir+"/x", 0o777); err != nil {
		t.Fatal(err)
	}
	root, err := rootfs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if err := trusted(root, "/x"); err == nil || err.Error() != "/x: others than root can change it: chown root:root, chmod go-w" {
		t.Errorf("got %v", err)
	}
}
