package e2e

import (
	"context"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/leaven-dev/leaven/e2e/netns"
	"github.com/leaven-dev/leaven/e2e/sshclient"
	"github.com/leaven-dev/leaven/e2e/uml"
	"github.com/leaven-dev/leaven/firstboot"
)

// TestOutOfMemory has a command of first boot eat up the memory of an instance, which is a machine of its own for that. The kernel kills
// the command, which fails as a step; systemd leaves first boot alone, and the other steps are done.
func TestOutOfMemory(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	root := copyRoot(t, "bookworm")
	install(t, root)
	put(t, root, "etc/leaven/firstboot.yaml", `network: {metadata: "off"}
run:
- {name: hungry, command: exec tail /dev/zero, policy: degrade, network: false}
- {name: beside, command: "until dmesg | grep Killed; do sleep 1; done; touch /root/beside", network: false}
`, 0o644)
	if err := uml.Prepare(ctx, root); err != nil {
		t.Fatal(err)
	}
	disk := filepath.Join(filepath.Dir(root), "disk")
	if out, err := exec.CommandContext(ctx, "mke2fs", "-q", "-t", "ext4", "-d", root, disk, "2G").CombinedOutput(); err != nil {
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
	vm, err := uml.Start(ctx, uml.Config{
		Disk: disk, Dir: t.ArtifactDir(), Network: ns, Key: key, MemoryMB: 200, // a process of that kernel can have 250 at most
		Credentials: map[string]string{"leaven.instance-id": "i-0123456789abcdef0"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer vm.Close()
	c, err := vm.Dial(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var s firstboot.Status
	text, _ := c.Run(ctx, "leaven status --wait --output json") // the exit status says how it went
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	hungry, beside := find(s, "hungry"), find(s, "beside")
	if s.Result != firstboot.Degraded || !strings.Contains(hungry.Message, "signal: killed") || beside.Result != firstboot.OK {
		t.Errorf("%s; %s; %s", s.Verdict, hungry, beside)
	}
	if out, err := c.Run(ctx, "dmesg | grep 'Out of memory: Killed process .*(tail)' && ls /root/beside && systemctl show --property=NRestarts leaven-firstboot | grep '=0$'"); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
