package debroot

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
)

// Recipe says what a root is made of. It decides the name in the cache, so a
// changed recipe is a new root.
type Recipe struct {
	Suite    string   // bookworm or trixie
	Packages []string // from Debian's main
	Script   string   // for sh -eu, run inside the root when all is installed
	Kernel   bool     // it has a kernel and an initrd in /boot, so QEMU can boot it
	LivedIn  bool     `json:",omitempty"` // keep what mmdebstrap clears away: machine ID, logs of the installation
}

// Container is a small root for package nspawn: what a Debian AMI has around
// first boot (sshd with the host keys that its package made, sudo, CFEngine and
// the user "admin"), and no kernel.
func Container(suite string) Recipe {
	r := Recipe{
		Suite:    suite,
		Packages: []string{"systemd-sysv", "udev", "dbus", "openssh-server", "sudo", "cfengine3", "iproute2", "ca-certificates", "libnss-myhostname"},
		Script:   identity + admin,
	}
	// Debian 12's images bring the network up with ifupdown and dhclient, later
	// ones with systemd-networkd: they leave their leases in different places.
	if suite == "bookworm" {
		r.Packages = append(r.Packages, "ifupdown", "isc-dhcp-client")
		r.Script += ifupdown
	} else {
		r.Packages = append(r.Packages, "systemd-resolved")
		r.Script += networkd
	}
	return r
}

// VM is Container with Debian's cloud kernel, for package qemu.
func VM(suite string) Recipe {
	r := Container(suite).With("linux-image-cloud-amd64", "initramfs-tools", "zstd")
	r.Script += initrd
	r.Kernel = true
	return r
}

// With returns the recipe with further packages.
func (r Recipe) With(packages ...string) Recipe {
	r.Packages = append(slices.Clone(r.Packages), packages...)
	return r
}

// Then returns the recipe with more shell script at its end.
func (r Recipe) Then(script string) Recipe {
	r.Script += script
	return r
}

// name is that of the root in the cache. Raise the version when Build itself
// changes what it makes.
func (r Recipe) name() string {
	const version = 1
	text, err := json.Marshal(r)
	if err != nil {
		panic(err) // strings and a bool: cannot fail
	}
	sum := sha256.Sum256(fmt.Appendf(text, "%d", version))
	return "root-" + r.Suite + "-" + hex.EncodeToString(sum[:6])
}

const (
	// mmdebstrap copies the build machine's host name and resolver.
	identity = `
echo golden >/etc/hostname
printf '127.0.0.1 localhost\n::1 localhost\n' >/etc/hosts
: >/etc/resolv.conf
: >/etc/machine-id
`
	admin = `
useradd --create-home --shell /bin/bash --groups sudo admin
echo 'admin ALL=(ALL) NOPASSWD:ALL' >/etc/sudoers.d/90-admin
chmod 0440 /etc/sudoers.d/90-admin
`
	ifupdown = `
printf 'allow-hotplug eth0\niface eth0 inet dhcp\n' >/etc/network/interfaces.d/eth0
`
	networkd = `
printf '[Match]\nName=eth0\nKind=!veth\n[Network]\nDHCP=yes\n' >/etc/systemd/network/20-eth0.network
systemctl enable systemd-networkd
systemctl disable systemd-networkd-wait-online
`
	// An initrd with only what QEMU's q35 needs loads in seconds under emulation.
	initrd = `
printf 'MODULES=list\nCOMPRESS=zstd\nRESUME=none\n' >/etc/initramfs-tools/conf.d/leaven
printf 'virtio_pci\nvirtio_blk\next4\n' >>/etc/initramfs-tools/modules
update-initramfs -u
`
)
