package cfengine

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/leaven-dev/leaven/firstboot"
	"github.com/leaven-dev/leaven/internal/rootfs"
)

// record is what first boot made of this instance. It tells state of this instance from state that was baked into its image.
type record struct {
	Schema string `json:"schema"`
	Role   string `json:"role"`
	Digest digest `json:"digest,omitempty"` // of its own key, once that is known; hubs share theirs
	// Bootstrapped says that cf-agent's last bootstrap went through: one that was cut off leaves files that are there, and empty.
	Bootstrapped bool `json:"bootstrapped,omitempty"`
}

const recordSchema = "leaven/cfengine/1"

func recordFile(id string) string { return path.Join("/var/lib/leaven", id, "cfengine.json") }

// loadRecord reads the record; fs.ErrNotExist where this instance has none yet.
func loadRecord(root *rootfs.Root, id string) (record, error) {
	var r record
	data, err := root.ReadFile(recordFile(id))
	if errors.Is(err, fs.ErrNotExist) {
		return r, err
	}
	if err == nil {
		if err = json.Unmarshal(data, &r); err == nil && r.Schema != recordSchema {
			err = fmt.Errorf("its schema is %q, not %q", r.Schema, recordSchema)
		}
	}
	if err != nil {
		return r, firstboot.WithCure(fmt.Errorf("cannot read what was done with CFEngine, %s: %w", recordFile(id), err),
			"if CFEngine's state is this instance's own and not its image's, write {\"schema\":\""+recordSchema+"\"} into that file")
	}
	return r, nil
}

func (r record) save(root *rootfs.Root, id string) error {
	r.Schema = recordSchema
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return root.WriteFile(recordFile(id), append(data, '\n'), 0o644)
}
