package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/leaven-dev/leaven/e2e/debroot"
	"github.com/leaven-dev/leaven/e2e/qemu"
)

// BenchmarkFirstBootDisk counts what virtual machines read from their disks in a first boot. A volume made from a snapshot gets
// its blocks when they are read for the first time, so that is time on EC2, where each request counts. Time itself says nothing
// here, as the processor may be an emulated one. Each iteration is a round of boots; -benchtime=5x makes five.
func BenchmarkFirstBootDisk(b *testing.B) {
	image := newImage(b)
	var all []flavour
	var disks []string
	for i, f := range flavours(program(b)) {
		if i != leavenRSA && i != cloudInitRSA { // under emulation an RSA key may take minutes, and it reads nothing
			all, disks = append(all, f), append(disks, image.with(b, f))
		}
	}
	bytes, requests := make([][]float64, len(all)), make([][]float64, len(all))
	for b.Loop() {
		for range min(turns(), 3) {
			for i, f := range all {
				read, asked := image.boot(b, f, disks[i])
				bytes[i], requests[i] = append(bytes[i], read), append(requests[i], asked)
			}
		}
	}
	t := table{title: fmt.Sprintf("First boot of a virtual machine whose disk is cold, medians of %d", len(bytes[0]))}
	var reads, asks, moreReads, moreAsks []float64
	for i, f := range all {
		t.columns = append(t.columns, f.name)
		reads, asks = append(reads, median(bytes[i])/(1<<20)), append(asks, median(requests[i]))
		if i == plain {
			moreReads, moreAsks = append(moreReads, -1), append(moreAsks, -1)
			continue
		}
		moreReads, moreAsks = append(moreReads, reads[i]-reads[plain]), append(moreAsks, asks[i]-asks[plain])
		b.ReportMetric(moreReads[i], f.name+"-MiB")
		b.ReportMetric(moreAsks[i], f.name+"-requests")
	}
	b.ReportMetric(0, "ns/op") // what a round took says nothing
	t.row("read, MiB", "%.1f", reads...)
	t.row("requests", "%.0f", asks...)
	t.row("more than plain, MiB", "%.1f", moreReads...)
	t.row("more than plain, requests", "%.0f", moreAsks...)
	t.goals = []goal{
		{what: "read more than the plain image", figure: moreReads[withLeaven], limit: 10, unit: "MiB"},
		{what: "in requests", figure: moreAsks[withLeaven], limit: 110},
	}
	t.print(b)
}

// image is a disk with one file system on it, from which disks of the flavours are made: whatever they have in common lies in
// the same place on all.
type image struct {
	dir            string
	qcow2          string
	kernel, initrd string
}

func newImage(b *testing.B) *image {
	b.Helper()
	root, err := debroot.Build(b.Context(), debroot.VM("bookworm").With("cloud-init"), os.Stderr)
	if err != nil {
		b.Fatal(err)
	}
	im := &image{dir: scratch(b)}
	if im.qcow2, err = root.Image(b.Context()); err != nil {
		b.Fatal(err)
	}
	if im.kernel, err = root.Kernel(); err != nil {
		b.Fatal(err)
	}
	if im.initrd, err = root.Initrd(); err != nil {
		b.Fatal(err)
	}
	return im
}

// with makes a disk of a flavour. It must stay as it is: boot overlays of it.
func (im *image) with(b *testing.B, f flavour) string {
	b.Helper()
	raw, dir := filepath.Join(im.dir, f.name+".raw"), filepath.Join(im.dir, f.name)
	command(b, "qemu-img", "convert", "-q", "-O", "raw", im.qcow2, raw)
	if err := os.Mkdir(dir, 0o755); err != nil {
		b.Fatal(err)
	}
	mounted(b, raw, dir, func() { f.into(b, dir) })
	return raw
}

// boot boots an instance, and returns how many bytes it has read from its disk when the boot is over, in how many requests.
func (im *image) boot(b *testing.B, f flavour, raw string) (bytes, requests float64) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), 10*time.Minute)
	defer cancel()
	dir := b.TempDir()
	disk := filepath.Join(dir, "disk.qcow2")
	command(b, "qemu-img", "create", "-q", "-f", "qcow2", "-b", raw, "-F", "raw", disk)
	vm, err := qemu.Start(ctx, qemu.Config{Disk: disk, Kernel: im.kernel, Initrd: im.initrd, Dir: dir, InstanceID: "i-0123456789abcdef0"})
	if err != nil {
		b.Fatal(err)
	}
	defer vm.Close()
	f.wait(ctx, b, vm.Console)
	read, asked, err := vm.DiskReads()
	if err != nil {
		b.Fatal(err)
	}
	if err := vm.Kill(); err != nil {
		b.Fatal(err)
	}
	return float64(read), float64(asked)
}
