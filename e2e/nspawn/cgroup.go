package nspawn

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/leaven-dev/leaven/e2e/guard"
)

// cgroup is a control group of the container's own. Without one, two containers
// of the same session would share the groups that nspawn makes with --keep-unit,
// and with cgroup.kill (cgroups(7), Linux 5.14) nothing of the container survives.
type cgroup struct {
	path string
	dir  *os.File // for clone3's CLONE_INTO_CGROUP
	undo *guard.Guard
}

// kill kills what is in a group, and removes it and those below it. The kernel
// frees a group a moment after its last process is gone. Then it removes what
// nspawn leaves in /run when it is killed itself (systemd 255 and later mount there).
const kill = `
remove() {
	find "$1" -depth -type d -exec rmdir {} +
}
if [ -d "$1" ]; then
	echo 1 >"$1/cgroup.kill"
	for try in $(seq 100); do
		remove "$1" 2>/dev/null && break
		sleep 0.05
	done
	[ ! -d "$1" ] || remove "$1" || exit
fi
for left in unix-export propagate; do
	left=/run/systemd/nspawn/$left/$(basename "$1")
	! mountpoint -q "$left" || umount -l "$left" || exit
	[ ! -d "$left" ] || rmdir "$left" || exit
done`

func newCgroup(pattern string) (*cgroup, error) {
	own, err := ownCgroup()
	if err != nil {
		return nil, fmt.Errorf("cannot make a control group: %w", err)
	}
	path, err := os.MkdirTemp(own, pattern)
	if err != nil {
		return nil, fmt.Errorf("cannot make a control group: %w", err)
	}
	undo, err := guard.Start(kill, path)
	if err != nil {
		return nil, errors.Join(err, os.Remove(path))
	}
	dir, err := os.Open(path)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("cannot use a control group: %w", err), undo.Close())
	}
	return &cgroup{path: path, dir: dir, undo: undo}, nil
}

// ownCgroup returns the folder of this process's group in the version 2
// hierarchy, which is the second one where systemd runs in hybrid mode.
func ownCgroup() (string, error) {
	groups, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(groups)) {
		name, ok := strings.CutPrefix(strings.TrimSpace(line), "0::")
		if !ok {
			continue
		}
		for _, mount := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified"} {
			if _, err := os.Stat(filepath.Join(mount, "cgroup.controllers")); err == nil {
				return filepath.Join(mount, name), nil
			}
		}
	}
	return "", errors.New("no control groups of version 2 are mounted on /sys/fs/cgroup")
}

// machine is a name for the container that no other has at the same time.
func (c *cgroup) machine() string { return filepath.Base(c.path) }

// remove kills what is in the group and removes it.
func (c *cgroup) remove() error {
	c.dir.Close()
	return c.undo.Close()
}
