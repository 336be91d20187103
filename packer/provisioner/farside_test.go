package provisioner

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"

	"github.com/leaven-dev/leaven/packer/agent"
	"github.com/leaven-dev/leaven/packer/internal/rehearsal"
)

func TestTheFarSideMustBeUsable(t *testing.T) {
	for name, c := range map[string]struct {
		programs map[string]string // in place of the far side's own
		staging  string
		want     string
	}{
		"sudo wants a password": {
			programs: map[string]string{"id": "echo 1000", "sudo": passwordSudo},
			want:     "cannot become root: sudo asks for a password; set sudo_password",
		},
		"another processor": {
			programs: map[string]string{"uname": `[ "$1" = -m ] && echo riscv64 || echo Linux`},
			want:     "cannot seal a Linux/riscv64 machine",
		},
		"another system": {
			programs: map[string]string{"uname": `[ "$1" = -m ] && echo arm64 || echo Darwin`},
			want:     "cannot seal a Darwin/arm64 machine",
		},
		"no such staging folder": {staging: "/nowhere", want: "cannot stage the agent in /nowhere: uid 0 cannot write there"},
		"no user id":             {programs: map[string]string{"id": "true"}, want: `its user id reads ""`},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBuild(t, nil)
			b.path(t, c.programs)
			if c.staging != "" {
				b.settings["staging_directory"] = c.staging
			}
			b.fails(t, c.want)
			if calls := b.calls(t); len(calls) > 0 {
				t.Errorf("ran %q", calls)
			}
		})
	}
}

func TestNeitherRootNorSudo(t *testing.T) {
	b := newBuild(t, nil)
	dir := rehearsal.Programs(t, map[string]string{"id": "echo 1000"})
	for _, tool := range []string{"uname", "mkdir", "chmod", "rm"} { // what the probe needs, and nothing else
		file, err := exec.LookPath(tool)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(file, filepath.Join(dir, tool)); err != nil {
			t.Fatal(err)
		}
	}
	b.comm.Env = []string{"PATH=" + dir}
	b.fails(t, "cannot become root: the login user has uid 1000 and there is no sudo")
}

func TestStagingFolderOnANoexecMount(t *testing.T) {
	b := newBuild(t, nil)
	mount(t, b.staging, syscall.MS_NOEXEC, "")
	b.fails(t, "cannot stage the agent in "+b.staging, "noexec", "staging_directory")
}

func TestStagingFolderThatIsFull(t *testing.T) {
	b := newBuild(t, nil)
	mount(t, b.staging, 0, "size=64k")
	b.fails(t, "cannot upload the agent to "+b.staging)
	if !strings.Contains(b.ui.Errors(), "No space left on device") {
		t.Errorf("the far side's own words are not shown:\n%s", b.ui.Errors())
	}
}

// mount puts a tmpfs on a folder for as long as the test runs.
func mount(t *testing.T, folder string, flags uintptr, options string) {
	t.Helper()
	if err := syscall.Mount("tmpfs", folder, "tmpfs", flags, options); err != nil {
		t.Fatalf("cannot mount a tmpfs on %s (this test must run as root): %v", folder, err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(folder, syscall.MNT_DETACH); err != nil {
			t.Errorf("cannot unmount %s: %v", folder, err)
		}
	})
}

// spoilUpload makes what is uploaded arrive as something else.
func spoilUpload(cmd *packersdk.RemoteCmd) (int, bool) {
	if strings.Contains(cmd.Command, "cat >") {
		cmd.Stdin = strings.NewReader("#!/bin/sh\nexit 0\n")
	}
	return 0, false
}

func TestAnUploadThatArrivesBrokenIsNotRun(t *testing.T) {
	b := newBuild(t, nil)
	b.comm.Before = spoilUpload
	b.fails(t, "has sha256 ", "as it was sent")
	if calls := b.calls(t); len(calls) > 0 {
		t.Errorf("ran %q", calls)
	}
}

// A far side without any program for sums: the file is read back.
func TestUploadIsCheckedWithoutSha256sum(t *testing.T) {
	none := map[string]string{"sha256sum": "exit 127", "busybox": "exit 127", "openssl": "exit 127", "shasum": "exit 127"}
	whole := newBuild(t, nil)
	whole.path(t, none)
	if err := whole.run(t); err != nil {
		t.Error(err)
	}
	broken := newBuild(t, nil)
	broken.path(t, none)
	broken.comm.Before = spoilUpload
	broken.fails(t, "has sha256 ", "as it was sent")
}

func TestLoginShellThatGreets(t *testing.T) {
	b := newBuild(t, nil)
	b.comm.Before = func(cmd *packersdk.RemoteCmd) (int, bool) {
		cmd.Command = "echo 'Welcome to {this} machine'; " + cmd.Command
		return 0, false
	}
	if err := b.run(t); err != nil {
		t.Fatal(err)
	}
}

func TestPluginWithoutAgents(t *testing.T) {
	b := newBuild(t, nil)
	b.agents = agent.In(os.DirFS(t.TempDir()))
	b.fails(t, "carries no agent for linux/", "make build")
}
