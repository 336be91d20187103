package keys

import (
	"time"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// Make brings the tree to the point where its host keys are those of this instance, or finishes what was interrupted. Where
// they are already, it changes nothing. Two runs at the same time are the caller's to prevent.
func Make(root *rootfs.Root, instance, comment string) error {
	standing, err := Inspect(root, instance)
	if err != nil || standing.Progress == Made {
		return err
	}
	if standing.Progress != Staged {
		if err := stage(root, instance, comment, standing.Server); err != nil {
			return err
		}
	}
	set, err := loadStaged(root, stagedFile)
	if err != nil {
		return err
	}
	return publish(root, set)
}

// stage fixes the set. Without a server it is empty: then nothing but the manifest is written, so that keys which a package
// makes when a server is installed later are not taken for the image's at the next boot.
func stage(root *rootfs.Root, instance, comment string, server bool) error {
	set := staged{Schema: stagedSchema, Instance: instance}
	if server {
		var err error
		if set.Keys, err = generate(comment); err != nil {
			return err
		}
	}
	d, err := root.MkdirAll(stateDir, 0o755)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := syncParent(root, stateDir); err != nil {
		return err
	}
	return save(root, stagedFile, set, 0o600)
}

// syncParent makes a folder itself survive a power cut, where it is new.
func syncParent(root *rootfs.Root, dir string) error {
	d, err := root.OpenDir(dir + "/..")
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// publish makes Dir hold the keys of the set and no others, and puts the manifest in place of the set. Each part can be done
// again.
func publish(root *rootfs.Root, set *staged) error {
	if err := clean(root, set.Keys); err != nil {
		return err
	}
	m := Manifest{Schema: manifestSchema, Instance: set.Instance, Made: time.Now().UTC().Truncate(time.Second), Keys: []HostKey{}}
	for _, p := range set.Keys {
		if err := p.write(root); err != nil {
			return err
		}
		key, err := parsePublic(p.File, []byte(p.Public))
		if err != nil {
			return err
		}
		m.Keys = append(m.Keys, key)
	}
	if err := save(root, manifestFile, m, 0o644); err != nil {
		return err
	}
	return root.Remove(stagedFile)
}

// clean deletes the host keys that are none of the set's, what belongs to them, and what interrupted writes left: that may be a
// private key too.
func clean(root *rootfs.Root, set []pair) error {
	names, err := entries(root)
	if err != nil {
		return err
	}
	if err := removeAll(root, Dir, foreign(names, set)); err != nil {
		return err
	}
	if err := cleanRSA(root); err != nil {
		return err
	}
	if err := dropCertificates(root); err != nil {
		return err
	}
	return tidy(root, stateDir)
}

// tidy deletes what interrupted writes left in a folder.
func tidy(root *rootfs.Root, dir string) error {
	d, err := root.OpenDir(dir)
	if absent(err) {
		return nil
	}
	if err != nil {
		return err
	}
	defer d.Close()
	list, err := d.ReadDir()
	if err != nil {
		return err
	}
	var left []string
	for _, e := range list {
		if isTemporary(e.Name()) {
			left = append(left, e.Name())
		}
	}
	return removeAll(root, dir, left)
}

// removeAll unlinks names in a folder, and syncs once.
func removeAll(root *rootfs.Root, dir string, names []string) error {
	if len(names) == 0 {
		return nil
	}
	d, err := root.OpenDir(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	for _, name := range names {
		if err := d.Remove(name); err != nil {
			return err
		}
	}
	return d.Sync()
}

// write puts both halves in place. A link of that name is replaced, not followed.
func (p pair) write(root *rootfs.Root) error {
	d, err := root.MkdirAll(Dir, 0o755)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.WriteFile(p.File, []byte(p.Private), 0o600); err != nil {
		return err
	}
	return d.WriteFile(p.File+".pub", []byte(p.Public), 0o644)
}
