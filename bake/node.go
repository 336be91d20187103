package bake

import (
	"io/fs"
	"strings"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// node is one name in the tree.
type node struct {
	up   *node // nil for the top
	name string
	kind fs.FileMode // only the type bits

	info    fs.FileInfo // nil until it is asked for
	dir     *rootfs.Dir // set while it is open
	listed  bool
	entries []*node // sorted by name
	err     error   // why entries are not all that there is
	mount   *mount  // set when something is mounted on it

	claimed bool // a rule has it, with all below
	stays   bool // it, or something below, must not go with the folder that it lies in
}

// path is the name of n as seen inside the root.
func (n *node) path() string {
	if n.up == nil {
		return "/"
	}
	return "/" + strings.Join(n.parts(), "/")
}

func (n *node) parts() []string {
	depth := 0
	for at := n; at.up != nil; at = at.up {
		depth++
	}
	parts := make([]string, depth)
	for at := n; at.up != nil; at = at.up {
		depth--
		parts[depth] = at.name
	}
	return parts
}

// owned tells whether a rule has n or a folder that it lies in.
func (n *node) owned() bool {
	for at := n; at != nil; at = at.up {
		if at.claimed {
			return true
		}
	}
	return false
}

// keep marks n as something that must stay where it is.
func (n *node) keep() {
	for at := n; at != nil && !at.stays; at = at.up {
		at.stays = true
	}
}
