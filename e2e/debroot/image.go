package debroot

import (
	"context"
	"fmt"
	"os"
	"os/exec"

	"github.com/leaven-dev/leaven/e2e/cache"
	"github.com/leaven-dev/leaven/e2e/machine"
)

// ImageSize is the size of the disk, in bytes, as the machine sees it; the file
// holds only what is used. Packer's qemu builder must be told it (disk_size).
const ImageSize = 4 << 30

// Image returns a qcow2 image of the root: one ext4 file system without a
// partition table, so /dev/vda is the root. It is in the cache and must stay as
// it is: write to an overlay (package disk).
func (r *Root) Image(ctx context.Context) (string, error) {
	if err := machine.Need("mke2fs", "qemu-img"); err != nil {
		return "", err
	}
	return cache.Entry(ctx, r.Recipe.name()+".qcow2", func(path string) error {
		raw := path + ".raw"
		defer os.Remove(raw)
		for _, args := range [][]string{
			{"truncate", "-s", fmt.Sprint(ImageSize), raw},
			{"mke2fs", "-q", "-t", "ext4", "-L", "root", "-d", r.dir, raw},
			{"qemu-img", "convert", "-q", "-f", "raw", "-O", "qcow2", raw, path},
		} {
			if out, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput(); err != nil {
				return fmt.Errorf("cannot make a disk image: %s: %w: %s", args[0], err, tail(string(out), 5))
			}
		}
		return nil
	})
}
