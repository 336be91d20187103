package keys

import (
	"fmt"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// Rebind makes the keys that were made for an instance under a provisional id those of the instance under its real one, which on
// EC2's Xen types only the metadata service knows. Keys of neither are an error; a second call does nothing.
func Rebind(root *rootfs.Root, from, to string) error {
	m, err := loadManifest(root)
	if err != nil {
		return err
	}
	if m == nil || m.Instance != from && m.Instance != to {
		return fmt.Errorf("cannot give the host keys to instance %s: they are not those of %s", to, from)
	}
	if m.Instance == to {
		return nil
	}
	// An RSA key that was interrupted goes along, and first, so that it is never made twice.
	st, err := loadStaged(root, rsaStaged)
	if err != nil {
		return err
	}
	if st != nil && st.Instance == from {
		st.Instance = to
		if err := save(root, rsaStaged, st, 0o600); err != nil {
			return err
		}
	}
	m.Instance = to
	return save(root, manifestFile, m, 0o644)
}
