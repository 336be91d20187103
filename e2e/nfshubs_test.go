package e2e

import (
	"cmp"
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
	"time"

	"github.com/leaven-dev/leaven/e2e/debroot"
	"github.com/leaven-dev/leaven/e2e/imds"
	"github.com/leaven-dev/leaven/e2e/netns"
	"github.com/leaven-dev/leaven/e2e/nfs"
	"github.com/leaven-dev/leaven/e2e/sshclient"
	"github.com/leaven-dev/leaven/e2e/uml"
	"github.com/leaven-dev/leaven/firstboot"
)

// policyHubData is the user data of docs/cfengine-hubs.md. The server of the test has both file systems as folders, of which there
// are more than one set: %[1]s.
const policyHubData = `#!/usr/bin/leaven firstboot --config
mounts:
  - {efs: "fs-0fedcba9876543210:/ppkeys%[1]s", at: /var/lib/cfengine3/ppkeys, mode: "0700"}
  - {efs: "fs-0123456789abcdef0:/masterfiles%[1]s", at: /var/lib/cfengine3/masterfiles}
cfengine:
  role: hub
  acl: [10.0.0.0/8]
health: {listen: "8088"}
`

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

// TestHubsOnNFS brings up policy hubs whose share is NFS 4.1. One is a virtual machine, the others are containers in it.
func TestHubsOnNFS(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	l := newHubsLab(ctx, t)
	data := imds.Instance("i-0000000000000000a")
	data["user-data"] = fmt.Sprintf(policyHubData, "")
	fake, err := imds.Start(ctx, l.ns, data)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { fake.Close() })
	l.serve()
	vm, g := l.boot("first")
	digest := g.wantHub("")
	lines := g.run("grep efs /etc/fstab; findmnt --types nfs4 --noheadings --output TARGET,SOURCE; stat --format=%a /var/lib/cfengine3/ppkeys; cat /sys/module/nfs/parameters/nfs4_unique_id; ls -A /var/lib/cfengine3/ppkeys")
	for _, want := range []string{
		ppkeysName + ":/ppkeys /var/lib/cfengine3/ppkeys nfs4 nfsvers=4.1,rsize=1048576,wsize=1048576,hard,timeo=600,retrans=2,noresvport,_netdev,nofail,",
		masterfilesName + ":/masterfiles /var/lib/cfengine3/masterfiles nfs4 nfsvers=4.1,",
		"\n700\ni-0000000000000000a\nlocalhost.priv\nlocalhost.pub\nroot-" + digest + ".pub",
	} {
		if !strings.Contains(lines, want) {
			t.Errorf("not as it should be: %q in\n%s", want, lines)
		}
	}
	t.Run("contenders", func(t *testing.T) { contenders(t, g) }) // before there is more for the one CPU to do
	t.Run("three hubs", func(t *testing.T) { threeHubs(t, g) })

	const client = "i-0000000000000000e"
	t.Run("client", func(t *testing.T) {
		g.configure("client", shebang+"cfengine: {role: client, hub: 10.0.2.15, policy_server_key: "+digest+"}\n")
		g.run("host client 10.0.2.31 " + client)
		if s := g.outcome("client"); s.Result != firstboot.OK {
			t.Fatalf("%s: %v", s.Verdict, s.Steps)
		}
		g.run(on("client", "cf-agent -K -f update.cf && test -e /var/lib/cfengine3/inputs/promises.cf"))
	})

	t.Run("clients of one host name", func(t *testing.T) { sameHostName(t, g) })

	// A reboot with the share down. The machine loses its power: an orderly shutdown would wait for the server.
	g.run("sync")
	l.fall()
	g.client.Close()
	if err := vm.Kill(); err != nil {
		t.Fatal(err)
	}
	_, g = l.boot("second")
	g.wantWaiting("")
	l.serve()
	if again := g.wantHub(""); again != digest {
		t.Errorf("after a reboot with the share down the hub has the key %s, and had %s", again, digest)
	}
	g.run("host client 10.0.2.31 " + client)
	if s := g.outcome("client"); s.Result != firstboot.OK {
		t.Errorf("%s: %v", s.Verdict, s.Steps)
	}
	if out := g.run(on("client", "cf-agent -K -I -f update.cf 2>&1")); strings.Contains(out, "error:") {
		t.Errorf("the client says: %s", out)
	}
}

