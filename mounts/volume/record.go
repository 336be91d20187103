package volume

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"
)

// recordDir is where it is written down that mkfs is at work on a device, before it starts, until it has come to its end. Should it
// be cut off, the next run can say what is on the device. The record gives no right to format again: nobody can know what
// happened to the device since.
const recordDir = "/var/lib/leaven/volumes"

// record is one making of a file system.
type record struct {
	Device string    `json:"device"`
	Serial string    `json:"serial,omitempty"`
	Size   uint64    `json:"size"`
	Type   string    `json:"type"`
	UUID   string    `json:"uuid"` // that the new file system gets
	Began  time.Time `json:"began"`
}

// recordFolder is the folder of a device's record: by its serial number, since names change. It is a folder, so that what a write that
// was cut off left there goes with it.
func recordFolder(d device) string {
	name := d.name
	if d.serial != "" {
		name = strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
				return r
			}
			return '_'
		}, d.serial)
		if d.disk != "" {
			name += "." + d.name
		}
	}
	return recordDir + "/" + name
}

func recordFile(d device) string { return recordFolder(d) + "/making.json" }

// began returns the record of a device on which mkfs was at work and has not been seen to end, or nil.
func (h *Host) began(d device) (*record, error) {
	data, err := h.Root.ReadFile(recordFile(d))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var r record
	if err == nil {
		err = json.Unmarshal(data, &r)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read what was begun on %s: %w", d.path(), err)
	}
	if r.Size != d.size || r.Serial != d.serial {
		return nil, nil // of another device of that name
	}
	return &r, nil
}

func (h *Host) begin(d device, kind, uuid string) error {
	data, err := json.Marshal(record{d.path(), d.serial, d.size, kind, uuid, time.Now().UTC()})
	if err != nil {
		return err
	}
	return h.Root.WriteFile(recordFile(d), append(data, '\n'), 0o600)
}

// finish removes the record.
func (h *Host) finish(d device) error {
	if err := h.Root.Remove(recordFile(d)); err != nil { // first, since it is what counts
		return err
	}
	dir, err := h.Root.OpenDir(recordFolder(d))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer dir.Close()
	rest, err := dir.ReadDir()
	for _, e := range rest {
		err = errors.Join(err, dir.Remove(e.Name()))
	}
	return errors.Join(err, h.Root.Remove(recordFolder(d)))
}
