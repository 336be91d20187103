package packages

import (
	"path"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// folders takes links out of the names of folders: a package ships /lib/x where the tree has /lib → usr/lib. Each folder is
// looked up once.
type folders struct {
	root *rootfs.Root
	real map[string]string
}

func newFolders(root *rootfs.Root) *folders {
	return &folders{root: root, real: map[string]string{"/": "/"}}
}

// path is the name of a file with its folders resolved. What is not there keeps its name: nothing will ask for it.
func (f *folders) path(name string) string {
	return path.Join(f.folder(path.Dir(name)), path.Base(name))
}

func (f *folders) folder(name string) string {
	if real, known := f.real[name]; known {
		return real
	}
	real := path.Join(f.folder(path.Dir(name)), path.Base(name))
	if target, err := f.root.Resolve(real); err == nil {
		real = target
	}
	f.real[name] = real
	return real
}
