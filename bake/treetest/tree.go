// Package treetest makes small trees for tests that read one through package rootfs. It is for tests only.
package treetest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// Open makes a tree with these files, by their names, and opens it until the test ends. Content that begins with "->" makes
// a link.
func Open(t testing.TB, files map[string]string) *rootfs.Root {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		full := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if target, link := strings.CutPrefix(content, "->"); link {
			err = os.Symlink(target, full)
		} else {
			err = os.WriteFile(full, []byte(content), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	root, err := rootfs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root
}
