package keys

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// Where the two records lie. There is one set of host keys in a tree, so there is one manifest, and it says whose they are;
// an image of a running instance carries its manifest along, and another id does not believe it.
const (
	stateDir     = "/var/lib/leaven"
	stagedFile   = stateDir + "/host-keys.staged" // private keys on their way to Dir
	manifestFile = stateDir + "/host-keys.json"   // the keys in Dir were made for this instance
)

const (
	stagedSchema   = "leaven/host-keys-staged/1"
	manifestSchema = "leaven/host-keys/1"
)

// staged is the set between its generation and its publication.
type staged struct {
	Schema   string `json:"schema"`
	Instance string `json:"instance"`
	Keys     []pair `json:"keys"`
}

// A Manifest says which keys were made for which instance.
type Manifest struct {
	Schema   string    `json:"schema"`
	Instance string    `json:"instance"`
	Made     time.Time `json:"made"`
	Keys     []HostKey `json:"keys"` // none where there was no SSH server
}

// ErrCorrupt says that a record is there and does not make sense. Records are replaced in one step, so no power cut does this:
// it takes a damaged disk or an editor. It is never taken for "no keys were made yet".
var ErrCorrupt = errors.New("is damaged")

// load reads a record. A missing one is fs.ErrNotExist.
func load(root *rootfs.Root, file string, into any) error {
	data, err := root.ReadFile(file)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("%s %w: %v", file, ErrCorrupt, err)
	}
	return nil
}

// loadManifest returns nil where there is none.
func loadManifest(root *rootfs.Root) (*Manifest, error) {
	var m Manifest
	switch err := load(root, manifestFile, &m); {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case m.Schema != manifestSchema || m.Instance == "":
		return nil, fmt.Errorf("%s %w: its schema is %q, not %q", manifestFile, ErrCorrupt, m.Schema, manifestSchema)
	}
	return &m, nil
}

// loadStaged returns nil where there is none.
func loadStaged(root *rootfs.Root, file string) (*staged, error) {
	var s staged
	switch err := load(root, file, &s); {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case s.Schema != stagedSchema || s.Instance == "":
		return nil, fmt.Errorf("%s %w: its schema is %q, not %q", file, ErrCorrupt, s.Schema, stagedSchema)
	}
	return &s, nil
}

func save(root *rootfs.Root, file string, record any, mode fs.FileMode) error {
	data, err := json.MarshalIndent(record, "", "  ")
	if err != nil {
		return err
	}
	return root.WriteFile(file, append(data, '\n'), mode)
}
