package cfengine

import (
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/leaven-dev/leaven/internal/fstab"
	"github.com/leaven-dev/leaven/internal/rootfs"
)

func TestMountedAt(t *testing.T) {
	const folder = "/var/lib/cfengine3/ppkeys"
	efs := "fs-0fedcba9876543210.efs.eu-central-1.amazonaws.com:/"
	for name, c := range map[string]struct {
		mounts []rootfs.Mount
		table  []fstab.Entry
		want   string
	}{
		"the share":           {mounts: []rootfs.Mount{{Point: folder, Type: "nfs4", Source: efs}}},
		"as fstab says":       {mounts: []rootfs.Mount{{Point: folder, Type: "nfs4", Source: efs}}, table: []fstab.Entry{{Source: strings.TrimSuffix(efs, "/"), Point: folder, Type: "nfs4"}}},
		"through mount.efs":   {mounts: []rootfs.Mount{{Point: folder, Type: "nfs4", Source: "127.0.0.1:/"}}, table: []fstab.Entry{{Source: "fs-0fedcba9876543210", Point: folder, Type: "efs"}}},
		"not mounted":         {mounts: []rootfs.Mount{{Point: "/", Type: "ext4", Source: "/dev/xvda1"}}, want: "is not mounted"},
		"nearly there":        {mounts: []rootfs.Mount{{Point: folder + "2", Type: "nfs4"}, {Point: "/var/lib/cfengine3", Type: "nfs4"}}, want: "is not mounted"},
		"a disk":              {mounts: []rootfs.Mount{{Point: folder, Type: "ext4", Source: "/dev/nvme1n1"}}, want: "something else than the share is mounted: /dev/nvme1n1"},
		"covered":             {mounts: []rootfs.Mount{{Point: folder, Type: "nfs4", Source: efs}, {Point: folder, Type: "tmpfs", Source: "tmpfs"}}, want: "tmpfs"},
		"another file system": {mounts: []rootfs.Mount{{Point: folder, Type: "nfs4", Source: "fs-00000000000000000.efs.eu-central-1.amazonaws.com:/"}}, table: []fstab.Entry{{Source: efs, Point: folder, Type: "nfs4"}}, want: "where fstab says " + efs},
	} {
		_, err := mountedAt(c.mounts, c.table, folder, []string{"nfs4"})
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestServable(t *testing.T) {
	own := []net.Addr{
		&net.IPNet{IP: net.IPv4(127, 0, 0, 1), Mask: net.CIDRMask(8, 32)},
		&net.IPNet{IP: net.IPv4(10, 9, 0, 10), Mask: net.CIDRMask(24, 32)},
		&net.IPNet{IP: net.IPv4(169, 254, 1, 1), Mask: net.CIDRMask(16, 32)},
	}
	for address, want := range map[string]string{
		"10.9.0.10": "", "127.0.0.1": "clients cannot reach it", "169.254.1.1": "clients cannot reach it", "0.0.0.0": "clients cannot reach it",
		"10.9.0.11": "is no address of this host", "fd00::1": "clients cannot reach it",
	} {
		err := servable(netip.MustParseAddr(address), own)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", address, err, want)
		}
	}
}
