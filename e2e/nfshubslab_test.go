package e2e

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/leaven-dev/leaven/e2e/debroot"
	"github.com/leaven-dev/leaven/e2e/netns"
	"github.com/leaven-dev/leaven/e2e/nfs"
	"github.com/leaven-dev/leaven/e2e/sshclient"
	"github.com/leaven-dev/leaven/e2e/uml"
	"github.com/leaven-dev/leaven/firstboot"
)

// hostScript boots a container in the virtual machine: `host NAME ADDRESS ID`. Its root is the sealed image, which the machine has as
// a second disk. Its configuration is /root/NAME.yaml: a container takes neither the machine's firmware nor its metadata service for
// its own. Its network namespace makes it an NFS client of its own. The machine is the router between its hosts and the server,
// and answers ARP for them. Again, it boots the same host.
const hostScript = `#!/bin/sh
set -e
name=$1 dir=/srv/hosts/$1
mountpoint -q /srv/image || { mkdir -p /srv/image; mount -o ro /dev/ubdb /srv/image; }
if [ ! -e $dir/root/usr ]; then
	mkdir -p $dir/upper $dir/work $dir/root
	mount -t overlay overlay -o lowerdir=/srv/image,upperdir=$dir/upper,workdir=$dir/work $dir/root
	network $name $2
	install -D --mode=0644 /root/$name.yaml $dir/root/etc/leaven/firstboot.yaml
fi
exec systemd-run --quiet --collect --unit=host-$name --property=KillMode=mixed --property=Delegate=yes \
	systemd-nspawn --quiet --keep-unit --register=no --boot --directory=$dir/root --machine=$name --hostname=localhost --console=read-only \
	--network-namespace-path=/run/netns/$name --resolv-conf=off --timezone=off --link-journal=no --set-credential=leaven.instance-id:$3
`

const networkScript = `#!/bin/sh
set -e
sysctl -q net.ipv4.ip_forward=1 net.ipv4.conf.all.proxy_arp=1
ip netns add $1
ip link add ve-$1 type veth peer name eth0 netns $1
ip link set ve-$1 up
ip -n $1 link set lo up
ip -n $1 link set eth0 up
ip -n $1 address add $2/24 dev eth0
ip -n $1 route add default via 10.0.2.2
ip route add $2/32 dev ve-$1
`

// insideScript runs a command in a host: `inside NAME COMMAND…`.
const insideScript = `#!/bin/sh
name=$1; shift
for try in $(seq 100); do
	pid=$(pgrep --parent "$(systemctl show --property=MainPID --value host-$name)" systemd) && break
	sleep 0.1
done
exec nsenter --target $pid --mount --uts --ipc --net --pid --cgroup --root --wd -- /usr/bin/env -i HOME=/root LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
`

