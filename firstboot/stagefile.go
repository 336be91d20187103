package firstboot

import (
	"encoding/json"
	"errors"
	"io/fs"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// runDir holds how each stage goes in this boot, on a file system that ends with it. The state file tells the same and more,
// but it lies on a disk that may be full or read-only, or may be damaged itself, and then somebody has to say so.
const runDir = "/run/leaven"

// passFile is there while the identity stage of this boot stands. The drop-ins of SSH servers assert it, because Requires= is not
// enough: where the unit is masked or missing, systemd (252, 257) starts at boot what requires it. (BindsTo= would be enough, but
// it also stops a running server at the next daemon-reload: the end of a build that installs Leaven over SSH.)
const passFile = runDir + "/identified"

func stageFile(stage Stage) string { return runDir + "/" + string(stage) + ".json" }

func saveStage(root *rootfs.Root, rec StageRecord) error {
	data, err := json.MarshalIndent(rec, "", "  ")
	if err != nil {
		return err
	}
	return root.WriteFile(stageFile(rec.Stage), append(data, '\n'), 0o644)
}

// loadStage returns how a stage goes in the boot of this name, and false where it was not begun.
func loadStage(root *rootfs.Root, stage Stage, boot string) (StageRecord, bool, error) {
	var rec StageRecord
	data, err := root.ReadFile(stageFile(stage))
	if errors.Is(err, fs.ErrNotExist) {
		return rec, false, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &rec)
	}
	return rec, err == nil && rec.Boot == boot, err
}

// revoke takes the pass back, before a stage that may end otherwise.
func revoke(root *rootfs.Root) error { return root.Remove(passFile) }

// pass lets SSH servers start.
func pass(root *rootfs.Root, instance string) error {
	return root.WriteFile(passFile, []byte(instance+"\n"), 0o644)
}
