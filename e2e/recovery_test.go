package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leaven-dev/leaven/e2e/nspawn"
	"github.com/leaven-dev/leaven/firstboot"
)

// TestCutOffInTheMiddle kills an instance, as a power cut does, while a step of its first boot is at work: the next boot goes on
// where it was. What was done is not done again, what was begun is. Its network never comes, and whoever waits for that waits for ever:
// steps that need none do not.
func TestCutOffInTheMiddle(t *testing.T) {
	image := copyRoot(t, "bookworm")
	baked := publicKeys(t, image)
	install(t, image)
	put(t, image, "etc/leaven/firstboot.yaml", `run:
- {name: first, command: "echo x >>/first", network: false}
- {name: second, command: "echo x >>/second; [ -e /go ] || sleep 1000", after: [first], network: false}
- {name: third, command: "echo x >>/third", after: [second], network: false}
- {name: beside, command: "echo x >>/beside", network: false}
`, 0o644)
	root := clone(t, image)
	put(t, root, "etc/systemd/system/never-online.service", "[Unit]\nDefaultDependencies=no\nBefore=network-online.target\n[Service]\nType=oneshot\nExecStart=/bin/sleep infinity\n", 0o644)
	put(t, root, "etc/systemd/system/wants-it.service", "[Unit]\nDefaultDependencies=no\nWants=network-online.target\nAfter=network-online.target\n[Service]\nExecStart=/bin/sleep infinity\n", 0o644)
	chroot(t, root, "systemctl -q add-wants network-online.target never-online.service; systemctl -q add-wants basic.target wants-it.service")
	c := begin(t, nspawn.Config{Root: root})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := c.Run(ctx, "sh", "-c", "until [ -s /second ] && [ -s /beside ]; do sleep 0.1; done; sync"); err != nil {
		t.Fatal(err)
	}
	if out, _ := c.Run(ctx, "systemctl", "is-active", "never-online", "network-online.target"); strings.TrimSpace(out) != "activating\ninactive" {
		t.Errorf("the network is not waited for, so nothing is shown: %s", out)
	}
	// While it is at work, it says at which step, and nothing of the boot waits for it.
	if text, _ := c.Run(ctx, "leaven", "status"); !strings.Contains(text, "is being brought up") || !strings.Contains(text, "second") {
		t.Errorf("status in the middle: %s", text)
	}
	if out, err := c.Run(ctx, "sh", "-c", "until systemctl is-active --quiet multi-user.target; do sleep 0.2; done"); err != nil {
		t.Errorf("multi-user.target waits for first boot: %v %s", err, out)
	}
	keys := ownKeys(t, c, baked)      // one can log in meanwhile
	if err := c.Close(); err != nil { // kills
		t.Fatal(err)
	}
	put(t, root, "go", "", 0o644)
	c = begin(t, nspawn.Config{Root: root})
	if s := statusOf(t, c); s.Result != firstboot.OK {
		t.Errorf("the next boot: %s", s.Verdict)
	}
	if again := ownKeys(t, c, baked); !slices.Equal(again, keys) {
		t.Errorf("the next boot changed the host keys: %q", again)
	}
	for name, want := range map[string]string{"first": "x", "second": "x\nx", "third": "x", "beside": "x"} {
		if text := run(t, c, "cat", "/"+name); text != want {
			t.Errorf("%s ran %d times, want %d", name, strings.Count(text, "x"), strings.Count(want, "x"))
		}
	}
}

// TestHostCertificates boots an instance with a certificate authority: a client that trusts the authority, and knows no key, gets
// in without a question.
func TestHostCertificates(t *testing.T) {
	image := copyRoot(t, "bookworm")
	install(t, image)
	ca := filepath.Join(t.TempDir(), "ca")
	if out, err := exec.CommandContext(t.Context(), "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", ca).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	private, err := os.ReadFile(ca)
	if err != nil {
		t.Fatal(err)
	}
	public, err := os.ReadFile(ca + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	root := clone(t, image)
	put(t, root, "etc/leaven/ca", string(private), 0o600)
	put(t, root, "etc/leaven/firstboot.yaml", "hostname: web-1\nssh: {certificate: {ca_key: /etc/leaven/ca, names: [web.example.com, localhost]}}\n", 0o644)
	put(t, root, "root/known", "@cert-authority * "+string(public), 0o644)
	c := boot(t, nspawn.Config{Root: root})
	if s := statusOf(t, c); s.Result != firstboot.OK {
		t.Fatalf("status: %s", s.Verdict)
	}
	// There is no key to log in with: that it gets as far as that question is what counts.
	try := func(name string) string {
		const script = `for n in 1 2 3 4 5; do
			out=$(ssh -o BatchMode=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile=/root/known -o HostKeyAlias=$1 nobody@127.0.0.1 true 2>&1)
			echo "$out"; case $out in *"Permission denied"*) break;; esac; sleep 0.5
		done`
		out, err := c.Run(t.Context(), "sh", "-c", script, "sh", name)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	for _, name := range []string{"web-1", "web.example.com"} {
		if out := try(name); !strings.Contains(out, "Permission denied") {
			t.Errorf("a client that trusts the authority does not get as far as its log-in at %s: %s", name, out)
		}
	}
	if out := try("other.example.com"); !strings.Contains(out, "Host key verification failed") && !strings.Contains(out, "name is not a listed principal") {
		t.Errorf("a name that is not certified: %s", out)
	}
}
