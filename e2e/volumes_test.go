package e2e

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/leaven-dev/leaven/e2e/debroot"
	"github.com/leaven-dev/leaven/e2e/disk"
	"github.com/leaven-dev/leaven/e2e/qemu"
	"github.com/leaven-dev/leaven/e2e/sshclient"
	"github.com/leaven-dev/leaven/firstboot"
)

// volumesConfig is what the image of TestVolumes says. The second volume is one that is not blank.
const volumesConfig = `network: {metadata: "off"}
volumes:
- {volume: vol-0123456789abcdef0, at: /srv/data, label: data, owner: admin, mode: "0750", options: [noatime]}
- {volume: vol-00000000000000bad, at: /srv/precious, wait: 5s}
- {serial: xfs-disk, at: /srv/xfs, fs: xfs, min_size: 1G}
run:
- {name: use, command: "[ -e /srv/data/precious ] || echo data >/srv/data/precious", after: [volume-srv-data], always: true, network: false}
`

// TestVolumes boots an instance with NVMe disks that have serial numbers as EBS has, in a virtual machine: a loop device cannot be
// found by its serial number, and what device mapper, md and an enlarged disk do is the kernel's.
func TestVolumes(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	image := volumesImage(t)
	work := scratch(t)
	blank, precious, xfs := filepath.Join(work, "blank"), filepath.Join(work, "precious"), filepath.Join(work, "xfs")
	for _, args := range [][]string{
		{"truncate", "-s", "1G", blank, precious, xfs},
		{"mkfs.ext4", "-q", "-L", "precious", precious},
		{"dd", "if=/dev/zero", "of=" + precious, "bs=1M", "count=1", "conv=notrunc", "status=none"}, // wiped in haste
	} {
		if out, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	before := fileHash(t, precious)
	boot := func(name string) *sshclient.Client {
		t.Helper()
		key, err := sshclient.NewKey()
		if err != nil {
			t.Fatal(err)
		}
		cfg := image
		cfg.Dir, cfg.Logins = filepath.Join(t.ArtifactDir(), name), []sshclient.Login{{User: "root", Key: key.Authorized}}
		if err := os.MkdirAll(cfg.Dir, 0o755); err != nil {
			t.Fatal(err)
		}
		cfg.Args = nil
		for _, d := range []struct{ id, file, device string }{
			{"blank", blank, "nvme,serial=vol0123456789abcdef0"}, {"precious", precious, "nvme,serial=vol00000000000000bad"},
			{"xfs", xfs, "virtio-blk-pci,serial=xfs-disk,addr=0x1d"}, // behind the root disk, which stays vda
		} {
			cfg.Args = append(cfg.Args, "-drive", "file="+d.file+",if=none,format=raw,cache=writeback,id="+d.id, "-device", d.device+",drive="+d.id)
		}
		vm := startVM(t, cfg)
		client, err := vm.Dial(ctx, "root", key)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			client.Close()
			vm.Close()
		})
		return client
	}
	remote := func(c *sshclient.Client, command string) string {
		t.Helper()
		out, err := c.Run(ctx, command)
		if err != nil {
			t.Fatalf("%s: %v\n%s", command, err, out)
		}
		return strings.TrimSpace(out)
	}

	c := boot("first") // sshd is up: we are in
	s := volumesStatus(ctx, t, c, "leaven status --wait --output json")
	if s.Result != firstboot.Failed || !strings.Contains(s.Verdict, "volume-srv-precious") {
		t.Errorf("the verdict is %s: %s", s.Result, s.Verdict)
	}
	if rec := find(s, "volume-srv-precious"); !strings.Contains(rec.Message, "/dev/nvme1n1 (1 GiB, serial vol00000000000000bad) holds nothing that blkid knows, but is not blank: the byte at ") || !strings.Contains(rec.Cure, "make a file system by hand") {
		t.Errorf("of the volume that is not blank it says: %s", rec)
	}
	for _, id := range []string{"volume-srv-data", "volume-srv-xfs", "use"} {
		rec := find(s, id)
		t.Logf("%s", rec)
		if rec.Result != firstboot.OK || !rec.Changed {
			t.Errorf("step %s", rec)
		}
	}
	uuid := remote(c, "findmnt -n -o UUID /srv/data")
	if line := remote(c, "grep /srv/data /etc/fstab"); line != "UUID="+uuid+" /srv/data ext4 nofail,noatime,x-leaven=firstboot 0 2" {
		t.Errorf("fstab says %q", line)
	}
	if root := remote(c, "stat -c '%U %a' /srv/data; findmnt -n -o SOURCE,FSTYPE /srv/xfs"); root != "admin 750\n/dev/vdb xfs" {
		t.Errorf("the roots are %q", root)
	}
	// EC2's names are asked of the disks themselves; these have none.
	out, _ := c.Run(ctx, "printf 'volumes: [{device: /dev/sdf, at: /x, wait: 1s}]\n' >/etc/leaven/firstboot.d/sdf.yaml; leaven firstboot; leaven status; rm /etc/leaven/firstboot.d/sdf.yaml")
	if !strings.Contains(out, "waited 1s for it: device /dev/sdf is not there; the disks are: ") {
		t.Errorf("of /dev/sdf it says: %s", out)
	}
	t.Run("others", func(t *testing.T) { volumesOthers(ctx, t, c) })
	t.Run("comes late", func(t *testing.T) { volumeComesLate(ctx, t, c) })
	remote(c, "sync; systemctl poweroff --no-block; sleep 1; true")
	c.Close()
	for !poweredOff(t, ctx, filepath.Join(t.ArtifactDir(), "first", "serial.log")) {
	}
	if fileHash(t, precious) != before {
		t.Error("something on the volume that is not blank changed")
	}

	// The volumes are enlarged, as ModifyVolume does.
	for _, name := range []string{blank, xfs} {
		if err := os.Truncate(name, 3<<30); err != nil {
			t.Fatal(err)
		}
	}
	c = boot("second")
	s = volumesStatus(ctx, t, c, "leaven status --wait --output json")
	for _, id := range []string{"volume-srv-data", "volume-srv-xfs"} {
		rec := find(s, id)
		t.Logf("%s", rec)
		if rec.Result != firstboot.OK {
			t.Errorf("step %s", rec)
		}
	}
	if got := remote(c, "cat /srv/data/precious; findmnt -n -o UUID /srv/data"); got != "data\n"+uuid {
		t.Errorf("after a reboot there is %q, want UUID %s", got, uuid)
	}
	// systemd mounts it by its line, often while first boot looks at it.
	if path := remote(c, "systemctl show -P FragmentPath srv-data.mount"); path != "/run/systemd/generator/srv-data.mount" {
		t.Errorf("systemd's unit of the volume is %q", path)
	}
	if log := remote(c, "journalctl -b -o cat -u srv-data.mount"); !strings.Contains(log, "Mounting srv-data.mount") {
		t.Errorf("systemd says of the volume: %s", log)
	}
	if failed := remote(c, "systemctl list-units --failed --plain --no-legend"); strings.Contains(failed, "srv-") || strings.Contains(failed, "fsck") {
		t.Errorf("units have failed: %s", failed)
	}
	for _, point := range []string{"/srv/data", "/srv/xfs"} {
		if size := remote(c, "df --output=size -BM "+point+" | tail -1"); size < "2800M" || len(size) != 5 {
			t.Errorf("%s has %s, want almost 3072M", point, size)
		}
	}
	if state := remote(c, "systemctl is-active ssh srv-data.mount srv-xfs.mount | sort -u"); state != "active" {
		t.Errorf("units are %q", state)
	}
}

