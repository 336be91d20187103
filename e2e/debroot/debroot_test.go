package debroot

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/leaven-dev/leaven/e2e/cache"
)

func TestRootIsWhole(t *testing.T) {
	for _, suite := range []string{"bookworm", "trixie"} {
		t.Run(suite, func(t *testing.T) {
			root, err := Build(t.Context(), Container(suite), t.Output())
			if err != nil {
				t.Fatal(err)
			}
			scratch, err := cache.NewScratch()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { scratch.Close() })
			dir := filepath.Join(scratch.Path, "root")
			if err := root.CopyTo(t.Context(), dir); err != nil {
				t.Fatal(err)
			}
			release, err := os.ReadFile(filepath.Join(dir, "etc/os-release"))
			if err != nil || !strings.Contains(string(release), "VERSION_CODENAME="+suite) {
				t.Errorf("os-release: %v\n%s", err, release)
			}
			// The set-uid bit is lost where a copy does not keep modes.
			if info, err := os.Stat(filepath.Join(dir, "usr/bin/sudo")); err != nil || info.Mode()&os.ModeSetuid == 0 {
				t.Errorf("sudo: %v, %v", info, err)
			}
			if keys, _ := filepath.Glob(filepath.Join(dir, "etc/ssh/ssh_host_*_key")); len(keys) == 0 {
				t.Error("no host keys, as the package makes them")
			}
			if id, err := os.ReadFile(filepath.Join(dir, "etc/machine-id")); err != nil || len(id) != 0 {
				t.Errorf("machine-id: %q, %v", id, err)
			}
			if err := root.CopyTo(t.Context(), dir); err == nil {
				t.Error("copied over what was there")
			}
		})
	}
}

func TestBuildSaysWhatMmdebstrapSaid(t *testing.T) {
	t.Setenv("LEAVEN_CACHE", t.TempDir())
	_, err := Build(t.Context(), Recipe{Suite: "no-such-suite"}, t.Output())
	if err == nil || !strings.Contains(err.Error(), "no-such-suite") {
		t.Errorf("error is %v", err)
	}
}

func TestRecipeNamesTheEntry(t *testing.T) {
	a, b := Container("bookworm"), Container("bookworm").With("nfs-common")
	if a.name() == b.name() || a.name() != Container("bookworm").name() {
		t.Errorf("names %s and %s", a.name(), b.name())
	}
}

func TestDebianMirror(t *testing.T) {
	for _, test := range []struct{ name, targets, want string }{
		{"by origin", "Vendor main http://a.example/apt/\nDebian main http://b.example/mirror/\n", "http://b.example/mirror/"},
		{"not the security one", "Debian main http://a.example/debian-security/\nDebian main http://b.example/debian/\n", "http://b.example/debian/"},
		{"before apt-get update", "$(ORIGIN) main http://a.example/apt/\n$(ORIGIN) main http://b.example/debian/\n", "http://b.example/debian/"},
		{"not contrib", "Debian contrib http://a.example/debian/\n", ""},
		{"Ubuntu", "Ubuntu main http://a.example/ubuntu/\n", ""},
		{"nothing", "", ""},
	} {
		if got := debianMirror(test.targets); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}
