package firstboot

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/leaven-dev/leaven/internal/seal"
)

// checkMachineID looks whether systemd made a machine-id. Making one is systemd's work, from the empty file that sealing leaves.
func (a *Agent) checkMachineID(who identification) (Verdict, error) {
	const cure = "see machine-id(5); the image must have an empty /etc/machine-id"
	bad := func(format string, args ...any) (Verdict, error) {
		return Verdict{}, WithCure(fmt.Errorf(format, args...), cure)
	}
	id, err := line(a.Root, "/etc/machine-id")
	switch {
	case err != nil:
		return Verdict{}, err
	case id == "":
		return bad("/etc/machine-id is missing or empty")
	case !hex128.MatchString(id):
		return bad("/etc/machine-id holds no id but %q", id)
	}
	if who.last != "" && who.last != who.ID {
		before, err := loadState(a.Root, who.last)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return Verdict{}, err
		}
		if err == nil && before.MachineID == who.machineID {
			return bad("the machine-id is still that of instance %s, from which this disk was copied", who.last)
		}
	}
	// Sealing empties the file, so an id that is older than the proof of sealing was not made by this instance.
	proof, err := seal.Read(a.Root)
	if errors.Is(err, seal.ErrNone) {
		return Verdict{OK: true, Text: "set; the image holds no proof that it was sealed, so nobody can tell whether others have it too"}, nil
	}
	if err != nil {
		return Verdict{}, err
	}
	fi, err := a.Root.Stat("/etc/machine-id")
	switch {
	case err != nil:
		return Verdict{}, err
	case time.Now().Before(proof.Time):
		return Verdict{OK: true, Text: "set; the clock is behind the time of sealing, so nobody can tell whether it is new"}, nil
	case fi.ModTime().Before(proof.Time):
		return bad("the machine-id came with the image: it is from %s, and the image was sealed at %s",
			fi.ModTime().UTC().Format(time.RFC3339), proof.Time.UTC().Format(time.RFC3339))
	}
	return Verdict{OK: true, Text: "made by this instance"}, nil
}
