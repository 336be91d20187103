package bake_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/leaven-dev/leaven/bake"
	"github.com/leaven-dev/leaven/internal/rootfs"
)

// asRoot is for tests that cannot tell anything without root rights.
func asRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("this test needs root")
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// grow makes a tree from names and contents; a name that ends in a slash is a folder, a content that begins with "-> " a link.
func grow(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "root")
	must(t, os.Mkdir(dir, 0o755))
	for name, content := range files {
		put(t, dir, name, content)
	}
	return dir
}

func put(t *testing.T, dir, name, content string) {
	t.Helper()
	full := filepath.Join(dir, name)
	must(t, os.MkdirAll(filepath.Dir(full), 0o755))
	target, link := strings.CutPrefix(content, "-> ")
	switch {
	case strings.HasSuffix(name, "/"):
		must(t, os.MkdirAll(full, 0o755))
	case link:
		must(t, os.Symlink(target, full))
	default:
		must(t, os.WriteFile(full, []byte(content), 0o644))
	}
}

// rules are a catalogue of few rules, for tests of the engine.
func rules(t *testing.T, list ...bake.Rule) *bake.Catalogue {
	t.Helper()
	for i := range list {
		if list[i].ID == "" {
			list[i].ID = "r" + string(rune('a'+i))
		}
		list[i].Title, list[i].Why, list[i].Source, list[i].MadeAgain = "t", "w", "s", "m"
	}
	c, err := bake.NewCatalogue(list)
	must(t, err)
	return c
}

func plan(t *testing.T, dir string, c *bake.Catalogue, o bake.Options) (*rootfs.Root, *bake.Plan) {
	t.Helper()
	root, err := rootfs.Open(dir)
	must(t, err)
	t.Cleanup(func() { root.Close() })
	p, err := bake.NewPlan(root, c, o)
	must(t, err)
	return root, p
}

// seal plans and applies, and returns what was changed by path.
func seal(t *testing.T, dir string, c *bake.Catalogue, o bake.Options) (map[string]bake.Change, *bake.Plan) {
	t.Helper()
	root, p := plan(t, dir, c, o)
	changes := map[string]bake.Change{}
	for _, c := range (&bake.Applier{Root: root, Each: func(bake.Change) {}}).Apply(context.Background(), p) {
		changes[c.Path] = c
	}
	return changes, p
}

// names lists a tree: folders end in a slash, links have their target.
func names(t *testing.T, dir string) []string {
	t.Helper()
	var list []string
	must(t, filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil || name == dir {
			return err
		}
		shown := strings.TrimPrefix(name, dir)
		switch {
		case e.IsDir():
			shown += "/"
		case e.Type() == fs.ModeSymlink:
			target, err := os.Readlink(name)
			must(t, err)
			shown += " -> " + target
		}
		list = append(list, shown)
		return nil
	}))
	return list
}

func content(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	must(t, err)
	return string(data)
}

func gone(name string) bool {
	_, err := os.Lstat(name)
	return os.IsNotExist(err)
}
