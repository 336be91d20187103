package volume

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sysTree makes what the kernel shows of block devices: files below /sys/class/block, by name.
func sysTree(t *testing.T, files map[string]string) *Host {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		full := filepath.Join(dir, "sys/class/block", name)
		if strings.HasPrefix(name, "/") {
			full = filepath.Join(dir, name)
		}
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if target, link := strings.CutPrefix(text, "-> "); link {
			err = os.Symlink(target, full)
		} else {
			err = os.WriteFile(full, []byte(text+"\n"), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	h := New(nil, true, nil)
	h.kernel = kernel(dir)
	h.identify = func(string) ([]byte, error) { return nil, os.ErrNotExist }
	return h
}

// nitro is an instance with a root volume, a data volume and an instance store disk, as sysfs shows them on EC2's Nitro.
func nitro(t *testing.T, more map[string]string) *Host {
	files := map[string]string{
		"nvme0n1/dev": "259:0", "nvme0n1/size": "16777216", "nvme0n1/ro": "0", "nvme0n1/device/serial": "vol00000000000000001", "nvme0n1/device/model": "Amazon Elastic Block Store",
		"nvme0n1/nvme0n1p1/partition": "1", "nvme0n1/diskseq": "9",
		"nvme1n1/dev": "259:3", "nvme1n1/size": "41943040", "nvme1n1/ro": "0", "nvme1n1/device/serial": "vol0123456789abcdef0 ", "nvme1n1/device/model": "Amazon Elastic Block Store",
		"nvme2n1/dev": "259:4", "nvme2n1/size": "41943040", "nvme2n1/ro": "0", "nvme2n1/device/serial": "AWS1234567890ABCDEF0", "nvme2n1/device/model": "Amazon EC2 NVMe Instance Storage",
		"nvme1c1n1/dev": "259:9", "nvme1c1n1/size": "41943040", "nvme1c1n1/ro": "0", "nvme1c1n1/hidden": "1", "nvme1c1n1/device/serial": "vol0123456789abcdef0",
	}
	for name, text := range more {
		files[name] = text
	}
	h := sysTree(t, files)
	h.identify = func(path string) ([]byte, error) {
		names := map[string]string{"/dev/nvme0n1": "/dev/xvda", "/dev/nvme1n1": "sdf", "/dev/nvme2n1": "ephemeral0:sdb"}
		serials := map[string]string{"/dev/nvme0n1": "vol00000000000000001", "/dev/nvme1n1": "vol0123456789abcdef0", "/dev/nvme2n1": "AWS1234567890ABCDEF0"}
		answer := make([]byte, identifySize)
		copy(answer, "\x0f\x1d\x0f\x1d"+serials[path])
		copy(answer[3072:], names[path]+strings.Repeat(" ", 32-len(names[path])))
		return answer, nil
	}
	return h
}

func TestFind(t *testing.T) {
	for _, c := range []struct {
		spec Spec
		want string // the device, or what the error says
	}{
		{Spec{Volume: "vol-0123456789abcdef0"}, "nvme1n1"},
		{Spec{Volume: "vol-00000000000000001"}, "nvme0n1"},
		{Spec{Serial: "AWS1234567890ABCDEF0"}, "nvme2n1"},
		{Spec{Device: "/dev/sdf"}, "nvme1n1"},
		{Spec{Device: "/dev/xvdf"}, "nvme1n1"},
		{Spec{Device: "/dev/sdb"}, "nvme2n1"},
		{Spec{Device: "/dev/sda"}, "nvme0n1"},
		{Spec{Device: "/dev/nvme2n1"}, "nvme2n1"},
		{Spec{Volume: "vol-0123456789abcdef1"}, "is not there; the disks are: /dev/nvme0n1 (8 GiB, serial vol00000000000000001); /dev/nvme1n1 (20 GiB"},
		{Spec{Device: "/dev/sdg"}, "is not there"},
	} {
		d, err := nitro(t, nil).find(t.Context(), &c.spec)
		if err == nil && d.name != c.want || err != nil && (!errors.Is(err, errAbsent) || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s is %s, %v; want %s", c.spec.Name(), d.name, err, c.want)
		}
	}
}

// A name that two devices go by is refused: EC2's sdb on NVMe, and the kernel's on SCSI.
func TestFindTwo(t *testing.T) {
	h := nitro(t, map[string]string{"sdb/dev": "8:16", "sdb/size": "100", "sdb/ro": "0"})
	_, err := h.find(t.Context(), &Spec{Device: "/dev/sdb"})
	refused(t, err, "/dev/nvme2n1", "/dev/sdb", "none of them was touched")
	h = nitro(t, map[string]string{"vdb/dev": "254:16", "vdb/size": "100", "vdb/ro": "0", "vdb/serial": "vol0123456789abcdef0"})
	_, err = h.find(t.Context(), &Spec{Volume: "vol-0123456789abcdef0"})
	refused(t, err, "/dev/nvme1n1", "/dev/vdb")
}

// aws-ebs-csi-driver#1224: the link of a volume leads to the disk of another one.
func TestStaleLink(t *testing.T) {
	link := "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0123456789abcdef0"
	h := nitro(t, map[string]string{link: "-> ../../nvme2n1", "/dev/nvme2n1": "", "/dev/nvme1n1": ""})
	var said string
	h.Log = func(text string) { said = text }
	d, err := h.find(t.Context(), &Spec{Volume: "vol-0123456789abcdef0"})
	if err != nil || d.name != "nvme1n1" || !strings.Contains(said, "is stale: it leads to /dev/nvme2n1") {
		t.Errorf("found %s, %v; said %q", d.name, err, said)
	}
	said = ""
	h = nitro(t, map[string]string{link: "-> ../../nvme1n1", "/dev/nvme1n1": ""})
	h.Log = func(text string) { said = text }
	if d, err := h.find(t.Context(), &Spec{Volume: "vol-0123456789abcdef0"}); err != nil || d.name != "nvme1n1" || said != "" {
		t.Errorf("found %s, %v; said %q", d.name, err, said)
	}
}

// On Xen there are no serial numbers, and the kernel's names are EC2's but for a letter. virtio and SCSI have serial numbers of
// their own kinds.
func TestFindElsewhere(t *testing.T) {
	h := sysTree(t, map[string]string{
		"xvda/dev": "202:0", "xvda/size": "100", "xvda/ro": "0", "xvdf/dev": "202:80", "xvdf/size": "200", "xvdf/ro": "0",
		"vdb/dev": "254:16", "vdb/size": "100", "vdb/ro": "0", "vdb/serial": "data",
		"sdc/dev": "8:32", "sdc/size": "100", "sdc/ro": "0", "sdc/device/vpd_pg80": "\x00\x80\x00\x08S3R1AL  ",
		"/dev/disk/by-path/x": "-> ../../sdc",
	})
	for _, c := range []struct {
		spec Spec
		want string
	}{
		{Spec{Device: "/dev/sdf"}, "xvdf"}, {Spec{Device: "/dev/xvdf"}, "xvdf"}, {Spec{Device: "/dev/sdc"}, "sdc"},
		{Spec{Serial: "data"}, "vdb"}, {Spec{Device: "/dev/disk/by-path/x"}, "sdc"},
	} {
		if d, err := h.find(t.Context(), &c.spec); err != nil || d.name != c.want {
			t.Errorf("%s is %s, %v", c.spec.Name(), d.name, err)
		}
	}
}

// A disk that cannot say who it is may be the one that is meant.
func TestIdentifyFails(t *testing.T) {
	h := nitro(t, nil)
	h.identify = func(string) ([]byte, error) { return nil, errors.New("no answer") }
	if _, err := h.find(context.Background(), &Spec{Device: "/dev/sdf"}); err == nil || !strings.Contains(err.Error(), "cannot tell whether /dev/nvme0n1 is /dev/sdf: no answer") {
		t.Errorf("error is %v", err)
	}
}

func TestMapped(t *testing.T) {
	for field, want := range map[string]string{
		"sdf": "sdf", "/dev/sdf": "sdf", "xvdba": "xvdba", "ephemeral0:sdb": "sdb", "ephemeral1:none": "", "": "", "sdf\x00garbage": "sdf", "a b": "", "../x": "",
	} {
		answer := make([]byte, identifySize)
		copy(answer, "\x0f\x1d")
		copy(answer[3072:3104], field)
		if got := mapped(answer); got != want {
			t.Errorf("%q is %q, want %q", field, got, want)
		}
	}
	other := make([]byte, identifySize)
	copy(other[3072:3104], "sdf")
	if got := mapped(other); got != "" {
		t.Errorf("a disk of another vendor's is %q", got)
	}
	if got := mapped(nil); got != "" {
		t.Errorf("no answer is %q", got)
	}
}

func TestRegions(t *testing.T) {
	for _, size := range []uint64{512, mib, whole, whole + 512, 100*mib + 512, 20 * gib, 16 << 40, 64 << 40} {
		var read, last uint64
		for i, s := range regions(size) {
			if s.from >= s.to || s.to > size || i > 0 && s.from <= last || s.from%512 != 0 {
				t.Fatalf("of %d bytes, region %v after %d", size, s, last)
			}
			last = s.to
			read += s.to - s.from
		}
		if last != size || size <= whole && read != size || read > 96*mib {
			t.Errorf("of %d bytes %d are read, up to %d", size, read, last)
		}
	}
}

func TestSpecCheck(t *testing.T) {
	for want, s := range map[string]Spec{
		"":                      {At: "/data", Volume: "vol-01234567"},
		"is found in one way":   {At: "/data", Volume: "vol-01234567", Device: "/dev/sdf"},
		"how is the volume":     {At: "/data"},
		"belongs to the system": {At: "/usr", Label: "x"},
		"write the path as":     {At: "/data/", Label: "x"},
		"is no UUID":            {At: "/data", UUID: "x y"},
		"at most":               {At: "/data", Serial: "1", FS: "xfs", Label: "thirteenbytes"},
		"and no device":         {At: "/swap", Swap: 1, Label: "x"},
		"swap space has no":     {At: "swap", Label: "x", FS: "xfs"},
		"to the byte already":   {At: "/data", Label: "x", Size: 1, MinSize: 1},
		"bind cannot be":        {At: "/data", Label: "x", Options: []string{"bind"}},
		"x-leaven cannot be":    {At: "/data", Label: "x", Options: []string{"x-leaven"}},
		"not be mounted at":     {At: "/data", Label: "x", Options: []string{"noauto"}},
		"ro and rw exclude":     {At: "/data", Label: "x", Options: []string{"ro", "noexec", "rw"}},
	} {
		text := ""
		s.Check(func(key, format string, args ...any) { text += fmt.Sprintf(format, args...) })
		if want == "" && text != "" || !strings.Contains(text, want) {
			t.Errorf("%+v: %q, want %q", s, text, want)
		}
	}
}
