package hubs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/leaven-dev/leaven/e2e/cache"
	"github.com/leaven-dev/leaven/e2e/debroot"
)

// Image is a golden image with CFEngine and Leaven, sealed.
type Image struct {
	Root    string
	scratch *cache.Scratch
}

// NewImage makes one with a program that `make build` left. It is what hubs, clients and deployers start from.
func NewImage(ctx context.Context, suite, leaven string, progress io.Writer) (*Image, error) {
	pristine, err := debroot.Build(ctx, debroot.Container(suite), progress)
	if err != nil {
		return nil, err
	}
	s, err := cache.NewScratch()
	if err != nil {
		return nil, err
	}
	im := &Image{filepath.Join(s.Path, "root"), s}
	if err := im.make(ctx, pristine, leaven); err != nil {
		return nil, errors.Join(err, im.Close())
	}
	return im, nil
}

func (im *Image) make(ctx context.Context, pristine *debroot.Root, leaven string) error {
	if err := pristine.CopyTo(ctx, im.Root); err != nil {
		return err
	}
	for _, args := range [][]string{{"install", "--root", im.Root}, {"bake", "--root", im.Root}} {
		if out, err := exec.CommandContext(ctx, leaven, args...).CombinedOutput(); err != nil {
			return fmt.Errorf("leaven %s: %w\n%s", args[0], err, out)
		}
	}
	// In a container /sys shows the host's firmware, so that Leaven is told that there is a metadata service; the resolver is the
	// VPC's, which DHCP would say.
	for name, text := range map[string]string{
		"etc/leaven/firstboot.yaml": "network: {metadata: \"on\"}\n",
		"etc/resolv.conf":           "nameserver " + resolver + "\n",
	} {
		name = filepath.Join(im.Root, name)
		if err := errors.Join(os.RemoveAll(name), os.MkdirAll(filepath.Dir(name), 0o755)); err != nil {
			return err
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// Close removes it.
func (im *Image) Close() error { return im.scratch.Close() }
