package bake

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// Gone decides which files an audit does not search for secrets: a file that stays must never be among them.
func TestGone(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"srv/a/deep/file", "srv/a/kept", "srv/cut", "srv/edited", "srv/told", "srv/key", "srv/stuck", "srv/other", "srv/else"} {
		full := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte("x\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	root, err := rootfs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	nobody := []Maker{{Name: "nobody", Where: "/usr/bin/nobody"}}
	catalogue, err := NewCatalogue([]Rule{
		{ID: "folder", Title: "t", Why: "w", Where: []string{"/srv/a"}, Action: Delete},
		{ID: "cut", Title: "t", Why: "w", Where: []string{"/srv/cut"}, Action: Truncate},
		{ID: "edited", Title: "t", Why: "w", Where: []string{"/srv/edited"}, Action: Edit, Edit: &Lines{Match: "x", Drop: true}},
		{ID: "told", Title: "t", Why: "w", Where: []string{"/srv/told"}, Action: Delete, Default: AuditOnly},
		{ID: "key", Title: "t", Why: "w", Where: []string{"/srv/key"}, Action: Delete, Makers: nobody, Secret: true},
		{ID: "stuck", Title: "t", Why: "w", Where: []string{"/srv/stuck"}, Action: Delete, Makers: nobody},
		{ID: "other", Title: "t", Why: "w", Where: []string{"/srv/other"}, Action: Delete, Secret: true},
		{ID: "else", Title: "t", Why: "w", Where: []string{"/srv/else"}, Action: Delete},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		options Options
		gone    map[string]bool
	}{
		{Options{Keep: []string{"/srv/a/kept"}, Skip: []string{"other", "else"}}, map[string]bool{
			"/srv/a/deep/file": true, "/srv/a/kept": false, "/srv/cut": true, "/srv/edited": false, "/srv/told": false,
			"/srv/key":   true,  // it stays, as a finding
			"/srv/stuck": false, // it stays as well, and may hold anything
			"/srv/other": true,  // whoever switches off a rule for secrets wants them there
			"/srv/else":  false,
			"/srv":       false, "/": false, "/srv/cut/below": false,
		}},
		{Options{Only: []string{"cut"}}, map[string]bool{"/srv/cut": true, "/srv/other": false, "/srv/key": false, "/srv/a/deep/file": false}},
	} {
		plan, err := NewPlan(root, catalogue, c.options)
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range c.gone {
			if got := plan.Gone(name) != nil; got != want {
				t.Errorf("%+v: %s gone: %v", c.options, name, got)
			}
		}
	}
}

func TestCoversPaths(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"/opt/app", "/opt/app", true},
		{"/opt/app", "/opt/app/x/y", true},
		{"/opt/app", "/opt/apps", false},
		{"/opt/*.key", "/opt/a.key", true},
		{"/opt/*.key", "/opt/a/b.key", false},
		{"/opt/**/*.key", "/opt/a/b.key", true},
		{"/opt/{a,b}/x", "/opt/b/x", true},
		{"/opt/{a,b}/x", "/opt/c/x", false},
	} {
		if got := Covers(c.pattern, c.name); got != c.want {
			t.Errorf("%s covers %s: %v", c.pattern, c.name, got)
		}
	}
}

func TestUnquote(t *testing.T) {
	every := ""
	for b := 1; b < 256; b++ {
		every += string([]byte{byte(b)})
	}
	for _, name := range []string{"", "/plain", "/a b", every, `/\x41`, "/é"} {
		if got, err := Unquote(Quote(name)); err != nil || got != name {
			t.Errorf("%q: %q, %v", name, got, err)
		}
	}
	for _, bad := range []string{`\`, `\x`, `\x4`, `\xzz`, `a\n`, `\\`} {
		if got, err := Unquote(bad); err == nil {
			t.Errorf("%q: %q", bad, got)
		}
	}
}
