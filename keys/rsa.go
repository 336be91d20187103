package keys

import (
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"slices"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// RSAFile is the name of the RSA key in [Dir].
const RSAFile = "ssh_host_rsa_key"

// The RSA key waits for its publication in a folder of its own: it is made late, when others write to stateDir, and what an
// interrupted write left can be told there from what somebody is writing now.
const (
	rsaDir    = stateDir + "/host-keys.d"
	rsaStaged = rsaDir + "/rsa.staged"
)

// InspectRSA tells how far the instance is with an RSA key, and changes nothing. It is Made also where one is there that others
// made, or where there is no SSH server; Lost means that it was made and then deleted or damaged, and [MakeRSA] leaves it so. It
// is Absent as long as the other keys are not made.
func InspectRSA(root *rootfs.Root, instance string) (Progress, error) {
	s, err := Inspect(root, instance)
	if err != nil || s.Progress != Made {
		return Absent, err
	}
	st, err := loadStaged(root, rsaStaged)
	switch {
	case err != nil:
		return Absent, err
	case st != nil && st.Instance == instance:
		return Staged, nil
	case !s.Server || slices.Contains(s.Usable, RSAFile):
		return Made, nil
	case slices.Contains(s.Missing, RSAFile):
		return Lost, nil
	}
	return Absent, nil
}

// MakeRSA adds an RSA key of this many bits (2048, 3072 or 4096; 0 for 3072) to the keys that [Make] made, once, or finishes
// what was interrupted. It takes 0.2 s to some seconds of CPU, so it is for the time after sshd is up; sshd loads the key when it
// is reloaded, if [Served] has it. Two runs at the same time are the caller's to prevent.
func MakeRSA(root *rootfs.Root, instance, comment string, bits int) error {
	if bits == 0 {
		bits = 3072
	}
	if !slices.Contains([]int{2048, 3072, 4096}, bits) {
		return fmt.Errorf("cannot make an RSA host key of %d bits: it can have 2048, 3072 or 4096", bits)
	}
	progress, err := InspectRSA(root, instance)
	if err != nil || progress == Made || progress == Lost {
		return err
	}
	if progress == Absent {
		if s, err := Inspect(root, instance); err != nil {
			return err
		} else if s.Progress != Made {
			return errors.New("cannot make an RSA host key: the other host keys of this instance are not made yet")
		}
		if err := stageRSA(root, instance, comment, bits); err != nil {
			return err
		}
	}
	set, err := loadStaged(root, rsaStaged)
	if err != nil {
		return err
	}
	return publishRSA(root, set)
}

func stageRSA(root *rootfs.Root, instance, comment string, bits int) error {
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		return fmt.Errorf("cannot generate an RSA key: %w", err)
	}
	p, err := encode(RSAFile, key, comment)
	if err != nil {
		return fmt.Errorf("cannot encode %s: %w", RSAFile, err)
	}
	if err := cleanRSA(root); err != nil {
		return err
	}
	d, err := root.MkdirAll(rsaDir, 0o700)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := syncParent(root, rsaDir); err != nil {
		return err
	}
	return save(root, rsaStaged, staged{Schema: stagedSchema, Instance: instance, Keys: []pair{p}}, 0o600)
}

// publishRSA adds the staged key to Dir and to the manifest. Each part can be done again.
func publishRSA(root *rootfs.Root, set *staged) error {
	if err := tidy(root, Dir); err != nil {
		return err
	}
	m, err := loadManifest(root)
	if err != nil {
		return err
	}
	for _, p := range set.Keys {
		if err := p.write(root); err != nil {
			return err
		}
		key, err := parsePublic(p.File, []byte(p.Public))
		if err != nil {
			return err
		}
		m.Keys = append(slices.DeleteFunc(m.Keys, func(k HostKey) bool { return k.File == key.File }), key)
	}
	if err := save(root, manifestFile, m, 0o644); err != nil {
		return err
	}
	return cleanRSA(root)
}

// cleanRSA deletes a staged RSA key, and what interrupted writes left of one.
func cleanRSA(root *rootfs.Root) error {
	d, err := root.OpenDir(rsaDir)
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
	var names []string
	for _, e := range list {
		names = append(names, e.Name())
	}
	return removeAll(root, rsaDir, names)
}
