// Command demo is the main job on real input: it makes a machine that people have worked on, seals it with a real
// `packer build`, starts two instances of the image, and compares who they are. It exits 1 when they share anything, or when
// the image is not clean.
//
// With the argument hubs it shows policy hubs that vanish and are replaced, and exits 1 when a client of theirs notices.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/leaven-dev/leaven/e2e/disk"
	"github.com/leaven-dev/leaven/e2e/golden"
	"github.com/leaven-dev/leaven/e2e/machine"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	show := run
	if len(os.Args) > 1 && os.Args[1] == "hubs" {
		show = runHubs
	}
	if err := show(ctx, newProgress(os.Stdout)); err != nil {
		fmt.Fprintf(os.Stderr, "\ndemo: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, p *progress) (err error) {
	if err := machine.NeedRoot(); err != nil {
		return err
	}
	top, err := golden.Top()
	if err != nil {
		return err
	}
	out := filepath.Join(top, ".cache", "demo")
	if err := os.RemoveAll(out); err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}

	p.step("a Debian root that people have worked on (made once, then cached)")
	builder, err := golden.NewBuilder(ctx, "bookworm", p.detail())
	if err != nil {
		return err
	}
	before, err := builder.Identity(ctx, out)
	if err != nil {
		return err
	}

	p.step("packer build packer/templates/debian-qemu.pkr.hcl")
	image, err := builder.Bake(ctx, filepath.Join(top, "packer/templates/debian-qemu.pkr.hcl"), out, nil, p.detail())
	if err != nil {
		return err
	}

	p.step("audit of the image, offline, after the shutdown")
	verdict, err := audit(ctx, top, image, out)
	if err != nil {
		return err
	}

	p.step("two instances of the image boot")
	instances, err := launch(ctx, image, out, "i-0a1b2c3d4e5f60001", "i-0a1b2c3d4e5f60002")
	if err != nil {
		return err
	}
	defer func() {
		for _, in := range instances {
			err = errors.Join(err, in.Close())
		}
	}()
	return show(ctx, p, before, image, instances, verdict)
}

// launch starts the instances side by side.
func launch(ctx context.Context, image *golden.Image, out string, ids ...string) ([]*golden.Instance, error) {
	list, errs := make([]*golden.Instance, len(ids)), make([]error, len(ids))
	var wait sync.WaitGroup
	for i, id := range ids {
		wait.Go(func() { list[i], errs[i] = image.Launch(ctx, filepath.Join(out, id), id) })
	}
	wait.Wait()
	if err := errors.Join(errs...); err != nil {
		for _, in := range list {
			if in != nil {
				err = errors.Join(err, in.Close())
			}
		}
		return nil, err
	}
	return list, nil
}

// audit looks at the image's file system with the agent that lies in bin, and returns what it says.
func audit(ctx context.Context, top string, image *golden.Image, out string) (text string, err error) {
	m, err := disk.Mount(ctx, image.Disk, out)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	said, err := exec.CommandContext(ctx, filepath.Join(top, "bin", "leaven"), "audit", "--root", m.Root).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("the image is not clean: %w\n%s", err, said)
	}
	return string(said), nil
}
