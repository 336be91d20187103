package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/leaven-dev/leaven/e2e/disk"
	"github.com/leaven-dev/leaven/e2e/nfs"
	"github.com/leaven-dev/leaven/e2e/qemu"
	"github.com/leaven-dev/leaven/firstboot"
)

// hubData is user data of a policy hub with two EFS file systems, and a share of another server. A line with a deadline stands for %[1]s.
const hubData = `#!/usr/bin/leaven firstboot --config
mounts:
  - efs: fs-0123456789abcdef0:/masterfiles
    at: /var/hub/masterfiles
    options: [x-systemd.mount-timeout=15s]
    required_by: [serve.service]%[1]s
  - efs: fs-0fedcba9876543210:/ppkeys
    at: /var/hub/ppkeys
    mode: "0700"%[1]s
  - nfs: 10.0.2.2:/late
    at: /var/hub/late
    options: [port=2050]%[1]s
run: [{name: after-mounts, command: [touch, /var/hub/masterfiles/seen], after: [mounts], always: true}]
`

// tenLines are the mounts of a hub as in docs/cfengine-hubs.md, and no more.
const tenLines = `#!/usr/bin/leaven firstboot --config
mounts:
  - efs: fs-0123456789abcdef0:/masterfiles
    at: /var/cfengine/masterfiles
  - efs: fs-0fedcba9876543210:/ppkeys
    at: /var/cfengine/ppkeys
    mode: "0700"
`

const (
	masterfilesName = "fs-0123456789abcdef0.efs.eu-central-1.amazonaws.com"
	ppkeysName      = "fs-0fedcba9876543210.efs.eu-central-1.amazonaws.com"
)

// patience only ends a test that hangs: a machine that does other things beside takes many times longer.
const patience = 10 * time.Minute

