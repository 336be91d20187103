package e2e

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/leaven-dev/leaven/e2e/disk"
	"github.com/leaven-dev/leaven/e2e/golden"
	"github.com/leaven-dev/leaven/internal/seal"
)

const (
	template = "../packer/templates/debian-qemu.pkr.hcl"
	sealing  = `  provisioner "leaven" {` // the line in it
)

// edited is the template with one line replaced.
func edited(t *testing.T, dir, line, by string) string {
	t.Helper()
	text := string(content(t, ".", template))
	if strings.Count(text, line) != 1 {
		t.Fatalf("the template has not one line %q", line)
	}
	put(t, dir, "edited.pkr.hcl", strings.Replace(text, line, by, 1), 0o644)
	return filepath.Join(dir, "edited.pkr.hcl")
}

// TestGoldenImage is the main job: packer builds, the image is clean on its disk and has its lines in fstab, and two instances of it
// share nothing with the builder or with each other. One that is stopped and started again stays who it is.
func TestGoldenImage(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
	defer cancel()
	builder := newBuilder(t)
	dir := scratch(t)
	before, err := builder.Identity(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	mounts := filepath.Join(dir, "mounts.yaml")
	put(t, dir, "mounts.yaml", "mounts: [{efs: fs-0123456789abcdef0, at: /srv/shared, region: eu-central-1}]\n", 0o644)
	var out bytes.Buffer
	image, err := builder.Bake(ctx, edited(t, dir, sealing, sealing+"\n    mounts = \""+mounts+"\""), dir, nil, &out)
	if err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	m, err := disk.Mount(ctx, image.Disk, dir)
	if err != nil {
		t.Fatal(err)
	}
	cleanOffline(t, m.Root)
	if again := writtenAfter(t, m.Root, seal.Path); len(again) > 0 {
		t.Errorf("written after the last stage: %s", again)
	}
	if table := string(content(t, m.Root, "etc/fstab")); !strings.Contains(table, "fs-0123456789abcdef0.efs.eu-central-1.amazonaws.com:/ /srv/shared nfs4 ") || !strings.Contains(table, "_netdev") {
		t.Errorf("the image's fstab:\n%s", table)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	console, err := os.ReadFile(image.Serial)
	if err != nil || !strings.Contains(string(console), "leaven: sealed: ") {
		t.Errorf("the last stage said nothing on the builder's console: %v", err)
	}

	const idA, idB = "i-0a1b2c3d4e5f60001", "i-0a1b2c3d4e5f60002"
	a := launch(t, ctx, image, filepath.Join(dir, "a"), idA)
	b := launch(t, ctx, image, filepath.Join(dir, "b"), idB)
	identityA, identityB := identity(t, ctx, a), identity(t, ctx, b)
	for i, fact := range before {
		values := map[string]bool{fact.Value: true, identityA[i].Value: true, identityB[i].Value: true}
		made := !strings.Contains(fact.Name, "RSA") // fresh RSA keys are made on request only
		if made && (len(values) < 3 || values[golden.None]) {
			t.Errorf("%s: builder %s, A %s, B %s", fact.Name, fact.Value, identityA[i].Value, identityB[i].Value)
		}
		if !made && (identityA[i].Value != golden.None || identityB[i].Value != golden.None) {
			t.Errorf("%s is in the instances: %s, %s", fact.Name, identityA[i].Value, identityB[i].Value)
		}
	}

	if err := a.VM.Shutdown(ctx); err != nil {
		t.Fatal(err)
	}
	again, err := image.Boot(ctx, filepath.Join(dir, "a"), idA)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	for i, fact := range identity(t, ctx, again) {
		if fact != identityA[i] && fact.Name != "random seed" {
			t.Errorf("%s was %s before A was stopped, and is %s", fact.Name, identityA[i].Value, fact.Value)
		}
	}
}

// TestBuildFailsWhenSealingFails: an image in which something could not be removed must never come to be.
func TestBuildFailsWhenSealingFails(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	builder := newBuilder(t)
	dir := scratch(t)
	file := edited(t, dir, sealing, `  provisioner "shell" {
    inline = ["echo pinned | sudo tee /var/tmp/pinned", "sudo chattr +i /var/tmp/pinned"]
  }
`+sealing)
	var out bytes.Buffer
	image, err := builder.Bake(ctx, file, dir, nil, &out)
	if err == nil {
		t.Fatalf("packer made %s although a file could not be removed\n%s", image.Disk, out.String())
	}
	if !strings.Contains(out.String(), "/var/tmp/pinned") || !strings.Contains(out.String(), "could not be removed") {
		t.Errorf("packer does not say what could not be removed:\n%s", out.String())
	}
	if _, err := os.Stat(filepath.Join(dir, "image", "golden.qcow2")); err == nil {
		t.Error("the image is there all the same")
	}
}

func newBuilder(t *testing.T) *golden.Builder {
	t.Helper()
	b, err := golden.NewBuilder(t.Context(), "bookworm", t.Output())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func launch(t *testing.T, ctx context.Context, image *golden.Image, dir, id string) *golden.Instance {
	t.Helper()
	in, err := image.Launch(ctx, dir, id)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := in.Close(); err != nil {
			t.Error(err)
		}
	})
	return in
}

func identity(t *testing.T, ctx context.Context, in *golden.Instance) []golden.Fact {
	t.Helper()
	facts, err := in.Identity(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return facts
}
