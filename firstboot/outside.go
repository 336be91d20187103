package firstboot

import (
	"context"

	"github.com/leaven-dev/leaven/mounts/nfs"
)

// Outside is what first boot reaches beyond the tree that it works on.
type Outside struct {
	// Network waits for link, address, route and name server, and returns what is there, for people. Progress is told what is
	// being waited for, whenever that changes.
	Network func(ctx context.Context, progress func(string)) (string, error)
	// Metadata waits for EC2's metadata service, and returns its values by the names of config.Variables; those that this
	// instance does not have are left out.
	Metadata func(ctx context.Context) (map[string]string, error)
	// UserData returns the instance's user data as it is; empty where there is none.
	UserData func(ctx context.Context) ([]byte, error)
	// Tag returns the value of a tag of the instance, from the metadata service.
	Tag func(ctx context.Context, name string) (string, error)

	// CompleteHook completes the instance's pending action of a lifecycle hook with CONTINUE or ABANDON. The group may be "".
	// That there is no such action is no error: done is false then.
	CompleteHook func(ctx context.Context, hook, group, instance, result string) (done bool, err error)
	// SetTag tags the instance.
	SetTag func(ctx context.Context, instance, key, value string) error

	// MountTargets asks AWS for the addresses of an EFS file system; nil where nobody can be asked.
	MountTargets func(ctx context.Context, fileSystem, region string) ([]nfs.Target, error)

	// ReloadSSH makes a running SSH server read its keys and settings anew.
	ReloadSSH func(ctx context.Context) error
	// StartUnit starts a unit, or starts it anew, without waiting for it.
	StartUnit func(ctx context.Context, unit string) error
}
