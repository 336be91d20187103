package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/leaven-dev/leaven/e2e/debroot"
	"github.com/leaven-dev/leaven/e2e/disk"
	"github.com/leaven-dev/leaven/e2e/imds"
	"github.com/leaven-dev/leaven/e2e/netns"
	"github.com/leaven-dev/leaven/e2e/nfs"
	"github.com/leaven-dev/leaven/e2e/qemu"
	"github.com/leaven-dev/leaven/e2e/sshclient"
)

// mountsLab is an instance with a kernel of its own, and what is around it.
type mountsLab struct {
	t      *testing.T
	ctx    context.Context
	ns     *netns.Namespace
	names  *nfs.Names
	imds   *imds.Fake
	server *nfs.Server
	shares map[string]string
	dir    string
	image  qemu.Config
	key    *sshclient.Key
	start  func(dir string) (powered, *sshclient.Client)
}

func (l *mountsLab) serve() {
	l.t.Helper()
	var err error
	if l.server, err = nfs.Start(l.ctx, l.ns, l.dir, l.shares); err != nil {
		l.t.Fatal(err)
	}
}

func (l *mountsLab) fall() {
	l.t.Helper()
	if err := l.server.Kill(); err != nil {
		l.t.Fatal(err)
	}
}

// powered is a machine whose power can be cut.
type powered interface{ Kill() error }

func (l *mountsLab) boot(name string) (powered, *guest) {
	l.t.Helper()
	if l.key == nil {
		var err error
		if l.key, err = sshclient.NewKey(); err != nil {
			l.t.Fatal(err)
		}
	}
	dir := filepath.Join(l.t.ArtifactDir(), name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		l.t.Fatal(err)
	}
	vm, client := l.start(dir)
	l.t.Cleanup(func() { client.Close() })
	return vm, &guest{l, client}
}

// emulated starts a virtual machine.
func (l *mountsLab) emulated(dir string) (powered, *sshclient.Client) {
	l.t.Helper()
	cfg := l.image
	cfg.Dir, cfg.Logins = dir, []sshclient.Login{{User: "root", Key: l.key.Authorized}}
	vm := startVM(l.t, cfg)
	client, err := vm.Dial(l.ctx, "root", l.key)
	if err != nil {
		l.t.Fatal(err)
	}
	return vm, client
}

type guest struct {
	*mountsLab
	client *sshclient.Client
}

// run runs a command that must succeed.
func (g *guest) run(command string) string {
	g.t.Helper()
	out, err := g.client.Run(g.ctx, command)
	if err != nil {
		g.t.Fatalf("%s: %v\n%s", command, err, out)
	}
	return strings.TrimSpace(out)
}

// apply writes a configuration and applies it; it returns what was said and the seconds that it took inside.
func (g *guest) apply(config string) (text string, seconds float64, ok bool) {
	g.t.Helper()
	if err := g.client.Write(g.ctx, "/root/x.yaml", strings.NewReader(config)); err != nil {
		g.t.Fatal(err)
	}
	out, _ := g.client.Run(g.ctx, `a=$(date +%s%N); leaven mounts apply --config /root/x.yaml 2>&1; code=$?; b=$(date +%s%N); echo; echo $code $(((b-a)/1000000))`)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	var code, ms int
	if _, err := fmt.Sscan(lines[len(lines)-1], &code, &ms); err != nil {
		g.t.Fatalf("%v: %s", err, out)
	}
	return strings.Join(lines[:len(lines)-1], "\n"), float64(ms) / 1000, code == 0
}

func (g *guest) until(what, command string) time.Duration {
	g.t.Helper()
	begun := time.Now()
	for {
		out, err := g.client.Run(g.ctx, command)
		if err == nil {
			return time.Since(begun)
		}
		if time.Since(begun) > patience {
			g.t.Fatalf("%s: not within %v: %s", what, patience, out)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// mountsImage makes an image whose fstab has a line of its own, with a unit that is to run with its mount only.
func mountsImage(ctx context.Context, t *testing.T) qemu.Config {
	t.Helper()
	pristine, err := debroot.Build(ctx, vmWithTools(), t.Output())
	if err != nil {
		t.Fatal(err)
	}
	dir := scratch(t)
	root := filepath.Join(dir, "root")
	if err := pristine.CopyTo(ctx, root); err != nil {
		t.Fatal(err)
	}
	install(t, root)
	put(t, root, "etc/fstab", "# the image's own\nLABEL=root / ext4 errors=remount-ro 0 1\n", 0o644)
	put(t, root, "etc/systemd/system/serve.service", "[Service]\nExecStart=/bin/sh -c 'findmnt -no FSTYPE /var/hub/masterfiles >/run/serve; exec sleep infinity'\n", 0o644)
	put(t, root, "etc/resolv.conf", "nameserver 10.0.2.2\noptions use-vc\n", 0o644)
	put(t, root, "etc/dhcp/dhclient-enter-hooks.d/keep", "make_resolv_conf() { :; }\n", 0o644)
	wants := filepath.Join(root, "etc/systemd/system/multi-user.target.wants")
	if err := os.Symlink("/etc/systemd/system/serve.service", filepath.Join(wants, "serve.service")); err != nil {
		t.Fatal(err)
	}
	image := qemu.Config{Disk: pack(t, root, dir), InstanceID: "i-0123456789abcdef0", UUID: "ec2a5f2e-0b06-4ae9-9a3a-8e3a25ec1a0a"}
	if image.Kernel, err = pristine.Kernel(); err == nil {
		image.Initrd, err = pristine.Initrd()
	}
	if err != nil {
		t.Fatal(err)
	}
	return image
}

// newMountsLab makes an instance of the image, and a network of its own, whose NFS server is down.
func newMountsLab(ctx context.Context, t *testing.T, image qemu.Config, userData string) *mountsLab {
	t.Helper()
	l := &mountsLab{t: t, ctx: ctx, dir: scratch(t), shares: map[string]string{}, image: image}
	l.start = l.emulated
	l.image.Disk = filepath.Join(l.dir, "disk.qcow2")
	if err := disk.Overlay(ctx, image.Disk, l.image.Disk); err != nil {
		t.Fatal(err)
	}
	var err error
	if l.ns, err = netns.New(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.ns.Close() })
	l.image.Network = l.ns.Path()
	if l.names, err = nfs.ServeNames(ctx, l.ns, masterfilesName, ppkeysName); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.names.Close() })
	data := imds.Instance(image.InstanceID)
	data["user-data"] = userData
	if l.imds, err = imds.Start(ctx, l.ns, data); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.imds.Close() })
	for _, name := range []string{"masterfiles", "ppkeys"} {
		l.shares["/"+name] = filepath.Join(l.dir, "export", name)
		if err := os.MkdirAll(l.shares["/"+name], 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return l
}
