package firstboot

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// identification is who this machine is and how sure that is.
type identification struct {
	Instance
	text  string // for people
	doubt error  // the id could not be established, and the recorded one stands; nil where all is well
	last  string // the id of the instance that this machine last was, or ""
	onEC2 bool

	machineID, uuid string // hashed; "" where there is none
}

// identify finds out who this machine is, without network and in well under a millisecond. The rule is "unknown is never new":
// a years-old host must not get new keys because a source of its id fails (cloud-init issue 6270).
//
//   - A machine that was an instance before, and whose id cannot be established now, stays that instance.
//   - A source that ranks lower than the one which named the instance may answer alone, such as the system UUID after the host
//     stopped passing a credential. If it says what it said then, it is the same machine. If it says something else, this is
//     another machine: the disk was cloned.
//   - On EC2's Xen types only the metadata service knows the id, and identity cannot wait for the network. A machine that was
//     no instance before comes from an image that has no keys which sshd could start with (sealing took them), so keys are made
//     under a provisional id; the stage with network is to bind it to the real one.
func identify(root *rootfs.Root, credentials string) (identification, error) {
	now, err := observe(root, credentials)
	found := identification{onEC2: now.onEC2, Instance: now.Instance, text: now.Instance.String(), machineID: hashed(now.machineID), uuid: hashed(now.uuid)}
	last, lastErr := current(root)
	if lastErr != nil {
		if err == nil && !now.Provisional {
			return found, nil // the id is certain; the link is set again
		}
		return found, fmt.Errorf("cannot tell which instance this is: %w", errors.Join(err, lastErr))
	}
	found.last = last
	switch {
	case err != nil && last == "":
		return found, fmt.Errorf("cannot tell which instance this is: %w", err)
	case err != nil:
		found.doubt = fmt.Errorf("cannot tell which instance this is, so it stays %s: %w", last, err)
		return found.stay(last, "kept as it was"), nil
	case last == "" || last == now.ID:
		return found, nil
	case now.Provisional:
		return found.stay(last, "kept as it was until the metadata service can be asked"), nil
	}
	if now.Source == FromDMI {
		return found, nil // nothing outranks it
	}
	state, err := loadState(root, last)
	if errors.Is(err, fs.ErrNotExist) {
		return found, nil
	}
	if err != nil {
		found.doubt = fmt.Errorf("cannot tell whether this is still instance %s or a new one, so it stays that one: %w", last, err)
		return found.stay(last, "kept as it was"), nil
	}
	if outranks(state.Instance.Source, now.Source) && found.sameMachine(state) {
		return found.stay(last, fmt.Sprintf("kept: it was known from %s, which is silent now, and the machine is the same", state.Instance.Source)), nil
	}
	return found, nil
}

func (f identification) stay(id, why string) identification {
	f.Instance = Instance{ID: id, Source: FromRecord}
	f.text = id + " (" + why + ")"
	return f
}

// sameMachine compares what the firmware shows, and where it shows nothing, the machine-id.
func (f identification) sameMachine(s *State) bool {
	if f.uuid != "" || s.UUID != "" {
		return f.uuid == s.UUID
	}
	return f.machineID != "" && f.machineID == s.MachineID
}

func outranks(a, b Source) bool {
	rank := []Source{FromDMI, FromMetadata, FromCredential, FromUUID, FromMachineID}
	return slices.Index(rank, a) < slices.Index(rank, b)
}

// hashed hides an identifier of which comparing is enough: state files are world-readable. "" stays "".
func hashed(id string) string {
	if id == "" {
		return ""
	}
	sum := sha256.Sum256([]byte("leaven " + id))
	return hex.EncodeToString(sum[:])
}

// Identify tells which instance a machine is. It is for commands that need the id alone; a machine in doubt is an error.
func Identify(root *rootfs.Root, credentials string) (Instance, error) {
	who, err := identify(root, credentials)
	return who.Instance, errors.Join(err, who.doubt)
}
