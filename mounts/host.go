package mounts

import (
	"context"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"os/user"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/leaven-dev/leaven/internal/rootfs"
	"github.com/leaven-dev/leaven/internal/run"
	"github.com/leaven-dev/leaven/internal/systemd"
	"github.com/leaven-dev/leaven/mounts/nfs"
)

// Host mounts on the running system.
type Host struct {
	Root    *rootfs.Root
	Mounter *nfs.Mounter
}

// answers is how long a mounted file system may take to say who owns its root. One whose server is gone never does (option hard).
const answers = 10 * time.Second

// Check tells whether a share is mounted as it should be, and says how it is or what is missing.
func (h *Host) Check(ctx context.Context, m Mount, s nfs.Share) (ok bool, text string, err error) {
	there, err := h.Mounter.Look(ctx, s, m.At, h.address(m))
	if err != nil {
		return false, "", err
	}
	if !there {
		return false, fmt.Sprintf("would mount %s", s.Source), nil
	}
	missing, err := h.adjust(ctx, m, false)
	if err != nil || missing != "" {
		return false, missing, err
	}
	return true, s.Source + " is mounted", nil
}

// Bring mounts the share, trying until ctx ends, gives its root the owner and mode that are asked for, and has the units that need
// it run.
func (h *Host) Bring(ctx context.Context, m Mount, s nfs.Share) error {
	there, err := h.Mounter.Look(ctx, s, m.At, h.address(m))
	if err != nil {
		return err
	}
	if !there {
		// Also here, for a folder that lies in another mount, which was not there when fstab was written.
		mounted, err := h.Root.Mounts()
		if err != nil {
			return err
		}
		if err := (folder{h.Root, m}).make(mounted); err != nil {
			return err
		}
		address, err := h.Mounter.Bring(ctx, s, m.At)
		if err != nil {
			return err
		}
		if address.IsValid() {
			// Gone at the next boot, as the mount is.
			if err := h.Root.WriteFile(addressFile(m), []byte(address.String()+"\n"), 0o644); err != nil {
				return err
			}
		}
	}
	if _, err := h.adjust(ctx, m, true); err != nil || there {
		return err
	}
	return startUnits(ctx, m.RequiredBy)
}

// startUnits starts the units that systemd would have started had the mount been there, and starts those anew that run without it.
func startUnits(ctx context.Context, units []string) error {
	for _, unit := range units {
		_, disabled := run.Output(ctx, "systemctl", "is-enabled", "--quiet", unit)
		_, inactive := run.Output(ctx, "systemctl", "is-active", "--quiet", unit)
		if disabled != nil && inactive != nil {
			continue
		}
		if err := systemd.Restart(ctx, unit); err != nil {
			return err
		}
	}
	return nil
}

// addressFile is where it is written down at which address a share was mounted whose name did not resolve.
func addressFile(m Mount) string {
	return "/run/leaven/mounts/" + strings.ReplaceAll(strings.Trim(m.At, "/"), "/", "\\")
}

func (h *Host) address(m Mount) netip.Addr {
	data, err := h.Root.ReadFile(addressFile(m))
	if err != nil {
		return netip.Addr{}
	}
	a, _ := netip.ParseAddr(strings.TrimSpace(string(data)))
	return a
}

// adjust looks at owner and mode of what is mounted, and sets them; missing says what differed. Also where nothing is asked for it
// looks, so that a server that does not answer is noticed.
func (h *Host) adjust(ctx context.Context, m Mount, set bool) (missing string, err error) {
	uid, gid, err := owner(m.Owner)
	if err != nil {
		return "", err
	}
	type outcome struct {
		missing string
		err     error
	}
	done := make(chan outcome, 1)
	go func() { // left behind where the server is silent; it ends with the process
		missing, err := adjust(m, uid, gid, set)
		done <- outcome{missing, err}
	}()
	select {
	case o := <-done:
		return o.missing, o.err
	case <-time.After(answers):
		return "", fmt.Errorf("%s is mounted, but its server has not answered for %v", m.At, answers)
	case <-ctx.Done():
		return "", fmt.Errorf("%s is mounted, but its server does not answer: %w", m.At, context.Cause(ctx))
	}
}

func adjust(m Mount, uid, gid int, set bool) (missing string, err error) {
	var st unix.Statx_t
	// The server must answer: what the kernel remembers of it says nothing.
	err = unix.Statx(unix.AT_FDCWD, m.At, unix.AT_SYMLINK_NOFOLLOW|unix.AT_STATX_FORCE_SYNC, unix.STATX_BASIC_STATS, &st)
	if err != nil {
		return "", fmt.Errorf("cannot look at what is mounted at %s: %w", m.At, err)
	}
	if uid >= 0 && int(st.Uid) != uid || gid >= 0 && int(st.Gid) != gid {
		missing = fmt.Sprintf("would give %s to %s", m.At, m.Owner)
		if set {
			err = os.Lchown(m.At, uid, gid)
		}
	}
	bits := fs.FileMode(m.Mode.Bits)
	if err == nil && m.Mode.Set && fs.FileMode(st.Mode).Perm() != bits {
		missing = fmt.Sprintf("would give %s the mode %04o", m.At, bits)
		if set {
			err = os.Chmod(m.At, bits)
		}
	}
	if err != nil {
		err = fmt.Errorf("cannot change what is mounted; the server may not let root (root_squash, or an access point's user): %w", err)
	}
	return missing, err
}

// owner reads "user:group"; -1 is what stays.
func owner(text string) (uid, gid int, err error) {
	uid, gid = -1, -1
	if text == "" {
		return uid, gid, nil
	}
	name, group, _ := strings.Cut(text, ":")
	if uid, err = strconv.Atoi(name); err != nil {
		u, err := user.Lookup(name)
		if err != nil {
			return -1, -1, fmt.Errorf("cannot give a mount to %s: %w", name, err)
		}
		if uid, err = strconv.Atoi(u.Uid); err != nil {
			return -1, -1, err
		}
	}
	if group == "" {
		return uid, gid, nil
	}
	if gid, err = strconv.Atoi(group); err != nil {
		g, err := user.LookupGroup(group)
		if err != nil {
			return -1, -1, fmt.Errorf("cannot give a mount to the group %s: %w", group, err)
		}
		if gid, err = strconv.Atoi(g.Gid); err != nil {
			return -1, -1, err
		}
	}
	return uid, gid, nil
}
