package volume

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// errAbsent says that no device fits, by now.
var errAbsent = errors.New("no such device")

// byID is the link that udev makes for an EBS volume. It can be stale (kubernetes-sigs/aws-ebs-csi-driver#1224), so it is never
// followed; one that contradicts the serial numbers is told.
const byID = "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_"

// find looks for the device of a volume among those that are there. The error is errAbsent, with what is there, where none fits.
func (h *Host) find(ctx context.Context, s *Spec) (device, error) {
	all, err := h.kernel.devices()
	if err != nil {
		return device{}, err
	}
	var found []device
	switch {
	case s.Volume != "":
		serial := strings.Replace(s.Volume, "-", "", 1)
		found = disksBySerial(all, serial)
		h.checkLink(serial, found, all)
	case s.Serial != "":
		found = disksBySerial(all, s.Serial)
	case s.Device != "":
		if found, err = h.byName(s.Device, all); err != nil {
			return device{}, err
		}
	default:
		if found, err = h.byContent(ctx, s, all); err != nil {
			return device{}, err
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return device{}, &absent{s, disks(all)}
	}
	return device{}, &Refusal{
		Volume: s.Name(), Reason: "it fits several devices: " + join(found) + "; none of them was touched",
		Cure: "name the one that is meant by its volume id or serial number",
	}
}

type absent struct {
	spec  *Spec
	there []device
}

func (a *absent) Error() string {
	return fmt.Sprintf("%s is not there; the disks are: %s", a.spec.Name(), join(a.there))
}
func (a *absent) Is(target error) bool { return target == errAbsent }

func join(devices []device) string {
	var texts []string
	for _, d := range devices {
		texts = append(texts, d.String())
	}
	if len(texts) == 0 {
		return "none"
	}
	return strings.Join(texts, "; ")
}

// disks leaves out partitions and what has no size, such as loop devices without a file.
func disks(all []device) []device {
	var list []device
	for _, d := range all {
		if d.disk == "" && d.size > 0 {
			list = append(list, d)
		}
	}
	return list
}

func disksBySerial(all []device, serial string) []device {
	var found []device
	for _, d := range all {
		if d.disk == "" && d.serial == serial {
			found = append(found, d)
		}
	}
	return found
}

// checkLink compares udev's link with the serial numbers.
func (h *Host) checkLink(serial string, found, all []device) {
	target, err := filepath.EvalSymlinks(string(h.kernel) + byID + serial)
	if err != nil {
		return // no link, as on machines without NVMe
	}
	for _, d := range all {
		if d.name == filepath.Base(target) && (len(found) != 1 || found[0].name != d.name) {
			h.log("the link %s%s is stale: it leads to %s; the serial numbers decide", byID, serial, d)
		}
	}
}

// byName finds a device by a name. EC2's names for what it attaches are not the kernel's: on Nitro the disk itself knows the name
// under which it was attached, on Xen /dev/sdf is the kernel's /dev/xvdf.
func (h *Host) byName(name string, all []device) ([]device, error) {
	short := strings.TrimPrefix(name, "/dev/")
	var found []device
	add := func(d device) {
		for _, f := range found {
			if f.name == d.name {
				return
			}
		}
		found = append(found, d)
	}
	for _, d := range all {
		if d.disk != "" || !strings.HasPrefix(d.name, "nvme") || !strings.HasPrefix(short, "sd") && !strings.HasPrefix(short, "xvd") {
			continue
		}
		attached, err := h.attachedAs(d)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue // it went away
		case err != nil:
			return nil, fmt.Errorf("cannot tell whether %s is %s: %w", d.path(), name, err)
		case sameAttachment(attached, short):
			add(d)
		}
	}
	node := short
	if target, err := os.Readlink(string(h.kernel) + name); err == nil { // a link of udev's
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(name), target)
		}
		node = filepath.Base(target)
	}
	for _, d := range all {
		if d.name == node || len(found) == 0 && strings.HasPrefix(short, "sd") && d.name == "xvd"+short[2:] {
			add(d)
		}
	}
	return found, nil
}

// sameAttachment compares names under which EC2 attached disks. Who asks for sdf at launch may write xvdf, and the other way round.
func sameAttachment(a, b string) bool {
	letter := func(name string) string { return strings.TrimPrefix(strings.TrimPrefix(name, "xv"), "s") }
	return a != "" && letter(a) == letter(b)
}

// byContent finds the devices that hold a file system with a UUID or a label. It reads each of them: udev's links show one of two
// copies of a file system only.
func (h *Host) byContent(ctx context.Context, s *Spec, all []device) ([]device, error) {
	var found []device
	for _, d := range all {
		if d.size == 0 || len(d.partition) > 0 {
			continue
		}
		c, err := h.signature(ctx, d.path())
		if err != nil {
			h.log("cannot look for %s on %s: %v", s.Name(), d.path(), err)
			continue
		}
		if s.UUID != "" && strings.EqualFold(c.uuid, s.UUID) || s.UUID == "" && c.label == s.Label {
			found = append(found, d)
		}
	}
	return found, nil
}