// TestMounts boots an instance with two EFS file systems in a virtual machine, since this machine's kernel need not know NFS. Their
// server is down, and comes up after 20 s; another share's server comes up after five minutes, in which the other cases are tried.
func TestMounts(t *testing.T) {
	t.Parallel() // as all that takes minutes and no offence at a busy machine
	ctx, cancel := context.WithTimeout(t.Context(), 40*time.Minute)
	defer cancel()
	image := mountsImage(ctx, t)
	l := newMountsLab(ctx, t, image, fmt.Sprintf(hubData, "\n    deadline: 30m"))

	// The servers are down.
	vm, g := l.boot("first")
	g.until("the wait is told", "journalctl -u leaven-firstboot | grep 'mount-var-hub-masterfiles: waiting: .*connection refused'")
	down := time.Now()
	g.until("the boot is over for everybody else", "systemctl is-active multi-user.target")
	if s := volumesStatus(ctx, t, g.client, "leaven status --output json"); find(s, "mount-var-hub-masterfiles").Result == firstboot.OK {
		t.Error("mounted without a server")
	}
	time.Sleep(time.Until(down.Add(20 * time.Second)))
	l.serve()
	begun := time.Now()
	g.run("until findmnt -n -t nfs4 /var/hub/masterfiles && findmnt -n -t nfs4 /var/hub/ppkeys; do sleep 0.05; done")
	t.Logf("a server that came back after 20 s: %.1f s later both file systems are mounted", time.Since(begun).Seconds()) // figures: make bench
	g.until("the unit that needs the mount runs with it", "grep -q nfs4 /run/serve")

	t.Run("by hand", func(t *testing.T) { mountsByHand(t, g) })
	t.Run("server up", func(t *testing.T) { mountsServerUp(ctx, t, image) })

	if s := volumesStatus(ctx, t, g.client, "leaven status --output json"); find(s, "mount-var-hub-late").Result != firstboot.Running {
		t.Errorf("before the other server is up: %s", find(s, "mount-var-hub-late"))
	}
	time.Sleep(time.Until(down.Add(5 * time.Minute)))
	dir := scratch(t)
	if err := os.Mkdir(filepath.Join(dir, "late"), 0o755); err != nil {
		t.Fatal(err)
	}
	other, err := nfs.StartAt(ctx, l.ns, "127.0.0.1:2050", dir, map[string]string{"/late": filepath.Join(dir, "late")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { other.Kill() })
	begun = time.Now()
	g.run("until findmnt -n -t nfs4 /var/hub/late; do sleep 0.05; done")
	t.Logf("a server that came up after %.0f s: %.1f s later it is mounted", begun.Sub(down).Seconds(), time.Since(begun).Seconds())
	s := volumesStatus(ctx, t, g.client, "leaven status --wait --output json")
	for _, id := range []string{"fstab", "mount-var-hub-masterfiles", "mount-var-hub-ppkeys", "mount-var-hub-late", "mounts", "after-mounts"} {
		rec := find(s, id)
		t.Logf("%s", rec)
		if rec.Result != firstboot.OK {
			t.Errorf("step %s", rec)
		}
	}
	if s.Result != firstboot.OK {
		t.Errorf("the verdict is %s: %s", s.Result, s.Verdict)
	}
	lines := g.run("grep -c ^LABEL /etc/fstab; grep hub /etc/fstab; stat -c %a /var/hub/ppkeys; ls /var/hub/masterfiles; mkdir /tmp/b; mount --bind / /tmp/b; stat -c %a /tmp/b/var/hub/masterfiles; umount /tmp/b")
	const options = "nfsvers=4.1,rsize=1048576,wsize=1048576,hard,timeo=600,retrans=2,noresvport,_netdev,nofail,"
	for _, want := range []string{
		masterfilesName + ":/masterfiles /var/hub/masterfiles nfs4 " + options + "x-systemd.mount-timeout=15s,x-leaven=firstboot 0 0",
		ppkeysName + ":/ppkeys /var/hub/ppkeys nfs4 " + options + "x-systemd.mount-timeout=90s,x-leaven=firstboot 0 0", "\n700\n", "seen", "\n700",
	} {
		if !strings.Contains(lines, want) {
			t.Errorf("not as it should be: %q in\n%s", want, lines)
		}
	}
	if again := g.run("leaven firstboot --stage provision && leaven status --output json"); !strings.Contains(again, `"result": "ok"`) {
		t.Errorf("a second run: %s", again)
	}

	t.Run("server dies", func(t *testing.T) {
		g.run("echo content >/var/hub/masterfiles/policy; sync /var/hub/masterfiles/policy; echo 3 >/proc/sys/vm/drop_caches")
		l.fall()
		g.run("systemd-run --unit=reader sh -c 'cat /var/hub/masterfiles/policy >/run/read'")
		out, err := g.client.Run(ctx, "leaven firstboot --stage provision; leaven status --output json; true")
		if err != nil || !strings.Contains(out, "has not answered for 10s") {
			t.Errorf("of a dead server it says: %s", out)
		}
		l.serve()
		t.Logf("a reader goes on %.1f s after the server is back", g.until("the reader goes on", "grep -q content /run/read").Seconds())
	})

	// A reboot with the server down, and little patience; enough, though, for a look-up where the CPU is emulated and shared.
	l.imds.Set("user-data", fmt.Sprintf(hubData, "\n    deadline: 1m"))
	g.run("sync")
	l.fall()
	if err := other.Kill(); err != nil {
		t.Fatal(err)
	}
	g.client.Close()
	if err := vm.Kill(); err != nil { // an orderly shutdown would wait for the server
		t.Fatal(err)
	}
	vm, g = l.boot("second")
	s = volumesStatus(ctx, t, g.client, "leaven status --wait --output json")
	for _, id := range []string{"mount-var-hub-masterfiles", "mount-var-hub-ppkeys"} {
		rec := find(s, id)
		t.Logf("%s", rec)
		if rec.Result != firstboot.Failed || !strings.Contains(rec.Message, "connection refused") || rec.Cure == "" {
			t.Errorf("step %s", rec)
		}
	}
	if s.Result != firstboot.Failed || find(s, "after-mounts").Result != firstboot.Blocked {
		t.Errorf("the verdict is %s: %s; %s", s.Result, s.Verdict, find(s, "after-mounts"))
	}
	if out, err := g.client.Run(ctx, "systemctl is-active serve.service || ls /run/serve"); err == nil {
		t.Errorf("the unit that needs the mount runs without it: %s", out)
	}
	g.run("systemctl is-active ssh.service multi-user.target")
	l.serve()
	if other, err = nfs.StartAt(ctx, l.ns, "127.0.0.1:2050", dir, map[string]string{"/late": filepath.Join(dir, "late")}); err != nil {
		t.Fatal(err)
	}
	g.run("leaven firstboot --stage provision")
	g.until("the unit that needs the mount runs with it", "grep -q nfs4 /run/serve")

	t.Run("power cut", func(t *testing.T) { mountsPowerCut(t, g, vm) })
}

// mountsServerUp is a first boot where nothing is wrong: it is all that most instances see.
func mountsServerUp(ctx context.Context, t *testing.T, image qemu.Config) {
	l := newMountsLab(ctx, t, image, tenLines)
	l.serve()
	t.Cleanup(l.fall)
	_, g := l.boot("up")
	s := volumesStatus(ctx, t, g.client, "leaven status --wait --output json")
	if s.Result != firstboot.OK {
		t.Errorf("the verdict is %s: %s", s.Result, s.Verdict)
	}
	for _, id := range []string{"fstab", "mount-var-cfengine-masterfiles", "mount-var-cfengine-ppkeys", "mounts"} {
		rec := find(s, id)
		t.Logf("at %.1f s: %s", rec.Uptime, rec)
		if rec.Result != firstboot.OK || rec.Changed == (id == "mounts") {
			t.Errorf("step %s", rec)
		}
	}
	got := g.run("findmnt -rnt nfs4 -o TARGET,SOURCE | sort; stat -c %a /var/cfengine/ppkeys; systemctl --failed --no-legend; systemctl is-system-running")
	want := "/var/cfengine/masterfiles " + masterfilesName + ":/masterfiles\n/var/cfengine/ppkeys " + ppkeysName + ":/ppkeys\n700\nrunning"
	if got != want {
		t.Errorf("after a clean boot there is\n%s\nwant\n%s", got, want)
	}
}

// mountsByHand tries what `leaven mounts apply` makes of servers and names that are not as they should be.
func mountsByHand(t *testing.T, g *guest) {
	for _, c := range []struct{ name, config, want string }{
		{"refusing", "{nfs: '10.0.2.2:/masterfiles', at: /mnt/x, options: [port=2051], deadline: 3s}", "connection refused"},
		{"wrong export", "{nfs: '10.0.2.2:/nothing', at: /mnt/x, deadline: 1m}", "No such file or directory"},
		{"no name", "{nfs: 'nowhere.example:/masterfiles', at: /mnt/x, deadline: 3s}", "cannot resolve nowhere.example"},
		{"occupied", "{nfs: '10.0.2.2:/masterfiles', at: /mnt/full}", "tmpfs) is mounted there; unmount it"},
		{"no helper", "{efs: fs-0123456789abcdef0, at: /mnt/x, tls: true}", "install amazon-efs-utils"},
	} {
		if c.name == "occupied" {
			g.run("mkdir /mnt/full && mount -t tmpfs tmpfs /mnt/full")
		}
		text, seconds, ok := g.apply("mounts: [" + c.config + "]")
		t.Logf("%s, %.1f s: %s", c.name, seconds, text)
		if ok || !strings.Contains(text, c.want) {
			t.Errorf("%s: %v after %.1f s, want %q:\n%s", c.name, ok, seconds, c.want, text)
		}
	}
	g.run("umount /mnt/full")

	late := time.AfterFunc(4*time.Second, func() { g.names.Add("late.example") })
	defer late.Stop()
	text, seconds, ok := g.apply("mounts: [{nfs: 'late.example:/masterfiles', at: /mnt/late, deadline: 1m}]")
	t.Logf("a name that resolves after 4 s is mounted after %.1f s: %s", seconds, text)
	if !ok {
		t.Errorf("DNS late: %v after %.1f s\n%s", ok, seconds, text)
	}
	text, seconds, ok = g.apply("mounts: [{nfs: 'never.example:/ppkeys', at: /mnt/fallback, address: 10.0.2.2, deadline: 15s}]")
	if !ok || !strings.Contains(text, "using 10.0.2.2") || !strings.HasSuffix(g.run("findmnt -no SOURCE /mnt/fallback"), ":/ppkeys") {
		t.Errorf("fallback: %v after %.1f s\n%s", ok, seconds, text)
	}
	if out, _ := g.client.Run(g.ctx, "leaven mounts plan --config /root/x.yaml"); strings.TrimSpace(out) != "" {
		t.Errorf("a plan after it was applied: %s", out)
	}

	mountsHelper(t, g)

	// What the step costs beyond the mount itself: the same mounts, by mount(8) with the line in fstab, and by us, in turns.
	const config = "mounts: [{nfs: 'late.example:/masterfiles', at: /mnt/late, immutable: true}]"
	g.run("umount /mnt/late")
	g.apply(config)
	var bare, ours []float64
	for range 5 {
		g.run("umount /mnt/late")
		out := g.run("a=$(date +%s%N); mount /mnt/late; b=$(date +%s%N); umount /mnt/late; echo $(((b-a)/1000))")
		us, err := strconv.Atoi(out)
		if err != nil {
			t.Fatal(err)
		}
		bare = append(bare, float64(us)/1e6)
		text, seconds, ok := g.apply(config)
		if !ok {
			t.Fatal(text)
		}
		ours = append(ours, seconds)
	}
	t.Logf("mount(8) alone: %.3f s; leaven mounts apply, its start and daemon-reload included: %.3f s", bare, ours)
	g.run("umount /mnt/late && ! touch /mnt/late/x && chattr -i /mnt/late && umount /mnt/fallback")
	if text, _, ok := g.apply("mounts: []"); !ok || g.run("grep -c leaven /etc/fstab; grep -c x-leaven=firstboot /etc/fstab") != "3\n3" {
		t.Errorf("removing the mounts: %s\n%s", text, g.run("cat /etc/fstab"))
	}
}

// efsHelper stands in for mount.efs of amazon-efs-utils, which no Debian archive has. Like the real one it can end with 0 without
// having mounted, and leaves a tunnel behind, without which the mount hangs. What it does with its options is not tried here.
const efsHelper = `#!/bin/sh
echo "$*" >/run/efs-asked
[ -e /run/efs-called ] || { touch /run/efs-called; exit 0; }
setsid systemd-socket-activate -l 127.0.0.1:20049 /lib/systemd/systemd-socket-proxyd 10.0.2.2:2049 >/dev/null 2>&1 &
until [ "$(ss -Hltn sport = :20049)" ]; do sleep 0.1; done
exec mount.nfs4 "127.0.0.1:${1#*:}" "$2" -o nfsvers=4.1,port=20049,soft,timeo=50
`

// mountsHelper mounts with a helper, from a unit that ends.
func mountsHelper(t *testing.T, g *guest) {
	const config = "mounts: [{efs: 'fs-0123456789abcdef0:/masterfiles', at: /mnt/tls, iam: true, access_point: fsap-0123456789abcdef0}]"
	for name, text := range map[string]string{"/sbin/mount.efs": efsHelper, "/root/tls.yaml": config} {
		if err := g.client.Write(g.ctx, name, strings.NewReader(text)); err != nil {
			t.Fatal(err)
		}
	}
	said := g.run("systemd-run --quiet --pipe --wait --collect leaven mounts apply --config /root/tls.yaml 2>&1")
	if !strings.Contains(said, "mount says that it did, but /proc/self/mountinfo does not have it; trying again") {
		t.Errorf("of a helper that does not mount it says: %s", said)
	}
	// Its name is not looked at: the kernel knows the server by its owner, and may use the connection that it has already (trunking).
	got := g.run("findmnt -no FSTYPE /mnt/tls; echo x >/mnt/tls/tunnel; cat /mnt/tls/tunnel; ss -Hltn sport = :20049 | wc -l; systemctl show -P After mnt-tls.mount | grep -c run-.*scope; leaven mounts plan --config /root/tls.yaml")
	if got != "nfs4\nx\n1\n1" {
		t.Errorf("file system, content, tunnels, scopes that end after the mount: %q", got)
	}
	asked := g.run("cat /run/efs-asked")
	if !strings.HasPrefix(asked, "fs-0123456789abcdef0:/masterfiles /mnt/tls ") || !strings.Contains(asked, "tls,iam,accesspoint=fsap-0123456789abcdef0,region=eu-central-1") || strings.Contains(asked, "x-") {
		t.Errorf("mount.efs is asked for %s", asked)
	}
	g.run("umount /mnt/tls && rm /sbin/mount.efs /run/efs-* && kill $(ss -Hltnp sport = :20049 | sed 's/.*pid=//; s/,.*//')")
}

// mountsPowerCut cuts the power while fstab is written again and again, and looks at the disk.
func mountsPowerCut(t *testing.T, g *guest, vm powered) {
	g.run(`mkdir -p /srv/tree/etc; cp /etc/fstab /srv/tree/etc/; cd /root
for x in a b; do echo "mounts: [{nfs: '$x:/x', at: /m}]" >$x.yaml; leaven mounts apply --root /srv/tree --config $x.yaml; cp /srv/tree/etc/fstab fstab.$x; done; sync
systemd-run --unit=writer sh -c 'while :; do for x in a b; do leaven mounts apply --root /srv/tree --config /root/$x.yaml; done; echo x >>/root/rounds; sync /root/rounds; done'`)
	g.until("some rounds", "[ $(wc -l </root/rounds) -ge 3 ]")
	if err := vm.Kill(); err != nil {
		t.Fatal(err)
	}
	m, err := disk.Mount(t.Context(), g.image.Disk, scratch(t))
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	read := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join(m.Root, name))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	got := read("srv/tree/etc/fstab")
	if a, b := read("root/fstab.a"), read("root/fstab.b"); len(a) == 0 || bytes.Equal(a, b) || !bytes.Equal(got, a) && !bytes.Equal(got, b) {
		t.Errorf("after the power cut fstab is neither the one nor the other:\n%s", got)
	}
}
