package bake

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// guardMounts keeps the plan out of file systems that are mounted in the tree and are no part of the image: NFS shares, the
// kernel's own, a chroot's /dev. Part of the image is what the tree's own fstab mounts from a local device, and what the
// caller names.
func (p *Plan) guardMounts(cross []string) error {
	mounts, err := p.root.Mounts()
	if err != nil {
		return err
	}
	local, err := localMounts(p.root)
	if err != nil {
		return err
	}
	for i, m := range mounts {
		if !belongs(m, local, cross) {
			p.guards = append(p.guards, guard{pattern: newPattern(escape(m.Point)), mount: &mounts[i]})
		}
	}
	return nil
}

// ImageMounts lists the mount points in a tree that belong to the image.
func ImageMounts(root *rootfs.Root, cross []string) ([]string, error) {
	mounts, err := root.Mounts()
	if err != nil {
		return nil, err
	}
	local, err := localMounts(root)
	if err != nil {
		return nil, err
	}
	var points []string
	for _, m := range mounts {
		if belongs(m, local, cross) {
			points = append(points, m.Point)
		}
	}
	return points, nil
}

func belongs(m rootfs.Mount, local, cross []string) bool {
	return slices.Contains(local, m.Point) && !network(m.Type) || slices.Contains(cross, m.Point)
}

// mayEnter tells whether a folder belongs to the image. A file system that is not volatile and that a rule would have
// looked into is reported, once: nobody can tell what lies under it.
func (p *Plan) mayEnter(r *Rule, dir string) bool {
	for _, g := range p.guards {
		if g.mount == nil || g.mount.Point != dir {
			continue
		}
		if !g.mount.Volatile() {
			p.unknown(r, dir, fmt.Errorf("a %s file system is mounted there (%s), so what the image holds below it cannot be seen: "+
				"unmount it, or name it with --cross when it is part of the image", g.mount.Type, g.mount.Source))
		}
		return false
	}
	return true
}

// unknown records a place that could not be looked at, once for each rule and place.
func (p *Plan) unknown(r *Rule, name string, err error) {
	key := r.ID + "\x00" + name
	if p.told[key] {
		return
	}
	p.told[key] = true
	p.Unknown = append(p.Unknown, Finding{
		Rule: r.ID, Path: Quote(name), Severity: Error, State: Unknown,
		Message: fmt.Sprintf("cannot tell: %v", err),
		Fix:     "look at the place by hand; run as root on a file system that is whole",
	})
}

// localMounts lists the mount points of local file systems in the tree's own fstab(5).
func localMounts(root *rootfs.Root) ([]string, error) {
	data, err := root.ReadFile("/etc/fstab")
	if err != nil && !nothing(err) {
		return nil, fmt.Errorf("cannot tell which mounts belong to the image: %w", err)
	}
	var points []string
	for line := range strings.Lines(string(data)) {
		f := strings.Fields(line)
		if len(f) < 3 || strings.HasPrefix(f[0], "#") || network(f[2]) {
			continue
		}
		if len(f) > 3 && (slices.Contains(strings.Split(f[3], ","), "_netdev") || strings.Contains(f[3], "bind")) {
			continue
		}
		points = append(points, path.Clean(f[1]))
	}
	return points, nil
}

// network tells file systems whose content lies on another machine, or comes from a program.
func network(fstype string) bool {
	switch fstype {
	case "nfs", "nfs4", "efs", "cifs", "smb3", "smbfs", "ceph", "glusterfs", "lustre", "9p", "afs", "ncpfs", "virtiofs":
		return true
	}
	return strings.HasPrefix(fstype, "fuse.")
}