// volumesImage is a disk with Leaven, the tools for file systems, and those that the others on it are made with.
func volumesImage(t *testing.T) qemu.Config {
	t.Helper()
	pristine, err := debroot.Build(t.Context(), vmWithTools(), t.Output())
	if err != nil {
		t.Fatal(err)
	}
	work := scratch(t)
	root := filepath.Join(work, "root")
	if err := pristine.CopyTo(t.Context(), root); err != nil {
		t.Fatal(err)
	}
	install(t, root)
	put(t, root, "etc/leaven/firstboot.yaml", volumesConfig, 0o644)
	if err := os.MkdirAll(filepath.Join(root, "etc/leaven/firstboot.d"), 0o755); err != nil {
		t.Fatal(err)
	}
	cfg := qemu.Config{Disk: filepath.Join(work, "disk.qcow2"), InstanceID: "i-0123456789abcdef0", MemoryMB: 1536}
	if cfg.Kernel, err = pristine.Kernel(); err == nil {
		cfg.Initrd, err = pristine.Initrd()
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := disk.Overlay(t.Context(), pack(t, root, work), cfg.Disk); err != nil {
		t.Fatal(err)
	}
	return cfg
}

func volumesStatus(ctx context.Context, t *testing.T, c *sshclient.Client, command string) firstboot.Status {
	t.Helper()
	var s firstboot.Status
	text, _ := c.Run(ctx, command) // the exit status says how it went
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return s
}

func fileHash(t *testing.T, name string) string {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// poweredOff tells whether the console shows the end; it waits a little where it does not.
func poweredOff(t *testing.T, ctx context.Context, log string) bool {
	t.Helper()
	text, err := os.ReadFile(log)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "reboot: Power down") {
		return true
	}
	time.Sleep(200 * time.Millisecond)
	return false
}

// othersScript makes devices of each kind that needs device mapper or md. It prints a name, the device, and the file beneath.
const othersScript = `set -eu
cd /root
modprobe -a dm_mod dm_crypt dm_delay raid1 loop
disk() { truncate -s 200M $1; losetup --find --show $1; }
tell() { echo "$1 $2 $3"; }
D=$(disk held); dmsetup create held-map --table "0 100000 linear $D 0"; tell held $D held
D=$(disk errors); dmsetup create errors-map --table "0 204800 linear $D 0
204800 8 error
204808 204792 linear $D 204808"; tell errors /dev/mapper/errors-map errors
D=$(disk headerr); dmsetup create headerr-map --table "0 8 error
8 409592 linear $D 8"; tell headerr /dev/mapper/headerr-map headerr
D=$(disk lvm); pvcreate -qq $D; vgcreate -qq vg $D; lvcreate -qq -W n -L 50M -n lv vg; tell lvm $D lvm
D=$(disk luks); echo -n pass | cryptsetup -q luksFormat --pbkdf pbkdf2 --pbkdf-force-iterations 1000 $D -; echo -n pass | cryptsetup open $D opened -; tell luks $D luks
for v in 0.90 1.0 1.2; do
	D=$(disk md$v); mdadm -q --create /dev/md/t$v --run --force --level=1 --raid-devices=1 --metadata=$v $D </dev/null >&2; udevadm settle
	tell md-active-$v $D md$v
done
D=$(disk mdstopped); mdadm -q --create /dev/md/stopped --run --force --level=1 --raid-devices=1 --metadata=1.0 $D </dev/null >&2; udevadm settle; mdadm -q --stop /dev/md/stopped >&2; tell md-stopped $D mdstopped
D=$(disk swapped); mkswap -q $D; swapon $D; tell swapped $D swapped
D=$(disk mounted); mkfs.ext4 -q $D; mkdir -p /mnt/m; mount -o ro,noload $D /mnt/m; tell mounted $D mounted
D=$(disk slow); dmsetup create slow-map --table "0 409600 delay $D 0 100"; tell vanishes /dev/mapper/slow-map slow
`

// volumesOthers tries what a loop device alone cannot be.
func volumesOthers(ctx context.Context, t *testing.T, c *sshclient.Client) {
	text, err := c.Run(ctx, othersScript+" 2>/root/others.log")
	if err != nil {
		log, _ := c.Run(ctx, "cat /root/others.log")
		t.Fatalf("%v\n%s\n%s", err, text, log)
	}
	says := map[string]string{
		"held": "is a part of dm-", "errors": "cannot be read at byte 104857600: input/output error", "headerr": "cannot be read at byte 0: input/output error",
		"lvm": "(vg-lv) and holds an LVM physical volume", "luks": "(opened) and holds an encrypted volume", "md-active-0.90": "is a part of md", "md-active-1.0": "is a part of md",
		"md-active-1.2": "is a part of md", "md-stopped": "holds a member of a RAID", "swapped": "is in use as swap space", "mounted": "is mounted at /mnt/m already",
		"vanishes": "what cannot be read is not blank",
	}
	config, files := "volumes:\n", ""
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) != 3 || says[f[0]] == "" {
			t.Fatalf("the script printed %q", line)
		}
		config += "- {device: " + f[1] + ", at: /x/" + f[0] + ", wait: 5s, policy: degrade}\n"
		if f[0] != "swapped" { // the kernel may write to it
			files += " " + f[2]
		}
	}
	hashes := func() string {
		t.Helper()
		out, err := c.Run(ctx, "cd /root; sync; sha256sum"+files+"; head -c 4096 swapped | sha256sum")
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return out
	}
	before := hashes()
	if err := c.Write(ctx, "/etc/leaven/firstboot.d/others.yaml", strings.NewReader(config)); err != nil {
		t.Fatal(err)
	}
	// The last device takes 100 ms for each read, and its table is replaced by one of errors while it is read.
	s := volumesStatus(ctx, t, c, "(sleep 2; dmsetup wipe_table slow-map) & leaven firstboot >/dev/null 2>&1; wait; rm /etc/leaven/firstboot.d/others.yaml; leaven status --output json")
	for name, want := range says {
		rec := find(s, "volume-x-"+strings.ReplaceAll(name, ".", "-"))
		if rec.Result != firstboot.Failed || !strings.Contains(rec.Message, want) {
			t.Errorf("%s: %s; want %q", name, rec, want)
		}
	}
	if after := hashes(); after != before {
		t.Errorf("something changed; before:\n%s\nafter:\n%s", before, after)
	}
	if left, err := c.Run(ctx, "! grep /x/ /etc/fstab && ! ls -A /var/lib/leaven/volumes | grep ."); err != nil {
		t.Errorf("left behind: %s", left)
	}
}

// volumeComesLate takes an NVMe disk away, and has the kernel find it again while first boot waits for it.
func volumeComesLate(ctx context.Context, t *testing.T, c *sshclient.Client) {
	out, err := c.Run(ctx, `set -eu
umount /srv/data
echo 1 >$(readlink -f /sys/block/nvme0n1/device/device)/remove
touch /root/late.log
(until grep -q 'waiting for volume' /root/late.log; do sleep 0.2; done; sleep 2; echo 1 >/sys/bus/pci/rescan; cut -d' ' -f1 /proc/uptime >/root/came) &
leaven firstboot >/root/late.log 2>&1 || true
cut -d' ' -f1 /proc/uptime >/root/mounted
wait
findmnt -n -o SOURCE /srv/data
cat /srv/data/precious /root/came /root/mounted
grep 'waiting for volume vol-0123456789abcdef0' /root/late.log`)
	t.Logf("device, what is on it, uptime when it came and when first boot was through: %s", strings.ReplaceAll(out, "\n", ", "))
	if lines := strings.Split(out, "\n"); err != nil || !strings.HasPrefix(out, "/dev/nvme") || lines[1] != "data" {
		t.Errorf("%v: %s", err, out)
	}
}
