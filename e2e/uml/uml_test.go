package uml

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/leaven-dev/leaven/e2e/debroot"
	"github.com/leaven-dev/leaven/e2e/netns"
	"github.com/leaven-dev/leaven/e2e/sshclient"
)

// A guest boots, has its credentials, NFS and the network, keeps what it wrote when the power is cut, and leaves no process behind.
func TestBoot(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	pristine, err := debroot.Build(ctx, debroot.Container("bookworm").With("nfs-common", "systemd-container", "procps", "kmod") /* that of TestHubsOnNFS */, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	root := filepath.Join(dir, "root")
	if err := pristine.CopyTo(ctx, root); err != nil {
		t.Fatal(err)
	}
	if err := Prepare(ctx, root); err != nil {
		t.Fatal(err)
	}
	raw := filepath.Join(dir, "raw")
	if out, err := exec.CommandContext(ctx, "mke2fs", "-q", "-t", "ext4", "-d", root, raw, "2G").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	ns, err := netns.New(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer ns.Close()
	key, err := sshclient.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{Disk: raw, Dir: t.ArtifactDir(), Network: ns, Credentials: map[string]string{"some.thing": "a b:c"}, Key: key}
	for boot, want := range []string{"", "kept"} {
		begun := time.Now()
		vm, err := Start(ctx, cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer vm.Close()
		c, err := vm.Dial(ctx)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("boot %d: SSH after %v", boot, time.Since(begun))
		out, err := c.Run(ctx, "set -e; [ ! -e /root/file ] || cat /root/file; cat /run/credentials/@system/some.thing; modprobe nfsv4; modprobe overlay; modprobe veth; echo; ip -brief address show eth0; echo kept >/root/file; sync")
		if err != nil || !strings.HasPrefix(out, want) || !strings.Contains(out, "a b:c\n") || !strings.Contains(out, "10.0.2.15/24") {
			t.Errorf("boot %d: %v: %s", boot, err, out)
		}
		c.Close()
		if err := vm.Kill(); err != nil {
			t.Error(err)
		}
		if left := processes(t, raw); left != 0 {
			t.Errorf("boot %d: %d processes are left", boot, left)
		}
	}
}

// processes counts those whose command line has a text.
func processes(t *testing.T, text string) int {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, name := range all {
		if line, err := os.ReadFile(name); err == nil && strings.Contains(string(line), text) {
			n++
		}
	}
	return n
}
