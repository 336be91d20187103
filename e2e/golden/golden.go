// Package golden bakes golden images with a real `packer build` and starts instances of them: for the demo and the tests.
package golden

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/leaven-dev/leaven/e2e/cache"
	"github.com/leaven-dev/leaven/e2e/debroot"
	"github.com/leaven-dev/leaven/e2e/qemu"
)

// Builder is the machine on which the image is baked: a Debian root that people have worked on.
type Builder struct {
	Root   *debroot.Root
	Disk   string // qcow2; packer builds on an overlay of it
	Kernel string
	Initrd string

	keyFile string
}

// NewBuilder makes the machine, or takes it from the cache.
func NewBuilder(ctx context.Context, suite string, progress io.Writer) (*Builder, error) {
	b := &Builder{}
	keyFile, authorized, err := loginKey()
	if err != nil {
		return nil, err
	}
	b.keyFile = keyFile
	if b.Root, err = debroot.Build(ctx, recipe(suite, strings.TrimSpace(authorized)), progress); err != nil {
		return nil, err
	}
	if b.Disk, err = b.Root.Image(ctx); err != nil {
		return nil, err
	}
	if b.Kernel, err = b.Root.Kernel(); err != nil {
		return nil, err
	}
	b.Initrd, err = b.Root.Initrd()
	return b, err
}

// Image is what packer made.
type Image struct {
	Builder *Builder
	Disk    string // qcow2
	Report  string // what the provisioner did, JSON
	Serial  string // what the building machine said on its console
}

// Bake runs `packer build` on a template and leaves everything in dir. Vars are the template's variables beyond those that
// name the machine. What packer prints goes to out. The error is packer's own verdict; out says why.
func (b *Builder) Bake(ctx context.Context, template, dir string, vars map[string]string, out io.Writer) (*Image, error) {
	packer, err := cache.Tool("packer")
	if err != nil {
		return nil, err
	}
	plugins, err := installPlugins(ctx, packer, dir)
	if err != nil {
		return nil, err
	}
	image := &Image{
		Builder: b,
		Disk:    filepath.Join(dir, "image", "golden.qcow2"),
		Report:  filepath.Join(dir, "image", "seal-report.json"),
		Serial:  filepath.Join(dir, "builder-serial.log"),
	}
	accelerator := qemu.Accelerator(ctx)
	all := map[string]string{
		"base_image": b.Disk, "kernel": b.Kernel, "initrd": b.Initrd, "disk_size": fmt.Sprintf("%dM", debroot.ImageSize>>20),
		"output_directory": filepath.Dir(image.Disk), "image_name": filepath.Base(image.Disk), "serial_log": image.Serial,
		"ssh_username": "admin", "ssh_private_key_file": b.keyFile, "accelerator": accelerator, "cpu_model": qemu.CPU(accelerator),
	}
	maps.Copy(all, vars)
	args := []string{"build", "-color=false", "-timestamp-ui"}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		args = append(args, "-var", name+"="+all[name])
	}
	cmd := exec.CommandContext(ctx, packer, append(args, template)...)
	cmd.Env = append(os.Environ(), "PACKER_PLUGIN_PATH="+plugins, "CHECKPOINT_DISABLE=1", "PACKER_CONFIG_DIR="+dir, "TMPDIR="+dir)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // packer stops its machine then
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("packer build %s failed: %w", filepath.Base(template), err)
	}
	return image, nil
}

// installPlugins puts this tree's plugin and packer's qemu plugin where packer finds them.
func installPlugins(ctx context.Context, packer, dir string) (string, error) {
	top, err := Top()
	if err != nil {
		return "", err
	}
	builder, err := cache.Tool("packer-plugin-qemu")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "plugins")
	for source, file := range map[string]string{
		"github.com/leaven-dev/leaven": filepath.Join(top, "bin", "packer-plugin-leaven"),
		"github.com/hashicorp/qemu":    builder,
	} {
		if _, err := os.Stat(file); err != nil {
			return "", fmt.Errorf("%w: run `make build`", err)
		}
		cmd := exec.CommandContext(ctx, packer, "plugins", "install", "--path", file, source)
		cmd.Env = append(os.Environ(), "PACKER_PLUGIN_PATH="+path, "CHECKPOINT_DISABLE=1", "PACKER_CONFIG_DIR="+dir)
		if text, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("cannot install %s for packer: %w\n%s", filepath.Base(file), err, text)
		}
	}
	return path, nil
}

// Top is the folder of the repository.
func Top() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; dir != "/"; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
	}
	return "", fmt.Errorf("cannot find the repository: run this inside it")
}
