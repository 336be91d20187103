// Package machine knows what the machine that runs the end-to-end tests must
// have, and which Debian (or Ubuntu) package brings it.
//
// The one list is here: `make` installs what Missing names (through e2e/setup),
// and a test that lacks something fails with the same names.
package machine

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// A requirement is a command on PATH, or a file when it starts with a slash.
type requirement struct {
	needs string
	pkg   string // the same name in Debian 12, Debian 13 and Ubuntu 24.04
}

func requirements() []requirement {
	return []requirement{
		{"mmdebstrap", "mmdebstrap"},
		{"gpg", "gpg"}, // mmdebstrap picks the keyring with it
		{"/usr/share/keyrings/debian-archive-keyring.gpg", "debian-archive-keyring"},
		{"systemd-nspawn", "systemd-container"},
		{"qemu-system-x86_64", "qemu-system-x86"},
		{"qemu-img", "qemu-utils"},
		{"linux.uml", "user-mode-linux"},
		{"mke2fs", "e2fsprogs"},
		{"ip", "iproute2"},
		{"nsenter", "util-linux"},
		{"mount", "mount"},
		{"ganesha.nfsd", "nfs-ganesha"},
		{"/usr/lib/x86_64-linux-gnu/ganesha/libfsalvfs.so", "nfs-ganesha-vfs"},
		{"haproxy", "haproxy"}, // the balancer before policy hubs
		{"losetup", "mount"},
		{"blkid", "util-linux"},
		{"wipefs", "util-linux"},
		{"pgrep", "procps"},
		{"partx", "util-linux"},
		{"findmnt", "util-linux"},
		{"mkswap", "util-linux"},
		{"mkfs.ext4", "e2fsprogs"},
		{"mkfs.xfs", "xfsprogs"},
		{"mkfs.btrfs", "btrfs-progs"},
		{"mkfs.vfat", "dosfstools"},
		{"sgdisk", "gdisk"},
		{"sfdisk", "fdisk"},
		{"pvcreate", "lvm2"},
		{"cryptsetup", "cryptsetup-bin"},
		{"chattr", "e2fsprogs"},
		{"setpriv", "util-linux"},
		{"unshare", "util-linux"},
		{"ssh-keygen", "openssh-client"},
		{"/usr/sbin/sshd", "openssh-server"}, // host certificates are tried on a real one
		{"openssl", "openssl"},
		// What packs the things in which the audit has to find secrets.
		{"bzip2", "bzip2"},
		{"lz4", "lz4"},
		{"xz", "xz-utils"},
		{"zstd", "zstd"},
		{"sqlite3", "sqlite3"},
		{"rpmbuild", "rpm"},
		{"git", "git"},
		{"gzip", "gzip"},
	}
}

// Missing returns the packages that bring what is not here, sorted, each once.
func Missing() []string {
	var missing []string
	for _, r := range requirements() {
		if !here(r.needs) && !slices.Contains(missing, r.pkg) {
			missing = append(missing, r.pkg)
		}
	}
	slices.Sort(missing)
	return missing
}

// Need returns an error that names what to install unless all these commands
// are here. Each must be in the list above.
func Need(commands ...string) error {
	var missing []string
	for _, c := range commands {
		i := slices.IndexFunc(requirements(), func(r requirement) bool { return r.needs == c })
		if i < 0 {
			return fmt.Errorf("%s is not in the list of package e2e/machine: add it there with its Debian package", c)
		}
		if !here(c) {
			missing = append(missing, requirements()[i].pkg)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("this machine lacks something that the end-to-end tests need: run `make setup`, or `apt-get install %s`", strings.Join(missing, " "))
	}
	return nil
}

// NeedRoot returns an error unless we are root: containers, mounts and network
// namespaces need it.
func NeedRoot() error {
	if os.Geteuid() != 0 {
		return errors.New("this needs root: run it with `make test`, which uses sudo")
	}
	return nil
}

func here(needs string) bool {
	if strings.HasPrefix(needs, "/") {
		_, err := os.Stat(needs)
		return err == nil
	}
	_, err := exec.LookPath(needs)
	return err == nil
}
