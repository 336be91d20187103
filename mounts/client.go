package mounts

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const (
	// clientFile tells the kernel's NFS client what to call itself, whenever the module is loaded (modprobe.d(5)).
	clientFile = "/etc/modprobe.d/leaven-nfs.conf"
	// clientParameter is the same, where it is loaded already; it counts for servers that are not connected to yet.
	clientParameter = "/sys/module/nfs/parameters/nfs4_unique_id"
)

// client gives the instance a name of its own towards NFS servers, and says what differed; write makes it so. A server takes two
// clients of one name for one that has just rebooted, and drops what the other one holds: locks, and half of what it does. By
// default the name is the host's, and instances of a sealed image are all called localhost until something names them
// (Documentation/filesystems/nfs/client-identifier.rst). In a container the kernel is not ours; there the host name must do.
func (t *Table) client(write bool) (changes []string, err error) {
	if t.Client == "" || len(t.Mounts) == 0 {
		return nil, nil
	}
	if container, err := t.Root.Exists("/run/systemd/container"); container || err != nil {
		return nil, err
	}
	line := "# Written by Leaven: a server takes clients of one name for one that reboots.\noptions nfs nfs4_unique_id=" + t.Client + "\n"
	is, err := t.Root.ReadFile(clientFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if string(is) != line {
		changes = append(changes, fmt.Sprintf("call this NFS client %s, in %s", t.Client, clientFile))
		if write {
			if err := t.Root.WriteFile(clientFile, []byte(line), 0o644); err != nil {
				return changes, err
			}
		}
	}
	is, err = t.Root.ReadFile(clientParameter)
	if errors.Is(err, fs.ErrNotExist) || err == nil && strings.TrimSpace(string(is)) == t.Client {
		return changes, nil // it is not loaded; or it is so
	}
	if err != nil {
		return changes, err
	}
	changes = append(changes, "call this NFS client "+t.Client)
	if write {
		if err := os.WriteFile(filepath.Join(t.Root.Dir(), clientParameter), []byte(t.Client), 0o600); err != nil {
			return changes, fmt.Errorf("cannot name this NFS client: %w", err)
		}
	}
	return changes, nil
}
