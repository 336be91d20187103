package volume

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"

	"github.com/leaven-dev/leaven/e2e/machine"
	"github.com/leaven-dev/leaven/internal/fstab"
	"github.com/leaven-dev/leaven/internal/rootfs"
)

// disk is a loop device on a sparse file.
type disk struct {
	t    *testing.T
	file string
	path string // /dev/loop0
}

// need fails where the machine lacks what the test works with.
func need(t *testing.T, commands ...string) {
	t.Helper()
	if err := errors.Join(machine.NeedRoot(), machine.Need(append(commands, "losetup", "blkid", "mkfs.ext4")...)); err != nil {
		t.Fatal(err)
	}
}

func attach(t *testing.T, size int64, options ...string) *disk {
	t.Helper()
	need(t)
	d := &disk{t: t, file: filepath.Join(t.TempDir(), "disk")}
	d.resize(size)
	d.path = strings.TrimSpace(d.sh("losetup --find --show " + strings.Join(options, " ") + " " + d.file))
	t.Cleanup(func() {
		if out, err := exec.Command("losetup", "--detach", d.path).CombinedOutput(); err != nil {
			t.Errorf("cannot detach %s: %v: %s", d.path, err, out)
		}
	})
	return d
}

func (d *disk) resize(size int64) {
	d.t.Helper()
	f, err := os.OpenFile(d.file, os.O_RDWR|os.O_CREATE, 0o600)
	if err == nil {
		err = errors.Join(f.Truncate(size), f.Close())
	}
	if err != nil {
		d.t.Fatal(err)
	}
}

// sh runs a command with $D the device; it must succeed.
func (d *disk) sh(script string) string {
	d.t.Helper()
	cmd := exec.Command("sh", "-ec", script)
	cmd.Env = append(os.Environ(), "D="+d.path)
	out, err := cmd.CombinedOutput()
	if err != nil {
		d.t.Fatalf("%s: %v: %s", script, err, out)
	}
	return string(out)
}

// write puts bytes on the device.
func (d *disk) write(offset int64, data string) {
	d.t.Helper()
	f, err := os.OpenFile(d.path, os.O_WRONLY, 0)
	if err == nil {
		_, err = f.WriteAt([]byte(data), offset)
		err = errors.Join(err, f.Sync(), f.Close())
	}
	if err != nil {
		d.t.Fatal(err)
	}
}

// hash is that of all that is on the device, as it lies in the file.
func (d *disk) hash() string {
	d.t.Helper()
	f, err := os.Open(d.path)
	if err == nil {
		err = errors.Join(f.Sync(), f.Close())
	}
	if err != nil {
		d.t.Fatal(err)
	}
	if f, err = os.Open(d.file); err != nil {
		d.t.Fatal(err)
	}
	defer f.Close()
	// Where it is sparse there are zeros; what is not zero is hashed with its place.
	sum, block := sha256.New(), make([]byte, 64*kib)
	for at := int64(0); ; {
		if at, err = f.Seek(at, unix.SEEK_DATA); errors.Is(err, unix.ENXIO) {
			return hex.EncodeToString(sum.Sum(nil))
		}
		if err != nil {
			d.t.Fatal(err)
		}
		at &^= int64(len(block)) - 1
		n, err := f.ReadAt(block, at)
		if err != nil && err != io.EOF {
			d.t.Fatal(err)
		}
		if len(bytes.Trim(block[:n], "\x00")) > 0 {
			fmt.Fprintf(sum, "%d %d\n", at, n)
			sum.Write(block[:n])
		}
		at += int64(n)
	}
}

// host is one whose files are in a folder of the test's; devices are the machine's.
func host(t *testing.T) *Host {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"etc", "var/lib"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	root, err := rootfs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		root.Close()
		infos, err := mountinfo.GetMounts(mountinfo.PrefixFilter(dir)) // of a test that failed
		if err != nil {
			t.Error(err)
		}
		for _, info := range infos {
			t.Logf("unmount %s: %v", info.Mountpoint, unix.Unmount(info.Mountpoint, unix.MNT_DETACH))
		}
	})
	return New(root, true, func(text string) { t.Log(text) })
}

// unmount undoes what a test mounted below a host's root.
func unmount(t *testing.T, h *Host, at string) {
	t.Helper()
	if out, err := exec.Command("umount", filepath.Join(h.Root.Dir(), at)).CombinedOutput(); err != nil {
		t.Errorf("cannot unmount: %v: %s", err, out)
	}
}

func lines(t *testing.T, h *Host) string {
	t.Helper()
	f, err := fstab.Read(h.Root)
	if err != nil {
		t.Fatal(err)
	}
	return string(f.Bytes())
}

// spec is one with the defaults of the configuration.
func spec(s Spec) Spec {
	s.Format, s.Wait, s.Grow = ifElse(s.Format == "", "blank", s.Format), 2*time.Second, true
	if s.At == "" {
		s.At = "/data"
	}
	return s
}

// refused fails unless the error is a refusal that says all of this.
func refused(t *testing.T, err error, says ...string) {
	t.Helper()
	r, ok := errors.AsType[*Refusal](err)
	if !ok {
		t.Errorf("not refused: %v", err)
		return
	}
	for _, want := range says {
		if !strings.Contains(r.Error()+"; "+r.Cure, want) {
			t.Errorf("it says %q; %q, want %q", r, r.Cure, want)
		}
	}
}
