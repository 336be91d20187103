package main

import (
	"context"

	"github.com/leaven-dev/leaven/bake"
	"github.com/leaven-dev/leaven/bake/erase"
	"github.com/leaven-dev/leaven/internal/rootfs"
)

// zeroFree puts zeros over what is free on the disks that belong to the image. Where others still write to them some of it
// is left to them.
func (s *selection) zeroFree(ctx context.Context, root *rootfs.Root, out *output, others bool) error {
	points, err := bake.ImageMounts(root, s.options.Cross)
	if err != nil {
		return err
	}
	reserve := int64(0)
	if others {
		reserve = erase.Reserve
	}
	written, err := erase.Free(ctx, root, append([]string{"/"}, points...), reserve, func(point string, done, total int64) {
		out.note("zeros on %s: %s of %s", point, size(done), size(total))
	})
	out.note("zeros over %s that were free", size(written))
	return err
}
