package sweep

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"sync"
	"syscall"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// workers read files at the same time: enough to overlap reading with computing, and no more than small instances have.
const workers = 2

// A Sweep is one way through a tree. Visit and Fail are called from several goroutines.
type Sweep struct {
	Root  *rootfs.Root
	Enter func(dir string) bool                    // asked before each folder
	Want  func(name string, info fs.FileInfo) bool // asked before each file; false leaves it alone
	Visit func(f File)                             // reads one file
	Fail  func(name string, err error)             // is told what could not be looked at
}

// A File is open while it is visited.
type File struct {
	*os.File
	Path string // as seen inside the root
	Info fs.FileInfo
}

// Run visits all files. The error is that of the context, or says that not even the top can be read.
func (s *Sweep) Run(ctx context.Context) error {
	top, err := s.Root.OpenDir("/")
	if err != nil {
		return err
	}
	queue := make(chan File, 4*workers)
	var busy sync.WaitGroup
	for range workers {
		busy.Go(func() {
			for f := range queue {
				if ctx.Err() == nil {
					s.Visit(f)
				}
				f.Close()
			}
		})
	}
	s.folder(ctx, top, queue)
	close(queue)
	busy.Wait()
	return context.Cause(ctx)
}

// folder closes d.
func (s *Sweep) folder(ctx context.Context, d *rootfs.Dir, queue chan<- File) {
	defer d.Close()
	dir := d.Name()
	entries, err := d.ReadDir()
	if err != nil {
		s.Fail(dir, err)
	}
	for _, e := range entries {
		if ctx.Err() != nil {
			return
		}
		name := path.Join(dir, e.Name())
		switch {
		case e.IsDir():
			if !s.Enter(name) {
				continue
			}
			sub, err := d.OpenDir(e.Name())
			if err != nil {
				s.fail(name, err)
				continue
			}
			s.folder(ctx, sub, queue)
		case e.Type().IsRegular():
			if f, ok := s.open(d, e.Name(), name); ok {
				queue <- f
			}
		}
	}
}

// open opens a file that is wanted.
func (s *Sweep) open(d *rootfs.Dir, base, name string) (File, bool) {
	info, err := d.Lstat(base)
	if err != nil {
		s.fail(name, err)
		return File{}, false
	}
	if !info.Mode().IsRegular() || info.Size() == 0 || !s.Want(name, info) {
		return File{}, false
	}
	f, err := d.OpenFile(base, os.O_RDONLY, 0)
	if err != nil {
		s.fail(name, err)
		return File{}, false
	}
	if info, err = f.Stat(); err != nil { // it may be another file by now
		s.fail(name, err)
		f.Close()
		return File{}, false
	}
	return File{File: f, Path: name, Info: info}, true
}

// fail passes on an error, unless it says that the thing is gone by now, or a link: a running system does that all the time.
func (s *Sweep) fail(name string, err error) {
	if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ESTALE) && !errors.Is(err, syscall.ELOOP) {
		s.Fail(name, err)
	}
}
