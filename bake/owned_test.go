package bake_test

import (
	"compress/gzip"
	"io"
	"os"
	"testing"

	"github.com/leaven-dev/leaven/bake"
)

// The database is rpm's own; the package "tiny" has a configuration file.
func TestFilesOfRPMStay(t *testing.T) {
	f, err := os.Open("packages/testdata/Packages.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	base, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	dir := grow(t, map[string]string{"etc/tiny/tiny.conf": "x", "etc/tiny/mine.conf": "x", "var/lib/rpm/Packages": string(base)})
	_, p := plan(t, dir, rules(t, bake.Rule{ID: "conf", Where: []string{"/etc/tiny/*.conf"}, Unowned: true, Action: bake.Delete}), bake.Options{})
	same(t, planned(p), "conf /etc/tiny/mine.conf")
}
