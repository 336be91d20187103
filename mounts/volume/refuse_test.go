package volume

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const (
	small = 100 * mib
	large = 400 * mib // for xfs, and so that not every byte is read
)

// zeros writes zeros over a part of the device, as somebody does who wipes it in haste.
func zeros(from, count int64) string {
	return fmt.Sprintf("dd if=/dev/zero of=$D bs=64K seek=%d count=%d conv=notrunc,fsync status=none", from/(64*kib), count/(64*kib))
}

// TestNothingIsFormattedByMistake looks at one device of each kind. Not one byte of it may change.
func TestNothingIsFormattedByMistake(t *testing.T) {
	need(t, "mkfs.xfs", "mkfs.btrfs", "mkfs.vfat", "pvcreate", "cryptsetup", "sgdisk", "sfdisk", "mkswap", "wipefs")
	uberblocks := func(d *disk) {
		for label := range int64(2) { // ZFS: the array of uberblocks is the second half of a label of 256 KiB
			for i := range int64(8) {
				d.write(label*256*kib+128*kib+i*kib, "\x0c\xb1\xba\x00\x00\x00\x00\x00")
			}
		}
	}
	for name, c := range map[string]struct {
		size int64
		make string
		with func(*disk)
		spec Spec
		says string
	}{
		"ext4, xfs wanted":     {large, "mkfs.ext4 -q -L precious $D", nil, Spec{FS: "xfs"}, "holds a file system (ext4) labelled precious, UUID "},
		"xfs, ext4 wanted":     {large, "mkfs.xfs -q $D", nil, Spec{FS: "ext4"}, "holds a file system (xfs), UUID "},
		"ext4, swap wanted":    {small, "mkfs.ext4 -q $D", nil, Spec{At: "swap"}, "should be swap space"},
		"vfat":                 {small, "mkfs.vfat -n DATA $D", nil, Spec{}, "holds a file system (vfat) labelled DATA"},
		"btrfs":                {large, "mkfs.btrfs -q $D", nil, Spec{}, "holds a file system (btrfs)"},
		"ZFS member":           {small, "", uberblocks, Spec{}, "member of a ZFS pool"},
		"LVM":                  {small, "pvcreate -q -y $D 2>&1", nil, Spec{}, "LVM physical volume"},
		"LUKS1":                {small, "echo -n pass | cryptsetup -q luksFormat --type luks1 --pbkdf-force-iterations 1000 $D -", nil, Spec{}, "encrypted volume"},
		"LUKS2":                {small, "echo -n pass | cryptsetup -q luksFormat --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 $D -", nil, Spec{}, "encrypted volume"},
		"LUKS2, second header": {small, "echo -n pass | cryptsetup -q luksFormat --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 $D -; dd if=/dev/zero of=$D bs=4K count=4 conv=notrunc status=none", nil, Spec{}, "holds "},
		"GPT, empty":           {small, "sgdisk -o $D", nil, Spec{}, "holds a partition table (gpt)"},
		"GPT, with data":       {small, "sgdisk -n 1:0:0 $D; dd if=/dev/urandom of=$D bs=1M seek=2 count=1 conv=notrunc status=none", nil, Spec{}, "holds a partition table (gpt)"},
		"GPT, second only":     {small, "sgdisk -n 1:0:0 $D; " + zeros(0, mib), nil, Spec{}, "holds "},
		"MBR":                  {small, "echo ',,83' | sfdisk -q --no-reread --no-tell-kernel --label dos $D", nil, Spec{}, "holds a partition table (dos)"},
		"swap":                 {small, "mkswap -L old $D", nil, Spec{}, "holds swap space labelled old"},
		"hibernated":           {small, "mkswap $D", func(d *disk) { d.write(4096-10, "S1SUSPEND\x00") }, Spec{}, "a hibernated system"},
		"hibernated, swap":     {small, "mkswap $D", func(d *disk) { d.write(4096-10, "S1SUSPEND\x00") }, Spec{At: "swap"}, "a hibernated system"},
		"two kinds":            {large, "mkfs.xfs -q $D", func(d *disk) { d.write(64*kib+64, "_BHRfS_M") }, Spec{}, "signatures of several kinds"},
		"ext4, head wiped":     {large, "mkfs.ext4 -q $D; " + zeros(0, mib), nil, Spec{}, "is not blank"},
		"ext4, more wiped":     {large, "mkfs.ext4 -q -b 4096 $D; " + zeros(0, 100*mib), nil, Spec{}, "is not blank: the byte at 134217"},
		"ext4, magic wiped":    {large, "mkfs.ext4 -q $D; wipefs -q -a $D", nil, Spec{}, "is not blank"},
		"xfs, head wiped":      {large, "mkfs.xfs -q $D; " + zeros(0, 16*mib), nil, Spec{}, "is not blank"},
		"xfs, unfinished":      {large, "mkfs.xfs -q $D", func(d *disk) { d.write(126, "\x01") }, Spec{}, "half a file system"},
		"btrfs, head wiped":    {large, "mkfs.btrfs -q $D; " + zeros(0, 16*mib), nil, Spec{}, "is not blank: the byte at 67108864"},
		"random":               {small, "dd if=/dev/urandom of=$D bs=1M count=100 conv=notrunc status=none", nil, Spec{}, "is not blank"},
		"first byte":           {large, "", func(d *disk) { d.write(0, "x") }, Spec{}, "the byte at 0 "},
		"end of the first MiB": {large, "", func(d *disk) { d.write(mib-1, "x") }, Spec{}, "the byte at 1048575 "},
		"end of the head":      {large, "", func(d *disk) { d.write(edge-1, "x") }, Spec{}, "the byte at 8388607 "},
		"last byte":            {large, "", func(d *disk) { d.write(large-1, "x") }, Spec{}, "the byte at 419430399 "},
		"begin of the tail":    {large, "", func(d *disk) { d.write(large-edge, "x") }, Spec{}, "is not blank"},
		"a quarter":            {large, "", func(d *disk) { d.write(large/4+4096, "x") }, Spec{}, "is not blank"},
		"any byte, small":      {whole, "", func(d *disk) { d.write(12345678, "x") }, Spec{}, "the byte at 12345678 "},
		"size, not as said":    {small, "", nil, Spec{Size: small + 1}, "should have 104857601 exactly"},
		"smaller than said":    {small, "", nil, Spec{MinSize: 1 << 40}, "at least"},
		"too small for ext4":   {8 * mib, "", nil, Spec{}, "ext4 needs 16 MiB at least"},
		"too small for xfs":    {200 * mib, "", nil, Spec{FS: "xfs"}, "xfs needs 300 MiB at least"},
		"blank, format never":  {small, "", nil, Spec{Format: "never"}, "format is never"},
		"larger than its disk": {large, "mkfs.ext4 -q $D; losetup -d $D", func(d *disk) { d.resize(small); d.sh("losetup $D " + d.file) }, Spec{}, "its file system takes 400 MiB"},
		"ends in the middle":   {large, "", func(d *disk) { d.resize(large / 2) }, Spec{}, "what cannot be read is not blank"},
		"ends before its tail": {large, "", func(d *disk) { d.resize(large - 4096) }, Spec{}, "cannot be read at byte"},
		"nothing can be read":  {large, "", func(d *disk) { d.resize(0) }, Spec{}, "cannot be read at byte 0: input/output error"},
		"ext4, now unreadable": {large, "mkfs.ext4 -q $D; sync $D; blockdev --flushbufs $D", func(d *disk) { d.resize(0) }, Spec{}, "cannot be read at byte 0"},
	} {
		t.Run(name, func(t *testing.T) {
			d := attach(t, c.size)
			if c.make != "" {
				d.sh(c.make)
			}
			if c.with != nil {
				c.with(d)
			}
			before := d.hash()
			h, s := host(t), c.spec
			s.Device = d.path
			s = spec(s)
			_, err := h.Plan(t.Context(), s)
			refused(t, err, c.says)
			refused(t, h.Apply(t.Context(), s), c.says)
			// Nor does what formats do it when it is called all the same.
			dev, err := h.kernel.device(strings.TrimPrefix(d.path, "/dev/"))
			if err != nil {
				t.Fatal(err)
			}
			if err := h.format(t.Context(), &s, dev); err == nil {
				t.Error("format formats it")
			}
			if after := d.hash(); after != before {
				t.Error("something on the device changed")
			}
			if text := lines(t, h); text != "" {
				t.Errorf("fstab has %q", text)
			}
			if left, _ := os.ReadDir(h.Root.Dir() + recordDir); len(left) > 0 {
				t.Errorf("a record is left: %v", left)
			}
		})
	}
}

