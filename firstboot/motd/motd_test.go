package motd

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/leaven-dev/leaven/firstboot"
	"github.com/leaven-dev/leaven/internal/rootfs"
)

var failed = firstboot.Summary{
	Instance: "i-00000001", Result: firstboot.Failed, Step: "mount-efs", Title: "mount the shared folder",
	Message: "/mnt is not mounted: mount.nfs4: Connection timed out for 10.0.0.7:/", Cure: "let the security group of the file system admit port 2049 from this instance",
}

func TestText(t *testing.T) {
	const want = `leaven: instance i-00000001 FAILED at first boot
  step mount-efs: /mnt is not mounted: mount.nfs4: Connection timed out for
  10.0.0.7:/
  cure: let the security group of the file system admit port 2049 from this
        instance
  all of it: leaven status
`
	if got := Text(failed); got != want {
		t.Errorf("the text is\n%s\nwant\n%s", got, want)
	}
	degraded := firstboot.Summary{Result: firstboot.Degraded, Message: "state.json is damaged"}
	if got := Text(degraded); got != "leaven: this instance is up, but DEGRADED\n  state.json is damaged\n  all of it: leaven status\n" {
		t.Errorf("the text is\n%s", got)
	}
	for _, result := range []firstboot.Result{firstboot.OK, firstboot.Running, firstboot.NotRun} {
		if got := Text(firstboot.Summary{Instance: "i-00000001", Result: result}); got != "" {
			t.Errorf("with result %q it says %q", result, got)
		}
	}
}

// What a program said, or what somebody wrote in user data, must not rule the terminals of those who log in.
func TestHostileText(t *testing.T) {
	sum := firstboot.Summary{Result: firstboot.Failed, Step: "a\x1b[2Jb", Message: strings.Repeat("long\n", 10000), Cure: "\x1b]0;title\a"}
	text := Text(sum)
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\n' }) {
		t.Errorf("control characters got through: %q", text)
	}
	if n := strings.Count(text, "\n"); n > 10 {
		t.Errorf("it has %d lines", n)
	}
	for line := range strings.Lines(text) {
		if utf8.RuneCountInString(line) > width+1 {
			t.Errorf("too wide: %q", line)
		}
	}
}

func TestUpdate(t *testing.T) {
	top := t.TempDir()
	root, err := rootfs.Open(top)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	update := func(sum firstboot.Summary) {
		t.Helper()
		if err := Update(root, sum); err != nil {
			t.Fatal(err)
		}
	}
	name := filepath.Join(top, File)
	update(firstboot.Summary{Result: firstboot.OK})
	if _, err := os.Stat(filepath.Dir(name)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder was made for nothing: %v", err)
	}
	for range 2 {
		update(failed)
	}
	fi, err := os.Stat(name)
	if err != nil || fi.Mode() != 0o644 { // pam_motd reads it with the rights of the user
		t.Errorf("the file is %v, %v", fi, err)
	}
	if data, err := os.ReadFile(name); err != nil || string(data) != Text(failed) {
		t.Errorf("the file holds %q, %v", data, err)
	}
	update(firstboot.Summary{Result: firstboot.OK})
	if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("all is well and the message is still there: %v", err)
	}
}
