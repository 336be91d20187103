package volume

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// device is a disk or a partition as the kernel knows it.
type device struct {
	name      string // nvme1n1
	number    string // "259:1"
	size      uint64 // bytes
	serial    string // of the disk, "" where it has none
	model     string
	disk      string // of a partition: the disk it is on
	readOnly  bool
	seq       string   // diskseq: another one when another disk has come under the same name; "" before Linux 5.15
	partition []string // of a disk
	holders   []string // devices that are made of this one: "dm-0 (vg-data)"
}

func (d device) path() string { return "/dev/" + d.name }

// String tells people which one it is.
func (d device) String() string {
	text := d.path() + " (" + bytesText(d.size)
	if d.serial != "" {
		text += ", serial " + d.serial
	}
	return text + ")"
}

// sectorSize is the unit of sizes in sysfs, whatever the disk's own is.
const sectorSize = 512

// kernel is where the kernel tells about devices: the folder that holds sys, dev and proc. "" is the running system's.
type kernel string

func (k kernel) text(parts ...string) string {
	data, err := os.ReadFile(string(k) + "/sys/class/block/" + filepath.Join(parts...))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
}

// devices lists all block devices. One that goes away meanwhile is left out.
func (k kernel) devices() ([]device, error) {
	entries, err := os.ReadDir(string(k) + "/sys/class/block")
	if err != nil {
		return nil, fmt.Errorf("cannot list block devices: %w", err)
	}
	var all []device
	for _, e := range entries {
		d, err := k.device(e.Name())
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if k.text(d.name, "hidden") != "1" { // a single path of a multipath disk
			all = append(all, d)
		}
	}
	return all, nil
}

// device reads what there is to know of one.
func (k kernel) device(name string) (device, error) {
	d := device{name: name, number: k.text(name, "dev")}
	if d.number == "" {
		return d, fmt.Errorf("cannot find block device %s: %w", name, fs.ErrNotExist)
	}
	sectors, err := strconv.ParseUint(k.text(name, "size"), 10, 54)
	if err != nil {
		return d, fmt.Errorf("cannot tell the size of %s: %w", d.path(), err)
	}
	d.size, d.readOnly, d.seq = sectors*sectorSize, k.text(name, "ro") != "0", k.text(name, "diskseq")
	if k.text(name, "partition") != "" {
		real, err := filepath.EvalSymlinks(string(k) + "/sys/class/block/" + name)
		if err != nil {
			return d, fmt.Errorf("cannot tell which disk %s is on: %w", d.path(), err)
		}
		d.disk = filepath.Base(filepath.Dir(real))
		d.seq = k.text(d.disk, "diskseq")
	}
	d.serial, d.model = k.serial(cmp.Or(d.disk, name)), k.text(cmp.Or(d.disk, name), "device/model")
	children, err := os.ReadDir(string(k) + "/sys/class/block/" + name + "/")
	if err != nil {
		return d, fmt.Errorf("cannot list partitions of %s: %w", d.path(), err)
	}
	for _, c := range children {
		if k.text(name, c.Name(), "partition") != "" {
			d.partition = append(d.partition, c.Name())
		}
	}
	holders, err := os.ReadDir(string(k) + "/sys/class/block/" + name + "/holders")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return d, fmt.Errorf("cannot tell what holds %s: %w", d.path(), err)
	}
	for _, h := range holders {
		holder := h.Name()
		if mapped := k.text(holder, "dm/name"); mapped != "" {
			holder += " (" + mapped + ")"
		}
		d.holders = append(d.holders, holder)
	}
	slices.Sort(d.partition)
	slices.Sort(d.holders)
	return d, nil
}

// serial is the serial number of a disk. NVMe and virtio show it as a text; SCSI as VPD page 0x80, with a header of four bytes
// (SPC-4, 7.8.14).
func (k kernel) serial(disk string) string {
	for _, file := range []string{"device/serial", "serial"} {
		if text := k.text(disk, file); text != "" {
			return text
		}
	}
	page, err := os.ReadFile(string(k) + "/sys/class/block/" + disk + "/device/vpd_pg80")
	if err != nil || len(page) < 4 {
		return ""
	}
	return strings.Trim(string(page[4:]), " \x00")
}

// bytesText is a size for people, exact where it is even.
func bytesText(n uint64) string {
	for i, unit := range []string{"TiB", "GiB", "MiB", "KiB"} {
		if size := uint64(1) << (40 - 10*i); n >= size && n%size == 0 {
			return fmt.Sprintf("%d %s", n/size, unit)
		}
	}
	return fmt.Sprintf("%d bytes", n)
}
