package volume

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/leaven-dev/leaven/internal/run"
)

// planFile is the plan of a swap file.
func (h *Host) planFile(s *Spec) (Plan, error) {
	p := Plan{Device: s.At}
	fi, err := h.Root.Lstat(s.At)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		p.Actions = append(p.Actions, fmt.Sprintf("make the swap file %s of %s", s.At, bytesText(uint64(s.Swap))))
	case err != nil:
		return p, err
	case !fi.Mode().IsRegular() || uint64(fi.Size()) != uint64(s.Swap):
		return p, &Refusal{
			Volume: s.Name(), Device: s.At, Reason: fmt.Sprintf("is there and is no file of %s", bytesText(uint64(s.Swap))),
			Cure: "remove it (after `swapoff`), or name another path",
		}
	}
	has, err := h.hasLine(s.entry("swap", ""))
	if err != nil {
		return p, err
	}
	if !has {
		p.Actions = append(p.Actions, "write its line to /etc/fstab")
	}
	if h.Live {
		on, err := h.kernel.swapsOn()
		if err != nil {
			return p, err
		}
		if !on[filepath.Join(h.Root.Dir(), s.At)] {
			p.Actions = append(p.Actions, "swap to it")
		}
	}
	if p.Done() {
		p.State = fmt.Sprintf("%s, %s: swapped to", s.At, bytesText(uint64(s.Swap)))
	}
	return p, nil
}

// applyFile makes the swap file, under another name until it is whole, and swaps to it.
func (h *Host) applyFile(ctx context.Context, s *Spec) error {
	p, err := h.planFile(s)
	if err != nil || p.Done() {
		return err
	}
	there, err := h.Root.Exists(s.At)
	if err == nil && !there {
		err = h.makeSwapFile(ctx, s)
	}
	if err == nil {
		err = h.writeLine(ctx, s.entry("swap", ""))
	}
	if err != nil {
		return fmt.Errorf("cannot bring up %s: %w", s.Name(), err)
	}
	on, err := h.kernel.swapsOn()
	full := filepath.Join(h.Root.Dir(), s.At)
	if err == nil && !on[full] {
		_, err = run.Output(ctx, "swapon", full)
	}
	if err != nil {
		return fmt.Errorf("cannot bring up %s: %w", s.Name(), err)
	}
	return nil
}

func (h *Host) makeSwapFile(ctx context.Context, s *Spec) (err error) {
	dir, err := h.Root.MkdirAll(path.Dir(s.At), 0o755)
	if err != nil {
		return err
	}
	defer dir.Close()
	// One name, so that a run that was cut off leaves no more than one.
	temp := ".leaven-swap-" + path.Base(s.At)
	if err := dir.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := dir.OpenFile(temp, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			err = errors.Join(err, dir.Remove(temp))
		}
	}()
	// A swap file must have all its blocks (swapon(8), "Files with holes").
	if err := unix.Fallocate(int(f.Fd()), 0, 0, int64(s.Swap)); err != nil {
		return fmt.Errorf("cannot get %s for it: %w", bytesText(uint64(s.Swap)), err)
	}
	if _, err := run.Output(ctx, "mkswap", filepath.Join(h.Root.Dir(), dir.Name(), temp)); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := dir.Rename(temp, path.Base(s.At)); err != nil {
		return err
	}
	return dir.Sync()
}
