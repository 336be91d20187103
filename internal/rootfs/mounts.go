package rootfs

import (
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"github.com/moby/sys/mountinfo"
)

// A Mount is a file system that is mounted inside a tree.
type Mount struct {
	Point  string // as seen inside the tree
	Type   string // as in /proc/filesystems: ext4, nfs4, tmpfs …
	Source string
	// Whole says that the whole file system is mounted, not a folder of it somewhere else (a bind mount). What btrfs
	// mounts is always a folder of it.
	Whole bool
}

// Volatile tells that the file system lives in memory or in the kernel and is no part of any image.
func (m Mount) Volatile() bool {
	switch m.Type {
	case "fuse.gvfsd-fuse", "fuse.lxcfs", "fuse.portal",
		"autofs", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts", "devtmpfs", "efivarfs", "fusectl",
		"hugetlbfs", "mqueue", "nsfs", "proc", "pstore", "ramfs", "rpc_pipefs", "securityfs", "selinuxfs", "sysfs", "tmpfs", "tracefs":
		return true
	}
	return false
}

// Mounts lists what is mounted below the top of the tree, from /proc/self/mountinfo (proc(5)).
func (r *Root) Mounts() ([]Mount, error) {
	top, err := filepath.Abs(r.dir)
	if err == nil {
		top, err = filepath.EvalSymlinks(top)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot find where root %s lies: %w", r.dir, err)
	}
	infos, err := mountinfo.GetMounts(nil)
	if err != nil {
		return nil, fmt.Errorf("cannot read the mount table: %w", err)
	}
	var mounts []Mount
	for _, info := range infos {
		point, below := strings.CutPrefix(info.Mountpoint, strings.TrimSuffix(top, "/")+"/")
		if below && point != "" {
			mounts = append(mounts, Mount{
				Point: path.Join("/", point), Type: info.FSType, Source: info.Source,
				Whole: info.Root == "/" || info.FSType == "btrfs",
			})
		}
	}
	return mounts, nil
}
