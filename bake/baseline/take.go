package baseline

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"

	"github.com/leaven-dev/leaven/bake/packages"
	"github.com/leaven-dev/leaven/bake/sweep"
	"github.com/leaven-dev/leaven/internal/rootfs"
)

// Take makes a baseline of a tree. Enter says which folders belong to it. A file that cannot be read is not in it, and will
// count as changed; the error that says so comes with the baseline.
func Take(ctx context.Context, root *rootfs.Root, enter func(dir string) bool) (*Baseline, error) {
	db, err := packages.Read(root)
	if err != nil {
		return nil, err
	}
	b := &Baseline{Files: map[string]Entry{}, Packages: db.Packages()}
	var mu sync.Mutex
	var errs []error
	fail := func(name string, err error) {
		mu.Lock()
		defer mu.Unlock()
		errs = append(errs, err)
	}
	s := sweep.Sweep{
		Root:  root,
		Enter: enter,
		Want:  func(string, fs.FileInfo) bool { return true },
		Visit: func(f sweep.File) {
			e := Describe(f.Info)
			sum := sha256.New()
			if _, err := io.Copy(sum, f.Content()); err != nil {
				fail(f.Path, err)
				return
			}
			sum.Sum(e.Sum[:0])
			mu.Lock()
			defer mu.Unlock()
			b.Files[f.Path] = e
		},
		Fail: fail,
	}
	if err := s.Run(ctx); err != nil {
		return nil, err
	}
	if len(errs) > 0 {
		return b, fmt.Errorf("%d places could not be read and will count as changed: %w", len(errs), errors.Join(errs[:min(3, len(errs))]...))
	}
	return b, nil
}
