package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/leaven-dev/leaven/bake"
	"github.com/leaven-dev/leaven/firstboot/install"
	"github.com/leaven-dev/leaven/internal/rootfs"
	"github.com/leaven-dev/leaven/internal/systemd"
)

// installReport is what `leaven install --output json` prints.
type installReport struct {
	Schema  string           `json:"schema"` // "leaven/install/1"
	Version string           `json:"version"`
	Root    string           `json:"root"`
	Changes []install.Change `json:"changes"`
	Notes   []string         `json:"notes"`
}

func newInstallCommand(p *program) *cobra.Command {
	return newInstallerCommand(p, "install", "Put this program, its units and drop-ins for sshd into an image, and enable them",
		func(root *rootfs.Root) ([]install.Change, []string, error) {
			programs, err := programs()
			if err != nil {
				return nil, nil, err
			}
			changes, err := install.Install(root, programs, version)
			return changes, []string{"at its next boot it is a new instance: the SSH host keys that it has now are deleted"}, err
		})
}

func newUninstallCommand(p *program) *cobra.Command {
	return newInstallerCommand(p, "uninstall", "Take out what install put in",
		func(root *rootfs.Root) ([]install.Change, []string, error) {
			changes, err := install.Uninstall(root)
			if err == nil && len(changes) == 0 {
				return changes, []string{"nothing was installed"}, nil
			}
			return changes, nil, err
		})
}

func newInstallerCommand(p *program, name, short string, do func(*rootfs.Root) ([]install.Change, []string, error)) *cobra.Command {
	cmd := &cobra.Command{Use: name + " --root DIR", Short: short, Args: cobra.NoArgs}
	dir := cmd.Flags().String("root", "", "the tree to work on; / is this system")
	out := addOutputFlags(cmd.Flags(), p, "text", "json", "jsonl")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if *dir == "" {
			return fmt.Errorf("say where to %s: --root DIR for an image's tree, --root / for this running system", name)
		}
		out.begin()
		return out.end(failed(runInstaller(cmd.Context(), *dir, out, do)))
	}
	return cmd
}

func runInstaller(ctx context.Context, dir string, out *output, do func(*rootfs.Root) ([]install.Change, []string, error)) error {
	root, err := openRoot(dir, true)
	if err != nil {
		return err
	}
	defer root.Close()
	changes, notes, err := do(root)
	if err == nil {
		notes, err = settle(ctx, root, changes, notes)
	}
	if out.format == "json" {
		report := installReport{Schema: "leaven/install/1", Version: version, Root: dir, Changes: orEmpty(changes), Notes: orEmpty(notes)}
		return errors.Join(err, out.object(report))
	}
	for _, c := range changes {
		out.note("%s %s", c.Action, bake.Quote(c.Path))
	}
	for _, n := range notes {
		out.note("%s", n)
	}
	return err
}

// settle makes a running system see what changed in it.
func settle(ctx context.Context, root *rootfs.Root, changes []install.Change, notes []string) ([]string, error) {
	live, err := root.Live()
	if err != nil || len(changes) == 0 {
		return notes, err
	}
	selinux, err := root.Exists("/etc/selinux/config")
	if err != nil {
		return notes, err
	}
	if !live {
		if selinux {
			notes = append(notes, "the tree has SELinux: label it before it boots (setfiles, or /.autorelabel)")
		}
		return notes, nil
	}
	if enforced, err := root.Exists("/sys/fs/selinux/enforce"); err != nil {
		return notes, err
	} else if enforced {
		var paths []string
		for _, c := range changes {
			if c.Action == install.Wrote || c.Action == install.Linked {
				paths = append(paths, c.Path)
			}
		}
		if len(paths) > 0 {
			if err := relabel(ctx, paths...); err != nil {
				return notes, err
			}
		}
	}
	booted, err := systemd.Running()
	if err != nil || !booted {
		return notes, err
	}
	return notes, systemd.Reload(ctx)
}
