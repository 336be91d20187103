package bake

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"syscall"
)

// maxLinks is the kernel's own limit on links in one lookup (path_resolution(7)).
const maxLinks = 40

func (v *view) readlink(n *node) (string, error) {
	d, err := v.open(n.up)
	if err != nil {
		return "", err
	}
	return d.Readlink(n.name)
}

// follow returns what n leads to: itself where it is no link.
func (v *view) follow(n *node) (*node, error) {
	links := 0
	return v.end(n, &links)
}

func (v *view) end(n *node, links *int) (*node, error) {
	if n.kind != fs.ModeSymlink {
		return n, nil
	}
	if *links++; *links > maxLinks {
		return nil, &fs.PathError{Op: "follow", Path: n.path(), Err: syscall.ELOOP}
	}
	target, err := v.readlink(n)
	if err != nil {
		return nil, err
	}
	return v.walk(n.up, target, links)
}

// lookup finds what a name leads to, with all links followed inside the root.
func (v *view) lookup(name string) (*node, error) {
	links := 0
	return v.walk(v.top, name, &links)
}

func (v *view) walk(from *node, name string, links *int) (*node, error) {
	at := from
	if strings.HasPrefix(name, "/") {
		at = v.top
	}
	for part := range strings.SplitSeq(name, "/") {
		switch part {
		case "", ".":
			continue
		case "..":
			if at.up != nil {
				at = at.up
			}
			continue
		}
		if at.kind != fs.ModeDir {
			return nil, &fs.PathError{Op: "lstat", Path: path.Join(at.path(), part), Err: syscall.ENOTDIR}
		}
		next, err := v.child(at, part)
		if err == nil {
			next, err = v.end(next, links)
		}
		if err != nil {
			return nil, err
		}
		at = next
	}
	return at, nil
}

// nothing tells that an error means absence. A loop of links leads nowhere either, and what lives in memory is in no image.
func nothing(err error) bool {
	if m, ok := errors.AsType[foreignMount](err); ok {
		return m.Volatile()
	}
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ELOOP)
}

// errLeads says where a link leads that no rule may follow.
func errLeads(target *node) error {
	return fmt.Errorf("it is a link that leads to %s; no rule follows it there", Quote(target.path()))
}
