package bench

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/leaven-dev/leaven/e2e/console"
)

// A flavour is what brings an instance up. All get the same image and the same work: SSH host keys of its own, a host name, a
// command.
type flavour struct {
	name    string
	units   []string // what it runs in
	keys    []string // the types of host keys that it has to make
	prepare func(b *testing.B, root string)
}

const (
	hostName = "bench-host"
	ran      = "var/lib/bench-ran" // what the command makes
)

// The flavours in their order, plain first. RSA, which takes most of the time where it is made, is made only with "+RSA".
const (
	plain = iota
	shellRSA
	withLeaven
	leavenRSA
	cloudInit
	cloudInitRSA
)

func flavours(leaven string) []flavour {
	three := []string{"ed25519", "ecdsa", "rsa"}
	agent := []string{"leaven-identity.service", "leaven-firstboot.service"}
	stages := []string{"cloud-init-local.service", "cloud-init.service", "cloud-config.service", "cloud-final.service"}
	return []flavour{
		{name: "plain", prepare: func(*testing.B, string) {}},
		{"shell+RSA", []string{"by-hand.service"}, three, byHand},
		{"leaven", agent, three[:2], func(b *testing.B, root string) { installLeaven(b, root, leaven, "") }},
		{"leaven+RSA", agent, three, func(b *testing.B, root string) { installLeaven(b, root, leaven, "ssh: {rsa: 3072}\n") }},
		{"cloud-init", stages, three[:2], func(b *testing.B, root string) { seedCloudInit(b, root, "ed25519, ecdsa") }},
		{"cloud-init+RSA", stages, three, func(b *testing.B, root string) { seedCloudInit(b, root, "ed25519, ecdsa, rsa") }},
	}
}

// into makes a copy of the image, which has cloud-init installed, one of this flavour.
func (f flavour) into(b *testing.B, root string) {
	b.Helper()
	if !strings.HasPrefix(f.name, "cloud-init") {
		put(b, root, "etc/cloud/cloud-init.disabled", "", 0o644)
	}
	if len(f.keys) > 0 { // an image that was sealed has none; the plain one keeps its own, or sshd would not start
		remove(b, root, "etc/ssh/ssh_host_*")
	}
	// The last unit of all says what there is when the boot is over.
	put(b, root, "usr/local/sbin/bench-over", "#!/bin/sh\necho '"+over+"' $(cat /etc/hostname) /etc/ssh/ssh_host_*_key /"+ran[:len(ran)-1]+"["+ran[len(ran)-1:]+"] .\n", 0o755)
	put(b, root, "etc/systemd/system/bench-over.service", "[Unit]\nDefaultDependencies=no\nAfter=multi-user.target cloud-final.service cloud-init.target leaven-firstboot.service\n"+
		"[Service]\nType=oneshot\nStandardOutput=tty\nExecStart=/usr/local/sbin/bench-over\n", 0o644)
	wants := filepath.Join(root, "etc/systemd/system/multi-user.target.wants")
	if err := os.MkdirAll(wants, 0o755); err != nil {
		b.Fatal(err)
	}
	if err := os.Symlink("/etc/systemd/system/bench-over.service", filepath.Join(wants, "bench-over.service")); err != nil {
		b.Fatal(err)
	}
	// A login prompt that starts at that moment takes the console away from it (vhangup(2)).
	for _, unit := range []string{"console-getty.service", "serial-getty@ttyS0.service"} {
		if err := os.Symlink("/dev/null", filepath.Join(root, "etc/systemd/system", unit)); err != nil {
			b.Fatal(err)
		}
	}
	f.prepare(b, root)
}

const over = "bench: the boot is over:"

// byHand is what people write who have no agent.
func byHand(b *testing.B, root string) {
	put(b, root, "usr/local/sbin/by-hand", "#!/bin/sh\nset -eu\nrm -f /etc/ssh/ssh_host_*\nssh-keygen -q -A\n"+
		"hostname "+hostName+"\nhostname >/etc/hostname\necho '127.0.1.1 "+hostName+"' >>/etc/hosts\ntouch /"+ran+"\n", 0o755)
	put(b, root, "etc/systemd/system/by-hand.service", "[Unit]\nBefore=ssh.service\nConditionPathExists=!/"+ran+
		"\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/usr/local/sbin/by-hand\n[Install]\nRequiredBy=ssh.service\n", 0o644)
	command(b, "systemctl", "--root="+root, "--quiet", "enable", "by-hand.service")
}

