package nfs

import (
	"context"
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strings"

	"github.com/moby/sys/mountinfo"
)

// Mounted is a line of mountinfo (proc(5)).
type Mounted struct {
	Point, Type, Source string
	Server              netip.Addr // that the kernel talks to; not valid where it is no NFS
}

// mounted reads /proc/self/mountinfo.
func mounted() ([]Mounted, error) {
	infos, err := mountinfo.GetMounts(nil)
	if err != nil {
		return nil, fmt.Errorf("cannot read the mount table: %w", err)
	}
	var list []Mounted
	for _, info := range infos {
		m := Mounted{Point: info.Mountpoint, Type: info.FSType, Source: info.Source}
		for o := range strings.SplitSeq(info.VFSOptions, ",") {
			if text, ok := strings.CutPrefix(o, "addr="); ok {
				m.Server, _ = netip.ParseAddr(text)
			}
		}
		list = append(list, m)
	}
	return list, nil
}

// Look tells whether the share is mounted at a folder: from the server of its name or the given address, or over the tunnel that
// mount.efs makes. That something else is mounted there is an error.
func (m *Mounter) Look(ctx context.Context, s Share, point string, address netip.Addr) (bool, error) {
	mounts, err := m.Mounted()
	if err != nil {
		return false, err
	}
	var top *Mounted
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
	case s.fits(*top) && top.Server.IsValid():
		// Where the same export is mounted twice, the kernel shows the name of the first mount for both: they are one file
		// system (nosharecache in nfs(5)). So the server's address counts.
		if own, err := m.resolve(ctx, s.Host, longLookup); err == nil && slices.Contains(own, top.Server) {
			return true, nil
		}
	}
	return false, fmt.Errorf("cannot mount %s at %s: %s (%s) is mounted there; unmount it", s.Source, point, top.Source, top.Type)
}

// fits tells whether type and folder are those of the share.
func (s Share) fits(m Mounted) bool {
	_, folder, err := splitExport(m.Source)
	return err == nil && (m.Type == "nfs4" || m.Type == "nfs") && (s.Encrypted || path.Clean(folder) == path.Clean(s.Path))
}

// is tells whether a line of mountinfo is the share, as far as that can be told from the line.
func (s Share) is(m Mounted, address netip.Addr) bool {
	if !s.fits(m) {
		return false
	}
	host, _, _ := splitExport(m.Source)
	own, _ := netip.ParseAddr(s.Host)
	configured, _ := netip.ParseAddr(s.Address)
	for _, a := range []netip.Addr{address, own, configured} {
		if a.IsValid() && (m.Server == a || host == a.String()) {
			return true
		}
	}
	if s.Encrypted {
		return m.Server.IsLoopback() || host == "127.0.0.1" || host == "localhost"
	}
	return strings.EqualFold(strings.TrimSuffix(host, "."), strings.TrimSuffix(s.Host, "."))
}
