package nfs

import (
	"fmt"
	"net/netip"
	"path"
	"strings"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// Look tells whether the share is mounted at a folder, by its name or at the given address, or over the tunnel that mount.efs makes.
// That something else is mounted there is an error.
func (m *Mounter) Look(s Share, point string, address netip.Addr) (bool, error) {
	mounts, err := m.Mounted()
	if err != nil {
		return false, err
	}
	var top *rootfs.Mount
	for i := range mounts {
		if mounts[i].Point == point {
			top = &mounts[i]
		}
	}
	switch {
	case top == nil:
		return false, nil
	case s.is(*top, address):
		return true, nil
	}
	return false, fmt.Errorf("cannot mount %s at %s: %s (%s) is mounted there; unmount it", s.Source, point, top.Source, top.Type)
}

// is compares a share with a line of mountinfo.
func (s Share) is(mounted rootfs.Mount, address netip.Addr) bool {
	if mounted.Type != "nfs4" && mounted.Type != "nfs" {
		return false
	}
	host, folder, err := splitExport(mounted.Source)
	if err != nil || !s.Encrypted && path.Clean(folder) != path.Clean(s.Path) {
		return false
	}
	if a, err := netip.ParseAddr(host); err == nil {
		own, _ := netip.ParseAddr(s.Host)
		configured, _ := netip.ParseAddr(s.Address)
		return a == address || a == own || a == configured || s.Encrypted && a.IsLoopback()
	}
	return strings.EqualFold(strings.TrimSuffix(host, "."), strings.TrimSuffix(s.Host, ".")) || s.Encrypted && host == "localhost"
}
