package network

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// watch tells when it is worth looking again. What changed is not told: several changes become one look, and a notification
// that the kernel had to drop loses nothing.
type watch struct {
	changed chan struct{}
	failed  chan error
	kernel  *os.File
	inotify *os.File     // nil where there is none
	clock   *time.Ticker // for files that the kernel does not watch; nil while it watches all
	done    chan struct{}
}

// unwatched is the pause between two looks at files that the kernel does not watch.
const unwatched = time.Second

func newWatch() (*watch, error) {
	w := &watch{changed: make(chan struct{}, 1), failed: make(chan error, 2), done: make(chan struct{})}
	var err error
	if w.kernel, err = subscribe(unix.RTNLGRP_LINK, unix.RTNLGRP_IPV4_IFADDR, unix.RTNLGRP_IPV6_IFADDR, unix.RTNLGRP_IPV4_ROUTE, unix.RTNLGRP_IPV6_ROUTE); err != nil {
		return nil, fmt.Errorf("cannot watch links, addresses and routes: %w", err)
	}
	go w.forward("links, addresses and routes", w.kernel)
	switch fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK); {
	case spent(err):
		w.poll()
	case err != nil:
		w.close()
		return nil, fmt.Errorf("cannot watch files: %w", err)
	default:
		w.inotify = os.NewFile(uintptr(fd), "inotify")
		go w.forward("files", w.inotify)
	}
	return w, nil
}

// spent tells that others use all that the kernel gives of inotify (inotify(7), "/proc interfaces"). That must not fail a boot.
func spent(err error) bool { return errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENOSPC) }

// poll makes a look due again and again, where the kernel cannot tell of files.
func (w *watch) poll() {
	if w.clock != nil {
		return
	}
	w.clock = time.NewTicker(unwatched)
	go func() {
		for {
			select {
			case <-w.clock.C:
				w.wake()
			case <-w.done:
				return
			}
		}
	}()
}

// subscribe opens a socket that tells of groups of changes (rtnetlink(7)). A part of a message that is not read is dropped.
func subscribe(groups ...uint) (*os.File, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), "netlink")
	var mask uint32
	for _, g := range groups {
		mask |= 1 << (g - 1)
	}
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: mask}); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func (w *watch) close() {
	close(w.done)
	w.kernel.Close()
	if w.inotify != nil {
		w.inotify.Close()
	}
	if w.clock != nil {
		w.clock.Stop()
	}
}

// wake makes one look due, however often it is called before that.
func (w *watch) wake() {
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

// forward ends at close.
func (w *watch) forward(what string, from *os.File) {
	told := make([]byte, 4096)
	for {
		_, err := from.Read(told)
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
	if w.inotify == nil {
		return nil
	}
	conn, err := w.inotify.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = conn.Control(func(fd uintptr) { _, failed = unix.InotifyAddWatch(int(fd), path, mask) })
	if spent(failed) {
		w.poll()
		return nil
	}
	if err = errors.Join(err, failed); err != nil {
		return fmt.Errorf("cannot watch %s: %w", path, err)
	}
	return nil
}
