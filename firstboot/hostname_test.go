package firstboot

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

func TestHostName(t *testing.T) {
	for _, c := range []struct {
		title, name, hosts, last string // what is there before; "-" is no file
		want, wantHosts          string
	}{
		{"sealed image", "-", "127.0.0.1 localhost\n", "", "i-0b", "127.0.0.1 localhost\n127.0.1.1\ti-0b\t" + hostsMark + "\n"},
		{"empty file, no hosts", "", "-", "", "i-0b", "127.0.1.1\ti-0b\t" + hostsMark + "\n"},
		{"localhost, hosts without line feed", "localhost\n", "::1 localhost", "", "i-0b", "::1 localhost\n127.0.1.1\ti-0b\t" + hostsMark + "\n"},
		{"name of the owner", "web\n", "127.0.0.1 localhost\n", "", "web", "127.0.0.1 localhost\n"},
		{"clone of a running instance", "i-0a\n", "::1 x\n127.0.1.1\ti-0a\t" + hostsMark + "\n", "i-0a", "i-0b", "::1 x\n127.0.1.1\ti-0b\t" + hostsMark + "\n"},
		{"already in hosts", "-", "10.0.0.1 x i-0b # self\n", "", "i-0b", "10.0.0.1 x i-0b # self\n"},
	} {
		t.Run(c.title, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, "etc/hostname", c.name)
			write(t, dir, "etc/hosts", c.hosts)
			root, err := rootfs.Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer root.Close()
			set := ""
			a := &Agent{Root: root, SetHostname: func(name string) error { set = name; return nil }}
			step := a.hostNameStep(identification{Instance: Instance{ID: "i-0b"}, last: c.last}, "")
			before, err := step.Check(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if before.OK != (c.want == "web") {
				t.Fatalf("check before: %+v", before)
			}
			if !before.OK {
				if err := step.Apply(t.Context()); err != nil {
					t.Fatal(err)
				}
				if set != "i-0b" {
					t.Errorf("the kernel was told %q", set)
				}
			}
			if name, err := configuredName(root); err != nil || name != c.want {
				t.Errorf("name %q, %v", name, err)
			}
			if hosts, err := os.ReadFile(filepath.Join(dir, "etc/hosts")); err != nil || string(hosts) != c.wantHosts {
				t.Errorf("hosts %q, %v", hosts, err)
			}
			if after, err := step.Check(t.Context()); err != nil || !after.OK {
				t.Errorf("check after: %+v, %v", after, err)
			}
		})
	}
}

// A name that the configuration asks for resolves, also where the image has it already.
func TestConfiguredHostName(t *testing.T) {
	for _, c := range []struct{ hosts, want string }{
		{"127.0.0.1 localhost\n", "127.0.0.1 localhost\n127.0.1.1\tweb.example.com web\t" + hostsMark + "\n"},
		{"127.0.1.1\told\t" + hostsMark + "\n10.0.0.1\tweb.example.com", "10.0.0.1\tweb.example.com"},
		{"#10.0.0.1 web.example.com\n", "#10.0.0.1 web.example.com\n127.0.1.1\tweb.example.com web\t" + hostsMark + "\n"},
		{"10.0.0.1\tweb.example.com.org xweb.example.com\n", "10.0.0.1\tweb.example.com.org xweb.example.com\n127.0.1.1\tweb.example.com web\t" + hostsMark + "\n"},
	} {
		dir := t.TempDir()
		write(t, dir, "etc/hostname", "web.example.com\n")
		write(t, dir, "etc/hosts", c.hosts)
		a := &Agent{Root: open(t, dir)}
		step := a.hostNameStep(identification{Instance: Instance{ID: "i-0b"}}, "web.example.com")
		if v, err := step.Check(t.Context()); err != nil || v.OK {
			t.Errorf("with %q: %+v, %v", c.hosts, v, err)
		}
		if err := step.Apply(t.Context()); err != nil {
			t.Fatal(err)
		}
		if v, err := step.Check(t.Context()); err != nil || !v.OK {
			t.Errorf("with %q, after it: %+v, %v", c.hosts, v, err)
		}
		if text := read(t, dir, "etc/hosts"); text != c.want {
			t.Errorf("%q became %q, want %q", c.hosts, text, c.want)
		}
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if text == "-" {
		return
	}
	if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
