package volume

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// wait returns the device of a volume as soon as it is there. It looks again whenever the kernel tells that something about block
// devices changed, which it does after the device's node was made.
func (h *Host) wait(ctx context.Context, s *Spec) (device, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, s.Wait, fmt.Errorf("waited %v for it", s.Wait))
	defer cancel()
	events, err := uevents() // before the first look, so that nothing is missed
	if err != nil {
		return device{}, err
	}
	defer context.AfterFunc(ctx, func() { events.Close() })()
	defer events.Close()
	told := false
	for {
		d, err := h.find(ctx, s)
		if !errors.Is(err, errAbsent) {
			return d, err
		}
		if !told {
			h.log("waiting for %s", s.Name())
			told = true
		}
		if bad := nextBlock(events); bad != nil {
			if ctx.Err() != nil {
				return device{}, &Refusal{
					Volume: s.Name(), Reason: fmt.Sprintf("%v: %v", context.Cause(ctx), err),
					Cure: "attach it, or correct how it is found; then run `leaven firstboot`",
				}
			}
			return device{}, bad
		}
	}
}

// uevents subscribes to what the kernel tells about devices (NETLINK_KOBJECT_UEVENT, group 1; udev's own messages are group 2).
func uevents() (*os.File, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_KOBJECT_UEVENT)
	if err == nil {
		if err = unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: 1}); err != nil {
			unix.Close(fd)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("cannot watch devices come: %w", err)
	}
	return os.NewFile(uintptr(fd), "uevents"), nil
}

// nextBlock returns after the next message about a block device, or when messages were lost.
func nextBlock(events *os.File) error {
	message := make([]byte, 16<<10)
	for {
		n, err := events.Read(message)
		if errors.Is(err, unix.ENOBUFS) {
			return nil // netlink(7): some were dropped
		}
		if err != nil {
			return fmt.Errorf("cannot watch devices come: %w", err)
		}
		if bytes.Contains(message[:n], []byte("\x00SUBSYSTEM=block\x00")) {
			return nil
		}
	}
}
