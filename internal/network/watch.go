package network

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// watch tells when it is worth looking again. What changed is not told: several changes become one look, and a notification
// that the kernel had to drop loses nothing.
type watch struct {
	changed chan struct{}
	failed  chan error
	kernel  *nl.NetlinkSocket
	inotify *os.File
}

func newWatch() (*watch, error) {
	w := &watch{changed: make(chan struct{}, 1), failed: make(chan error, 2)}
	var err error
	w.kernel, err = nl.Subscribe(unix.NETLINK_ROUTE, unix.RTNLGRP_LINK, unix.RTNLGRP_IPV4_IFADDR, unix.RTNLGRP_IPV6_IFADDR,
		unix.RTNLGRP_IPV4_ROUTE, unix.RTNLGRP_IPV6_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("cannot watch links, addresses and routes: %w", err)
	}
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		w.kernel.Close()
		return nil, fmt.Errorf("cannot watch files: %w", err)
	}
	w.inotify = os.NewFile(uintptr(fd), "inotify")
	go w.forward("links, addresses and routes", func() error {
		_, _, err := w.kernel.Receive()
		return err
	})
	events := make([]byte, 4096)
	go w.forward("files", func() error {
		_, err := w.inotify.Read(events)
		return err
	})
	return w, nil
}

func (w *watch) close() {
	w.kernel.Close()
	w.inotify.Close()
}

// wake makes one look due, however often it is called before that.
func (w *watch) wake() {
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

// forward ends at close.
func (w *watch) forward(what string, next func() error) {
	for {
		err := next()
		switch {
		case errors.Is(err, os.ErrClosed):
			return
		case err != nil && !errors.Is(err, unix.ENOBUFS): // some were dropped: netlink(7)
			w.failed <- fmt.Errorf("cannot watch %s: %w", what, err)
			return
		}
		w.wake()
	}
}

// files watches files that may not be there, may be symbolic links, and may be replaced. It follows what is there now, so call it
// again before each look.
func (w *watch) files(paths ...string) error {
	for _, path := range paths {
		for range 8 { // links
			if err := w.nearest(path); err != nil {
				return err
			}
			target, err := os.Readlink(path)
			if err != nil {
				break // no link, or not there: the folder is watched
			}
			if !filepath.IsAbs(target) {
				target = filepath.Join(filepath.Dir(path), target)
			}
			path = target
		}
	}
	return nil
}

// nearest watches a file, and the folder where it is or will be; where that is missing too, the nearest one above it.
func (w *watch) nearest(path string) error {
	const changes = unix.IN_CREATE | unix.IN_MOVED_TO | unix.IN_MOVED_FROM | unix.IN_DELETE | unix.IN_CLOSE_WRITE | unix.IN_MOVE_SELF
	for {
		missing, dir := "", filepath.Dir(path)
		err := w.add(dir, changes)
		for errors.Is(err, fs.ErrNotExist) && dir != "/" {
			missing, dir = dir, filepath.Dir(dir)
			err = w.add(dir, changes)
		}
		if err != nil {
			return err
		}
		if missing == "" {
			break
		}
		if _, err := os.Stat(missing); err != nil {
			break // its making will be told
		} // else it was made before the folder above it was watched
	}
	// The file itself too: one that is mounted here from elsewhere is changed through another folder.
	if err := w.add(path, unix.IN_CLOSE_WRITE); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (w *watch) add(path string, mask uint32) error {
	conn, err := w.inotify.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = conn.Control(func(fd uintptr) { _, failed = unix.InotifyAddWatch(int(fd), path, mask) })
	if err = errors.Join(err, failed); err != nil {
		return fmt.Errorf("cannot watch %s: %w", path, err)
	}
	return nil
}
