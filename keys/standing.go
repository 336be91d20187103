package keys

import (
	"errors"
	"io/fs"
	"slices"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// Progress tells how far an instance has come with its host keys.
type Progress string

// How far it may be.
const (
	Absent Progress = "absent" // nothing was made for this instance; what is there comes from the image
	Staged Progress = "staged" // the set is fixed and not wholly published
	Made   Progress = "made"   // published
	Lost   Progress = "lost"   // published, but there is no key left that sshd can load
)

// Standing is what [Make] would find.
type Standing struct {
	Progress Progress
	Foreign  []string // host key files in Dir that Make would delete or replace: from the image, or of another instance
	Usable   []string // private keys that sshd can load, once they are made
	Missing  []string // keys of the manifest that cannot be used any more, while others can
	Server   bool     // an SSH server is installed, so that keys are wanted
}

// Inspect looks and changes nothing. The instance is the id that the keys are for.
func Inspect(root *rootfs.Root, instance string) (Standing, error) {
	var s Standing
	names, err := entries(root)
	if err != nil {
		return s, err
	}
	if s.Server, err = hasServer(root); err != nil {
		return s, err
	}
	st, err := loadStaged(root, stagedFile)
	if err != nil {
		return s, err
	}
	if st != nil && st.Instance == instance {
		s.Progress, s.Foreign = Staged, foreign(names, st.Keys)
		return s, nil
	}
	m, err := loadManifest(root)
	if err != nil {
		return s, err
	}
	// A set that is staged for another instance may be in Dir in part, whatever the manifest says.
	if m == nil || m.Instance != instance || st != nil {
		s.Progress, s.Foreign = Absent, names
		return s, nil
	}
	for _, name := range names {
		if !isPrivateName(name) {
			continue
		}
		ok, err := usable(root, name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // a link that leads nowhere is no key
			return s, err
		}
		if ok {
			s.Usable = append(s.Usable, name)
		}
	}
	s.Progress = Made
	if len(s.Usable) == 0 && s.Server {
		s.Progress, s.Foreign = Lost, names
		return s, nil
	}
	for _, k := range m.Keys {
		if !slices.Contains(s.Usable, k.File) {
			s.Missing = append(s.Missing, k.File)
		}
	}
	return s, nil
}

// entries lists what is a host key by its name, and what an interrupted write left behind.
func entries(root *rootfs.Root) ([]string, error) {
	d, err := root.OpenDir(Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer d.Close()
	list, err := d.ReadDir()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range list {
		if !e.IsDir() && (IsHostKey(e.Name()) || isTemporary(e.Name())) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// foreign are the names that are none of the set's.
func foreign(names []string, set []pair) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		return slices.ContainsFunc(set, func(p pair) bool { return name == p.File || name == p.File+".pub" })
	})
}

// hasServer tells whether OpenSSH's server is installed.
func hasServer(root *rootfs.Root) (bool, error) {
	for _, name := range []string{"/usr/sbin/sshd", "/usr/bin/sshd", "/etc/ssh/sshd_config", "/usr/etc/ssh/sshd_config"} {
		if there, err := root.Exists(name); there || err != nil {
			return there, err
		}
	}
	return false, nil
}