func installLeaven(b *testing.B, root, leaven, more string) {
	command(b, leaven, "install", "--root", root)
	put(b, root, "etc/leaven/firstboot.yaml", "hostname: "+hostName+"\nnetwork: {metadata: \"off\"}\n"+
		"run: [{name: work, command: [touch, /"+ran+"], network: false}]\n"+more, 0o644)
}

// seedCloudInit tells it where its data is, so that it need not look for it.
func seedCloudInit(b *testing.B, root, keys string) {
	put(b, root, "etc/cloud/cloud.cfg.d/90-bench.cfg", "datasource_list: [NoCloud]\n", 0o644)
	put(b, root, "var/lib/cloud/seed/nocloud/meta-data", "instance-id: iid-1\n", 0o644)
	put(b, root, "var/lib/cloud/seed/nocloud/user-data", "#cloud-config\nhostname: "+hostName+"\nmanage_etc_hosts: true\nlocale: C.UTF-8\n"+
		"ssh_genkeytypes: ["+keys+"]\nruncmd: [[touch, /"+ran+"]]\n", 0o644)
}

// wait waits for the end of the boot, and makes sure that the work was done: what did not happen was cheap.
func (f flavour) wait(ctx context.Context, b *testing.B, c *console.Log) {
	b.Helper()
	if err := errors.Join(c.Wait(ctx, over), c.Wait(ctx, " .\r\n")); err != nil {
		b.Fatal(err)
	}
	if len(f.keys) == 0 {
		return
	}
	_, line, _ := strings.Cut(c.Text(), over)
	line, _, _ = strings.Cut(line, " .\r\n")
	want := []string{hostName, "/" + ran}
	for _, k := range f.keys {
		want = append(want, "/etc/ssh/ssh_host_"+k+"_key")
	}
	got := strings.Fields(line)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		b.Fatalf("%s did not do its work, or not only that, so its figures say nothing: at the end there are %q, want %q", f.name, got, want)
	}
}

// weigh puts rusage in front of all that the flavour runs. Each writes into a file of its own in /run/bench.
func (f flavour) weigh(b *testing.B, root, rusage string) {
	b.Helper()
	text, err := os.ReadFile(rusage)
	if err != nil {
		b.Fatal(err)
	}
	put(b, root, "usr/local/sbin/bench-rusage", string(text), 0o755)
	for _, unit := range f.units {
		var found []byte
		for _, dir := range []string{"etc/systemd/system", "usr/lib/systemd/system"} {
			if found, err = os.ReadFile(filepath.Join(root, dir, unit)); err == nil {
				break
			}
		}
		m := execStart.FindSubmatch(found)
		if m == nil {
			b.Fatalf("cannot find out what %s starts: %v", unit, err)
		}
		put(b, root, "etc/systemd/system/"+unit+".d/weigh.conf", "[Service]\nNotifyAccess=all\nRuntimeDirectory=bench\nRuntimeDirectoryPreserve=yes\nExecStart=\n"+
			"ExecStart=/usr/local/sbin/bench-rusage /run/bench/"+unit+" "+string(m[1])+"\n", 0o644)
	}
}

var execStart = regexp.MustCompile(`(?m)^ExecStart=(.*)$`)

func put(b *testing.B, root, name, text string, mode os.FileMode) {
	b.Helper()
	name = filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), mode); err != nil {
		b.Fatal(err)
	}
}

func remove(b *testing.B, root, pattern string) {
	b.Helper()
	found, err := filepath.Glob(filepath.Join(root, pattern))
	if err != nil {
		b.Fatal(err)
	}
	for _, name := range found {
		if err := os.Remove(name); err != nil {
			b.Fatal(err)
		}
	}
}

func command(b *testing.B, argv ...string) {
	b.Helper()
	if out, err := exec.CommandContext(b.Context(), argv[0], argv[1:]...).CombinedOutput(); err != nil {
		b.Fatalf("%q: %v\n%s", argv, err, out)
	}
}
