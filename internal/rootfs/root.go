package rootfs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"
)

// maxLinks is the kernel's own limit on links in one lookup (path_resolution(7)).
const maxLinks = 40

// Root is a directory tree that is handled as "/".
type Root struct {
	os  *os.Root
	dir string
}

// Open opens dir, which must be a directory.
func Open(dir string) (*Root, error) {
	r, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("cannot open root %s: %w", dir, cause(err))
	}
	return &Root{os: r, dir: dir}, nil
}

// Close releases the directory.
func (r *Root) Close() error { return r.os.Close() }

// Dir is the directory as it was named to Open.
func (r *Root) Dir() string { return r.dir }

// Live tells whether the tree is this system's own "/".
func (r *Root) Live() (bool, error) {
	own, err := os.Stat("/")
	if err != nil {
		return false, err
	}
	fi, err := r.os.Stat(".")
	if err != nil {
		return false, err
	}
	return os.SameFile(own, fi), nil
}

// Resolve follows every link in name and returns the name of what it leads to, without links and with a leading slash.
// Where something is missing on the way, the error is fs.ErrNotExist and the name tells what was missing.
func (r *Root) Resolve(name string) (string, error) { return r.resolve(name, true) }

// ResolveParent is Resolve, but a link that name itself may be is not followed.
func (r *Root) ResolveParent(name string) (string, error) { return r.resolve(name, false) }

func (r *Root) resolve(name string, followLast bool) (string, error) {
	pending := strings.Split(name, "/")
	done := "/"
	for links := 0; len(pending) > 0; {
		part := pending[0]
		pending = pending[1:]
		switch part {
		case "", ".":
			continue
		case "..":
			done = path.Dir(done)
			continue
		}
		here := path.Join(done, part)
		if !followLast && onlyDots(pending) {
			return here, nil
		}
		fi, err := r.os.Lstat(inside(here))
		if err != nil {
			return here, pathError("lstat", here, err)
		}
		if fi.Mode().Type() != fs.ModeSymlink {
			done = here
			continue
		}
		if links++; links > maxLinks {
			return here, pathError("follow", here, syscall.ELOOP)
		}
		target, err := r.os.Readlink(inside(here))
		if err != nil {
			return here, pathError("readlink", here, err)
		}
		if strings.HasPrefix(target, "/") {
			done = "/"
		}
		pending = append(strings.Split(target, "/"), pending...)
	}
	return done, nil
}

// onlyDots tells whether nothing is left to look up but empty parts and ".".
func onlyDots(parts []string) bool {
	for _, p := range parts {
		if p != "" && p != "." {
			return false
		}
	}
	return true
}

// Lstat describes name without following it, should it be a link itself.
func (r *Root) Lstat(name string) (fs.FileInfo, error) {
	real, err := r.ResolveParent(name)
	if err != nil {
		return nil, err
	}
	fi, err := r.os.Lstat(inside(real))
	return fi, pathError("lstat", real, err)
}

// Stat describes what name leads to.
func (r *Root) Stat(name string) (fs.FileInfo, error) {
	real, err := r.Resolve(name)
	if err != nil {
		return nil, err
	}
	fi, err := r.os.Lstat(inside(real))
	return fi, pathError("stat", real, err)
}

// Exists tells whether name leads to something. A name that cannot be looked at (no rights, a loop of links) is an error,
// not an absence.
func (r *Root) Exists(name string) (bool, error) {
	_, err := r.Stat(name)
	switch {
	case err == nil:
		return true, nil
	case missing(err):
		return false, nil
	}
	return false, err
}

// Open opens a file for reading. Special files are refused: opening a fifo would block for ever.
func (r *Root) Open(name string) (*os.File, error) {
	real, err := r.Resolve(name)
	if err != nil {
		return nil, err
	}
	f, err := r.os.OpenFile(inside(real), os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, pathError("open", real, err)
	}
	fi, err := f.Stat()
	if err == nil && !fi.Mode().IsRegular() && !fi.IsDir() {
		err = fmt.Errorf("is a %s, not a file", kind(fi.Mode()))
	}
	if err != nil {
		f.Close()
		return nil, pathError("open", real, err)
	}
	return f, nil
}

// ReadFile reads a whole file of at most 16 MiB; what is configuration is never larger.
func (r *Root) ReadFile(name string) ([]byte, error) {
	f, err := r.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	const limit = 16 << 20
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && len(data) > limit {
		err = errors.New("larger than 16 MiB")
	}
	return data, pathError("read", name, err)
}

// Readlink returns the target of a link as it is written there.
func (r *Root) Readlink(name string) (string, error) {
	real, err := r.ResolveParent(name)
	if err != nil {
		return "", err
	}
	target, err := r.os.Readlink(inside(real))
	return target, pathError("readlink", real, err)
}

// inside turns a name in the tree into one that os.Root takes.
func inside(name string) string {
	name = strings.TrimPrefix(path.Clean("/"+name), "/")
	if name == "" {
		return "."
	}
	return name
}

// missing tells that a name leads nowhere: it, or a folder before it, is not there.
func missing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// pathError names the file as seen inside the tree; nil stays nil.
func pathError(op, name string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: op, Path: path.Clean("/" + name), Err: cause(err)}
}

// cause strips the name that os put into an error: it is the one below the root, without the leading slash.
func cause(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err
	}
	if le, ok := errors.AsType[*os.LinkError](err); ok {
		return le.Err
	}
	return err
}

// kind names a type of file as people do.
func kind(m fs.FileMode) string {
	switch m.Type() {
	case fs.ModeDir:
		return "directory"
	case fs.ModeSymlink:
		return "link"
	case fs.ModeNamedPipe:
		return "fifo"
	case fs.ModeSocket:
		return "socket"
	case fs.ModeDevice, fs.ModeDevice | fs.ModeCharDevice:
		return "device"
	case 0:
		return "file"
	}
	return "special file"
}
