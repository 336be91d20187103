package bake_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/leaven-dev/leaven/bake"
)

// Debian's open-iscsi makes a name where the file asks for one and stops without the file; the others make one where there is
// no file.
func TestISCSINames(t *testing.T) {
	catalogue, err := bake.NewCatalogue(bake.Builtin(nil))
	must(t, err)
	const debian, redhat, own = "iqn.1993-08.org.debian:01:0a", "iqn.1994-05.com.redhat:0a", "iqn.2026-01.com.example:builder"
	for _, c := range []struct {
		system, name string
		removed      bool
	}{
		{"etc/debian_version", debian, false}, {"etc/debian_version", own, false}, {"var/lib/dpkg/status", own, false}, {"etc/os-release", debian, false},
		{"etc/redhat-release", redhat, true}, {"etc/system-release", own, true}, {"etc/products.d/SLES.prod", own, true}, {"etc/os-release", redhat, true},
	} {
		dir := grow(t, map[string]string{c.system: "x", "etc/iscsi/initiatorname.iscsi": "## a comment\nInitiatorName=" + c.name + "\n"})
		for range 2 { // what a first run made a second one leaves
			seal(t, dir, catalogue, bake.Options{})
		}
		file := filepath.Join(dir, "etc/iscsi/initiatorname.iscsi")
		if gone(file) != c.removed {
			t.Errorf("%s, %s: removed: %v", c.system, c.name, gone(file))
		} else if data, _ := os.ReadFile(file); !c.removed && string(data) != "GenerateName=yes\n" {
			t.Errorf("%s, %s: it holds %q", c.system, c.name, data)
		}
	}
}