// newHubsLab is a mountsLab with a sealed image that has CFEngine.
func newHubsLab(ctx context.Context, t *testing.T) *mountsLab {
	t.Helper()
	pristine, err := debroot.Build(ctx, debroot.Container("bookworm").With("nfs-common", "systemd-container", "procps", "kmod"), t.Output())
	if err != nil {
		t.Fatal(err)
	}
	l := &mountsLab{t: t, ctx: ctx, dir: scratch(t), shares: map[string]string{}}
	root := filepath.Join(l.dir, "root")
	if err := pristine.CopyTo(ctx, root); err != nil {
		t.Fatal(err)
	}
	install(t, root)
	put(t, root, "etc/fstab", "/dev/ubda / ext4 errors=remount-ro 0 1\n", 0o644)
	put(t, root, "etc/leaven/firstboot.yaml", "network: {metadata: on}\n", 0o644) // there is no firmware that says that this is EC2
	put(t, root, "usr/local/sbin/host", hostScript, 0o755)
	put(t, root, "usr/local/sbin/network", networkScript, 0o755)
	put(t, root, "usr/local/sbin/inside", insideScript, 0o755)
	program(t, filepath.Join(root, "usr/local/sbin/contest"), "./keys/publish")
	if text, code := leaven(t, "bake", "--root", root); code != 0 {
		t.Fatalf("bake exits %d:\n%s", code, text)
	}
	put(t, root, "etc/resolv.conf", "nameserver 10.0.2.2\n", 0o644)
	if err := uml.Prepare(ctx, root); err != nil {
		t.Fatal(err)
	}
	base := filepath.Join(l.dir, "base")
	if out, err := exec.CommandContext(ctx, "mke2fs", "-q", "-t", "ext4", "-d", root, base, fmt.Sprint(debroot.ImageSize>>10)+"k").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if l.ns, err = netns.New(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.ns.Close() })
	l.start = func(dir string) (powered, *sshclient.Client) {
		t.Helper()
		vm, err := uml.Start(t.Context(), uml.Config{
			Disk: filepath.Join(l.dir, "disk"), Base: base, ReadOnly: base, Dir: dir, Network: l.ns, Key: l.key, MemoryMB: 2048,
			Credentials: map[string]string{"leaven.instance-id": "i-0000000000000000a"},
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { vm.Close() })
		client, err := vm.Dial(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return vm, client
	}
	if l.names, err = nfs.ServeNames(ctx, l.ns, masterfilesName, ppkeysName); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.names.Close() })
	for _, name := range []string{"masterfiles", "ppkeys", "masterfiles2", "ppkeys2", "contest"} {
		l.shares["/"+name] = filepath.Join(l.dir, "export", name)
		if err := os.MkdirAll(l.shares["/"+name], 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 8 { // its own time is not what is tried
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		put(t, l.shares["/contest"], fmt.Sprintf("keys/%d", i), string(x509.MarshalPKCS1PrivateKey(key)), 0o600)
	}
	return l
}

// on runs a command in a host, or in the virtual machine itself, which is "".
func on(host, command string) string {
	if host == "" {
		return command
	}
	return "inside " + host + " sh -c '" + command + "'"
}

// configure writes what user data would say for a host.
func (g *guest) configure(host, config string) {
	g.t.Helper()
	if err := g.client.Write(g.ctx, "/root/"+host+".yaml", strings.NewReader(config)); err != nil {
		g.t.Fatal(err)
	}
}

// outcome waits for the end of a first boot.
func (g *guest) outcome(host string) firstboot.Status {
	g.t.Helper()
	return volumesStatus(g.ctx, g.t, g.client, on(host, "leaven status --wait --output json"))
}

// wantHub waits until a host is a hub in good order, and returns the digest of its key.
func (g *guest) wantHub(host string) string {
	g.t.Helper()
	s := g.outcome(host)
	for _, rec := range s.Steps {
		if strings.HasPrefix(rec.ID, "mount") || strings.HasPrefix(rec.ID, "cfengine") {
			g.t.Logf("%s: %6.2f s %s", host, rec.Seconds, rec)
		}
	}
	digest := keyDigest.FindString(find(s, "cfengine-serving").Message)
	if s.Result != firstboot.OK || digest == "" {
		log, _ := g.client.Run(g.ctx, on(host, "journalctl --boot --no-pager --quiet"))
		g.t.Fatalf("%s: status: %s\n%s", host, s.Verdict, log)
	}
	g.until(host+" is healthy", on(host, "leaven health --once")) // its patience is short, and the CPU is emulated
	if out := g.run(on(host, "cf-key -p /var/lib/cfengine3/ppkeys/localhost.pub")); !strings.HasSuffix(out, digest) {
		g.t.Errorf("%s: the status tells of the key %s, cf-key of %s", host, digest, out)
	}
	return digest
}

// wantWaiting wants that a host says what it waits for, and that nobody could take it for a hub.
func (g *guest) wantWaiting(host string) {
	g.t.Helper()
	g.until(host+" says what it waits for", on(host, "journalctl --boot --unit leaven-firstboot | grep -q \"mount-var-lib-cfengine3-ppkeys: waiting: .*connection refused\""))
	if out := g.run(on(host, "ss --listening --tcp --numeric --no-header; systemctl show --value --property=ActiveState cf-serverd cf-execd cf-monitord")); strings.Contains(out, ":5308") || strings.Contains(out, "\nactive") {
		g.t.Errorf("%s without its share: %s", host, out)
	}
	if s := volumesStatus(g.ctx, g.t, g.client, on(host, "leaven status --output json")); s.Result == firstboot.OK || find(s, "cfengine-key").Result == firstboot.OK {
		g.t.Errorf("%s without its share: %s", host, s.Verdict)
	}
}
