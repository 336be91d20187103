package firstboot

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"github.com/leaven-dev/leaven/firstboot/config"
	"github.com/leaven-dev/leaven/internal/rootfs"
)

// launch is what came from outside when this instance was launched. It is kept, so that a boot years later, with a metadata
// service that is silent, changes nothing.
type launch struct {
	Schema   string            `json:"schema"`
	Values   map[string]string `json:"values"`    // by the names of config.Variables, and tag.NAME
	UserData *userData         `json:"user_data"` // nil where none of it is ours
}

type userData struct {
	Given bool   `json:"given"` // on the command line; else it is from the metadata service
	Where string `json:"where"` // for people
	Text  string `json:"text"`
}

const launchSchema = "leaven/launch/1"

func launchFile(id string) string { return instanceDir(id) + "/launch.json" }

// loadLaunch reads the record; an empty one where there is none.
func loadLaunch(root *rootfs.Root, id string) (launch, error) {
	l := launch{Schema: launchSchema, Values: map[string]string{}}
	data, err := root.ReadFile(launchFile(id))
	if errors.Is(err, fs.ErrNotExist) {
		return l, nil
	}
	if err == nil {
		if err = json.Unmarshal(data, &l); err == nil && l.Schema != launchSchema {
			err = fmt.Errorf("its schema is %q, not %q", l.Schema, launchSchema)
		}
	}
	if err != nil {
		return l, WithCure(fmt.Errorf("cannot read what was recorded at launch, %s: %w", launchFile(id), err),
			"remove that file; it is made anew from what the metadata service says")
	}
	if l.Values == nil {
		l.Values = map[string]string{}
	}
	return l, nil
}

// save writes the record. User data may hold secrets: only root may read it.
func (l launch) save(root *rootfs.Root, id string) error {
	data, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		return err
	}
	return root.WriteFile(launchFile(id), append(data, '\n'), 0o600)
}

// layer is the user data's layer of the configuration, or none.
func (l launch) layers() []config.Layer {
	if l.UserData == nil {
		return nil
	}
	return []config.Layer{{Name: l.UserData.Where, Text: []byte(l.UserData.Text)}}
}

// UserData is the layer of the instance that a tree is, or was last; none before its first boot, or where its user data has nothing for
// Leaven. Only root may read it.
func UserData(root *rootfs.Root) ([]config.Layer, error) {
	id, err := current(root)
	if id == "" || err != nil {
		return nil, err
	}
	l, err := loadLaunch(root, id)
	return l.layers(), err
}
