package bake

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/leaven-dev/leaven/internal/fstab"
	"github.com/leaven-dev/leaven/internal/rootfs"
)

// mount is something mounted inside the tree.
type mount struct {
	rootfs.Mount
	part bool // part of the image
}

// foreign tells that another file system is mounted on n, and that it is no part of the image.
func (n *node) foreign() bool { return n.mount != nil && !n.mount.part }

// foreignMount is the error of looking into a file system that is no part of the image.
type foreignMount struct{ *mount }

func (m foreignMount) Error() string {
	if m.Type == "" {
		return "another file system, or another place of this one, is mounted there, so what the image holds below it cannot be seen: unmount it"
	}
	return fmt.Sprintf("a %s file system is mounted there (%s), so what the image holds below it cannot be seen: "+
		"unmount it, or name it with --cross when it is part of the image", m.Type, Quote(m.Source))
}

// imageMounts lists what is mounted in a tree, and says of each whether it is part of the image. Part is what the tree's own
// fstab mounts from a local device, and what the caller names; NFS shares, the kernel's own and a chroot's /dev are not.
func imageMounts(root *rootfs.Root, cross []string) ([]*mount, error) {
	mounted, err := root.Mounts()
	if err != nil {
		return nil, err
	}
	local, err := localMounts(root)
	if err != nil {
		return nil, err
	}
	var mounts []*mount
	for _, m := range mounted {
		part := slices.Contains(local, m.Point) && m.Whole && !network(m.Type) || slices.Contains(cross, m.Point)
		mounts = append(mounts, &mount{Mount: m, part: part})
	}
	return mounts, nil
}

// ImageMounts lists the mount points in a tree that belong to the image.
func ImageMounts(root *rootfs.Root, cross []string) ([]string, error) {
	mounts, err := imageMounts(root, cross)
	var points []string
	for _, m := range mounts {
		if m.part {
			points = append(points, m.Point)
		}
	}
	return points, err
}

// localMounts lists the mount points of local file systems in the tree's own fstab(5).
func localMounts(root *rootfs.Root) ([]string, error) {
	table, err := fstab.Read(root)
	if err != nil {
		return nil, fmt.Errorf("cannot tell which mounts belong to the image: %w", err)
	}
	var points []string
	for _, e := range table.Entries() {
		if e.Type != "" && !network(e.Type) && !e.Has("_netdev") && !strings.Contains(e.Options, "bind") {
			points = append(points, path.Clean(e.Point))
		}
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