// threeHubs boots three hubs while their share is down. When it is back, all of them make a key at once; and the server dies once
// more while they publish theirs.
func threeHubs(t *testing.T, g *guest) {
	hosts := []string{"hub1", "hub2", "hub3"}
	g.fall()
	for i, host := range hosts {
		g.configure(host, strings.ReplaceAll(fmt.Sprintf(policyHubData, "2"), ", at:", ", region: eu-central-1, at:"))
		g.run(fmt.Sprintf("host %s 10.0.2.2%d i-0000000000000000%[2]d", host, i+1))
	}
	for _, host := range hosts {
		g.wantWaiting(host)
	}
	// What others do to systemd ends no wait.
	if limit := g.run(on("hub1", "systemctl daemon-reload && systemctl show --value --property=TimeoutStartUSec leaven-firstboot")); limit != "6h" {
		t.Errorf("first boot has a limit of %s, which a daemon-reload enforces whatever the steps have asked for", limit)
	}
	g.serve()
	keys := g.shares["/ppkeys2"]
	for begun := time.Now(); ; time.Sleep(time.Millisecond) {
		if entries, err := os.ReadDir(keys); err != nil || len(entries) > 0 {
			t.Logf("the server dies when there is %v, %v", entries, err)
			break
		}
		if time.Since(begun) > 5*time.Minute {
			t.Fatal("nobody published a key")
		}
	}
	g.fall()
	time.Sleep(3 * time.Second)
	g.serve()
	digests := map[string]bool{}
	for _, host := range hosts {
		digests[g.wantHub(host)] = true
	}
	if len(digests) != 1 {
		t.Errorf("the hubs have the keys %v", digests)
	}
	if entries, err := os.ReadDir(keys); err != nil || len(entries) != 3 {
		t.Errorf("in ppkeys are %v, %v", entries, err)
	}
	by, err := os.ReadFile(filepath.Join(g.shares["/masterfiles2"], ".leaven-seed"))
	if err != nil || strings.Count(string(by), "\n") != 1 {
		t.Errorf("masterfiles was filled by %q, %v", by, err)
	}
}

// sameHostName makes two more NFS clients, whose host name is the machine's own. Were that all they called themselves, the server
// would take each for the same one that has rebooted, and drop its locks.
func sameHostName(t *testing.T, g *guest) {
	out := g.run(`set -e
mkdir -p /mnt/twin
network twin 10.0.2.41
own=$(cat /sys/module/nfs/parameters/nfs4_unique_id)
exec 9>/var/lib/cfengine3/masterfiles/.lock
flock --nonblock 9
touch /var/lib/cfengine3/masterfiles/.mine
echo i-00000000000000002 >/sys/module/nfs/parameters/nfs4_unique_id
nsenter --net=/run/netns/twin mount -t nfs4 -o nfsvers=4.1,hard,timeo=600,retrans=2,noresvport 10.0.2.2:/masterfiles /mnt/twin
echo $own >/sys/module/nfs/parameters/nfs4_unique_id
for i in 1 2 3; do
	echo x >>/mnt/twin/.theirs
	echo x >>/var/lib/cfengine3/masterfiles/.mine
	flock --nonblock /mnt/twin/.lock true && echo "both have the lock"
done
dmesg | grep "lost .* locks" || true
umount /mnt/twin
exec 9>&-
rm /var/lib/cfengine3/masterfiles/.lock /var/lib/cfengine3/masterfiles/.mine /var/lib/cfengine3/masterfiles/.theirs
`)
	if out != "" {
		t.Errorf("two clients of one host name: %s", out)
	}
}

// contenders lets 16 processes publish a key pair again and again, over three NFS clients, while they are killed at random and the
// server dies now and then.
func contenders(t *testing.T, g *guest) {
	rounds := "8"
	if os.Getenv("CI") != "" {
		rounds = "500"
	}
	rounds = cmp.Or(os.Getenv("LEAVEN_CONTEST_ROUNDS"), rounds)
	g.run(`set -e
for i in 1 2 3; do
	network c$i 10.0.2.5$i
	mkdir -p /mnt/c$i
	nsenter --net=/run/netns/c$i unshare --uts sh -ec "hostname client$i; mount -t nfs4 -o nfsvers=4.1,rsize=1048576,wsize=1048576,hard,timeo=600,retrans=2,noresvport 10.0.2.2:/contest /mnt/c$i"
done
# What one of them remembers, no other one does.
mkdir /mnt/c1/apart
! ls /mnt/c2/apart/x /mnt/c3/apart/x 2>/dev/null
touch /mnt/c1/apart/x
[ ! -e /mnt/c2/apart/x ]
[ ! -e /mnt/c3/apart/x ]`)
	ended := make(chan error, 1)
	go func() {
		out, err := g.client.Run(g.ctx, "LEAVEN_TEST_CONTEST_PLACES=/mnt/c1:/mnt/c2:/mnt/c3 LEAVEN_TEST_CONTEST_KEYS=/mnt/c1/keys LEAVEN_TEST_CONTEST_ROUNDS="+rounds+" contest -test.v -test.timeout 2h -test.run TestKilledContenders 2>&1")
		t.Log(out)
		ended <- err
	}()
	for pause := 8 * time.Second; ; pause = 20 * time.Second {
		select {
		case <-time.After(pause):
			g.fall()
			time.Sleep(time.Second)
			g.serve()
			continue
		case err := <-ended:
			if err != nil {
				t.Error(err)
			}
		}
		break
	}
	g.run("umount /mnt/c1 /mnt/c2 /mnt/c3; for i in 1 2 3; do ip netns delete c$i; done")
}
