package nspawn

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// cgroup is a control group of the container's own. Without one, two containers
// of the same session would share the groups that nspawn makes with --keep-unit,
// and with cgroup.kill (cgroups(7), Linux 5.14) nothing of the container survives.
type cgroup struct {
	path string
	dir  *os.File // for clone3's CLONE_INTO_CGROUP
}

func newCgroup(pattern string) (*cgroup, error) {
	own, err := ownCgroup()
	if err != nil {
		return nil, fmt.Errorf("cannot make a control group: %w", err)
	}
	path, err := os.MkdirTemp(own, pattern)
	if err != nil {
		return nil, fmt.Errorf("cannot make a control group: %w", err)
	}
	dir, err := os.Open(path)
	if err != nil {
		return nil, errors.Join(err, os.Remove(path))
	}
	return &cgroup{path: path, dir: dir}, nil
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

// remove kills what is in the group and removes it.
func (c *cgroup) remove() error {
	c.dir.Close()
	if _, err := os.Stat(c.path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := os.WriteFile(filepath.Join(c.path, "cgroup.kill"), []byte("1"), 0); err != nil {
		return fmt.Errorf("cannot kill what runs in %s: %w", c.path, err)
	}
	// The kernel frees a group a moment after its last process is gone.
	var err error
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if err = removeGroups(c.path); err == nil {
			return nil
		}
	}
	return fmt.Errorf("cannot remove the control group: %w", err)
}

// removeGroups removes a group and those below it, deepest first. Only folders:
// the files in them are the kernel's.
func removeGroups(path string) error {
	entries, err := os.ReadDir(path)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.IsDir() {
			if err := removeGroups(filepath.Join(path, e.Name())); err != nil {
				return err
			}
		}
	}
	return os.Remove(path)
}
