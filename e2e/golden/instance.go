package golden

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/leaven-dev/leaven/e2e/disk"
	"github.com/leaven-dev/leaven/e2e/qemu"
	"github.com/leaven-dev/leaven/e2e/sshclient"
)

// Instance is a machine that was started from an image.
type Instance struct {
	ID     string // EC2's instance id
	Serial string // its console
	VM     *qemu.VM
	SSH    *sshclient.Client // as root
}

// Launch starts an instance on an overlay in dir and waits until first boot is over. The login key comes with the launch, as a
// systemd credential: the image holds none.
func (im *Image) Launch(ctx context.Context, dir, id string) (*Instance, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	overlay := filepath.Join(dir, "disk.qcow2")
	if err := disk.Overlay(ctx, im.Disk, overlay); err != nil {
		return nil, err
	}
	return im.Boot(ctx, dir, id)
}

// Boot starts an instance again from the disk that Launch made in dir.
func (im *Image) Boot(ctx context.Context, dir, id string) (*Instance, error) {
	key, err := sshclient.NewKey()
	if err != nil {
		return nil, err
	}
	vm, err := qemu.Start(ctx, qemu.Config{
		Disk: filepath.Join(dir, "disk.qcow2"), Kernel: im.Builder.Kernel, Initrd: im.Builder.Initrd, Dir: dir,
		InstanceID: id, Logins: []sshclient.Login{{User: "root", Key: key.Authorized}},
	})
	if err != nil {
		return nil, err
	}
	in := &Instance{ID: id, VM: vm, Serial: filepath.Join(dir, "serial.log")}
	wait, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	if in.SSH, err = sshclient.Dial(wait, vm.SSHAddress(), "root", key); err != nil {
		return nil, errors.Join(fmt.Errorf("instance %s does not let us in; its console is in %s: %w", id, in.Serial, err), vm.Close())
	}
	// What first boot makes of the instance is for the caller to judge.
	if _, err := in.SSH.Run(wait, "leaven status --wait >/dev/null || true"); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot wait for first boot of instance %s; its console is in %s: %w", id, in.Serial, err), in.Close())
	}
	return in, nil
}

// Close cuts the power.
func (in *Instance) Close() error {
	in.SSH.Close()
	return in.VM.Close()
}
