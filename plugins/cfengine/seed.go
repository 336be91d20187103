package cfengine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"

	"github.com/leaven-dev/leaven/firstboot"
	"github.com/leaven-dev/leaven/internal/flock"
	"github.com/leaven-dev/leaven/internal/retry"
	"github.com/leaven-dev/leaven/internal/rootfs"
	"github.com/leaven-dev/leaven/keys/publish"
)

const (
	entry     = "promises.cf" // with it the policy is there
	update    = "update.cf"
	augments  = "def.json"
	validated = "cf_promises_validated"
	// seedLock is held by who fills masterfiles; afterwards it says who did. CFEngine copies no such name to anybody.
	seedLock = ".leaven-seed"
)

// seedStep fills an empty masterfiles with the policy of the package. A policy that is there is its owner's and stays as it is.
func (h *host) seedStep() firstboot.Step {
	return h.step("masterfiles", "the hubs' policy", thorough,
		func(context.Context) (firstboot.Verdict, error) {
			there, err := h.Root.Exists(path.Join(h.layout.masterfiles(), entry))
			if err != nil || !there {
				return firstboot.Verdict{Text: "would take the policy of " + h.layout.packaged}, err
			}
			return firstboot.Verdict{OK: true, Text: "in " + h.layout.masterfiles()}, nil
		}, h.fill)
}

// fill seeds masterfiles, and begins again where the server was started anew in the middle and forgot open files and the lock, so that
// another hub may have begun as well.
func (h *host) fill(ctx context.Context) error {
	return retry.Do(ctx, func(ctx context.Context) error {
		err := h.seed(ctx)
		if !publish.Lost(err) && !errors.Is(err, fs.ErrExist) {
			err = retry.Stop(err)
		}
		return err
	})
}

// seed fills masterfiles, promises.cf last, while no other hub does. flock(2) holds across NFS 4.1 clients.
func (h *host) seed(ctx context.Context) error {
	to, err := h.Root.OpenDir(h.layout.masterfiles())
	if err != nil {
		return err
	}
	defer to.Close()
	lock, made, err := openLock(to)
	if err != nil {
		return err
	}
	defer lock.Close() // lets go of it
	if err := flock.Wait(ctx, lock, 100*time.Millisecond); err != nil {
		return fmt.Errorf("cannot fill %s beside other hubs: %w", h.layout.masterfiles(), err)
	}
	if by, err := os.ReadFile(lockPath(lock)); err != nil {
		return err
	} else if len(by) > 0 {
		return h.awaitPolicy(ctx, string(by))
	}
	if made {
		if err := onlyLock(to); err != nil {
			return err
		}
	}
	from, err := h.Root.OpenDir(h.layout.packaged)
	if err != nil {
		return firstboot.WithCure(fmt.Errorf("cannot find a policy to begin with: %w", err), "put one into "+h.layout.masterfiles())
	}
	defer from.Close()
	if err := h.copyPolicy(from, to, ""); err != nil {
		return err
	}
	def, err := h.augments()
	if err != nil {
		return err
	}
	if err := to.WriteFile(augments, def, 0o644); err != nil {
		return err
	}
	if err := to.SyncAll(); err != nil {
		return err
	}
	data, err := from.ReadStart(entry, largest)
	if err == nil {
		err = to.WriteFile(entry, data, 0o600)
	}
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(lock, "filled by %s\n", h.Instance.ID); err != nil {
		return err
	}
	return lock.Sync()
}

// openLock opens the file that is locked, and tells whether it was there.
func openLock(dir *rootfs.Dir) (f *os.File, made bool, err error) {
	if f, err = dir.OpenFile(seedLock, os.O_RDWR|os.O_CREATE, 0o600); err == nil {
		return f, true, nil
	}
	if errors.Is(err, fs.ErrExist) {
		f, err = dir.OpenFile(seedLock, os.O_RDWR, 0)
	}
	return f, false, err
}

// lockPath reads the file by a new description, since a file on NFS is looked at anew when it is opened.
func lockPath(f *os.File) string { return fmt.Sprintf("/proc/self/fd/%d", f.Fd()) }

// awaitPolicy waits until what another hub wrote is seen here: NFS shows new names in a folder after a minute at the latest
// (acdirmax of nfs(5)).
func (h *host) awaitPolicy(ctx context.Context, by string) error {
	ctx, cancel := context.WithTimeout(ctx, 65*time.Second)
	defer cancel()
	return retry.Do(ctx, func(context.Context) error {
		there, err := h.Root.Exists(path.Join(h.layout.masterfiles(), entry))
		if err == nil && !there {
			err = firstboot.WithCure(fmt.Errorf("%s has no %s, and %s says: %s", h.layout.masterfiles(), entry, seedLock, strings.TrimSpace(by)),
				"restore the policy; to have that of the package put there again, empty "+h.layout.masterfiles()+" and remove "+seedLock)
		}
		return err
	})
}

// onlyLock refuses a folder with somebody's files and no promises.cf: a policy that is being copied there, or something else.
func onlyLock(dir *rootfs.Dir) error {
	entries, err := dir.ReadDir()
	if err != nil {
		return err
	}
	for _, e := range entries {
		switch name := e.Name(); {
		case name == seedLock, name == "lost+found", strings.HasPrefix(name, "cf_promises_"):
		default:
			return errors.Join(firstboot.WithCure(fmt.Errorf("%s has %s and no %s: that is no empty folder and no policy", dir.Name(), name, entry),
				"put a whole policy there, or empty it"), dir.Remove(seedLock))
		}
	}
	return nil
}

// largest is the most that a file of a policy may have, in bytes.
const largest = 4 << 20

// copyPolicy copies a folder of the packaged policy. What a seeding that was cut off left is replaced.
func (h *host) copyPolicy(from, to *rootfs.Dir, below string) error {
	entries, err := from.ReadDir()
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := path.Join(below, e.Name())
		switch {
		case name == entry: // comes last
		case e.IsDir():
			err = h.copyFolder(from, to, e.Name(), name)
		case e.Type().IsRegular():
			err = copyFile(from, to, e.Name(), name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (h *host) copyFolder(from, to *rootfs.Dir, name, below string) error {
	if err := to.Mkdir(name, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	a, err := from.OpenDir(name)
	if err != nil {
		return err
	}
	defer a.Close()
	b, err := to.OpenDir(name)
	if err != nil {
		return err
	}
	defer b.Close()
	return h.copyPolicy(a, b, below)
}

func copyFile(from, to *rootfs.Dir, name, whole string) error {
	data, err := from.ReadStart(name, largest)
	if err != nil {
		return err
	}
	if err := to.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := to.OpenFile(name, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(cure(whole, data))
	return errors.Join(err, f.Close())
}

// cure mends what Debian's packages do to the policy: hubs would take updates from the package and not from masterfiles, so that
// no change that is made there reaches them (controls/update_def.cf of cfengine3 3.21.0 and 3.24.1).
func cure(name string, data []byte) []byte {
	if name != "controls/update_def.cf" {
		return data
	}
	return bytes.ReplaceAll(data, []byte(debianUpdates), []byte(`"$(sys.masterdir)"`))
}

const debianUpdates = `"/usr/share/cfengine3/masterfiles"`

// augments is def.json, which sets who may connect and whose keys are taken. By default CFEngine takes keys from everywhere.
func (h *host) augments() ([]byte, error) {
	data, err := json.MarshalIndent(map[string]any{"variables": map[string][]string{
		"default:def.acl":           h.ACL,
		"default:def.trustkeysfrom": h.trusted(),
	}}, "", "  ")
	return append(data, '\n'), err
}