// TestInUse looks at devices that somebody has.
func TestInUse(t *testing.T) {
	need(t, "sgdisk", "mkswap", "partx")
	t.Run("mounted elsewhere", func(t *testing.T) {
		d, h := attach(t, small), host(t)
		d.sh("mkfs.ext4 -q $D")
		other := t.TempDir()
		d.sh("mount -o ro,noload $D " + other)
		defer d.sh("umount " + other)
		before := d.hash()
		refused(t, h.Apply(t.Context(), spec(Spec{Device: d.path})), "is mounted at "+other+" already")
		if d.hash() != before {
			t.Error("something changed")
		}
	})
	t.Run("something else is mounted there", func(t *testing.T) {
		d, h := attach(t, small), host(t)
		point := h.Root.Dir() + "/data"
		if err := os.Mkdir(point, 0o755); err != nil {
			t.Fatal(err)
		}
		d.sh("mount -t tmpfs other " + point)
		defer d.sh("umount " + point)
		before := d.hash()
		refused(t, h.Apply(t.Context(), spec(Spec{Device: d.path})), "where other (tmpfs) is mounted")
		if d.hash() != before {
			t.Error("something changed")
		}
	})
	t.Run("claimed by a program", func(t *testing.T) {
		d, h := attach(t, small), host(t)
		f, err := os.OpenFile(d.path, os.O_RDWR|unix.O_EXCL, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		before := d.hash()
		refused(t, h.Apply(t.Context(), spec(Spec{Device: d.path})), "is in use by the kernel or another program; it holds nothing that blkid knows")
		if d.hash() != before {
			t.Error("something changed")
		}
	})
	t.Run("claimed by fsck", func(t *testing.T) { // whose device fstab names, early in a boot
		d, h := attach(t, small), host(t)
		s := spec(Spec{Device: d.path})
		bring(t, h, s)
		unmount(t, h, "data")
		f, err := os.OpenFile(d.path, os.O_RDWR|unix.O_EXCL, 0)
		if err != nil {
			t.Fatal(err)
		}
		p, err := h.Plan(t.Context(), s)
		if err != nil || len(p.Actions) != 1 || !strings.Contains(p.Actions[0], "wait until it is checked and mounted") {
			t.Errorf("the plan is %+v, %v", p, err)
		}
		refused(t, h.Apply(t.Context(), s), "is in use by another program, and was not mounted: waited 2s")
		done := make(chan error)
		go func() { done <- h.Apply(t.Context(), s) }()
		time.Sleep(300 * time.Millisecond)
		f.Close()
		d.sh("mount $D " + h.Root.Dir() + "/data 2>&1 || true") // it races with ours, as systemd does
		if err := <-done; err != nil {
			t.Error(err)
		}
		bring(t, h, s)
		unmount(t, h, "data")
	})
	t.Run("swapped to", func(t *testing.T) {
		d, h := attach(t, small), host(t)
		d.sh("mkswap $D; swapon $D")
		defer d.sh("swapoff $D")
		refused(t, h.Apply(t.Context(), spec(Spec{Device: d.path})), "is in use as swap space")
	})
	t.Run("partitions", func(t *testing.T) {
		d, h := attach(t, small), host(t)
		d.sh("sgdisk -n 1:0:+50M -n 2:0:0 $D")
		if out, err := exec.Command("partx", "--add", d.path).CombinedOutput(); err != nil {
			t.Fatalf("partx: %v: %s", err, out)
		}
		defer d.sh("partx --delete $D")
		name := strings.TrimPrefix(d.path, "/dev/")
		before := d.hash()
		refused(t, h.Apply(t.Context(), spec(Spec{Device: d.path})), "is a whole disk with the partitions "+name+"p1, "+name+"p2")
		if d.hash() != before {
			t.Error("something changed")
		}
		// One that is named itself, and is blank, is as good as a disk.
		if err := h.Apply(t.Context(), spec(Spec{Device: d.path + "p2"})); err != nil {
			t.Fatal(err)
		}
		unmount(t, h, "data")
	})
	t.Run("no disk in it", func(t *testing.T) {
		d, h := attach(t, small), host(t)
		d.sh("losetup -d $D")
		defer d.sh("losetup $D " + d.file)
		refused(t, h.Apply(t.Context(), spec(Spec{Device: d.path})), "has no size")
	})
	t.Run("read only", func(t *testing.T) {
		d, h := attach(t, small, "--read-only"), host(t)
		refused(t, h.Apply(t.Context(), spec(Spec{Device: d.path})), "cannot be written to")
	})
}

// vanishing is a device that goes away after some reads.
type vanishing struct {
	*os.File
	reads int
	gone  func()
}

func (v *vanishing) ReadAt(p []byte, off int64) (int, error) {
	if v.reads--; v.reads == 0 {
		v.gone()
	}
	return v.File.ReadAt(p, off)
}

// TestVanishing takes the disk away while it is read.
func TestVanishing(t *testing.T) {
	for _, reads := range []int{1, 2, 100} {
		d := attach(t, large)
		dev, err := kernel("").device(strings.TrimPrefix(d.path, "/dev/"))
		if err != nil {
			t.Fatal(err)
		}
		f, err := claim(dev)
		if err != nil {
			t.Fatal(err)
		}
		err = blank(t.Context(), &vanishing{f, reads, func() { d.resize(0) }}, large)
		f.Close()
		if err == nil || !strings.Contains(err.Error(), "input/output error") {
			t.Errorf("gone at read %d: %v", reads, err)
		}
	}
}

// TestReplaced puts another disk under the name of the one that was found.
func TestReplaced(t *testing.T) {
	d, h := attach(t, small), host(t)
	dev, err := h.kernel.device(strings.TrimPrefix(d.path, "/dev/"))
	if err != nil {
		t.Fatal(err)
	}
	d.sh("losetup -d $D; losetup $D " + d.file)
	s := spec(Spec{Device: d.path})
	if err := h.format(t.Context(), &s, dev); err == nil || !strings.Contains(err.Error(), "another disk now") {
		t.Errorf("formatting says %v", err)
	}
	d.sh("test $(blkid -p $D | wc -l) = 0")
}

func TestNoBlkid(t *testing.T) {
	d, h := attach(t, small), host(t)
	t.Setenv("PATH", t.TempDir())
	if err := h.Apply(context.Background(), spec(Spec{Device: d.path})); err == nil || !strings.Contains(err.Error(), "blkid") {
		t.Errorf("without blkid: %v", err)
	}
}
