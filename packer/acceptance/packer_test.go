package acceptance

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/leaven-dev/leaven/e2e/cache"
)

// installation is Packer with the rehearsal plugin, made once for all tests.
var installation struct {
	packer  string
	plugins string // PACKER_PLUGIN_PATH
}

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "leaven-acceptance-")
	if err == nil {
		err = install(dir)
	}
	status := 1
	if err != nil {
		fmt.Fprintf(os.Stderr, "cannot run Packer's acceptance tests: %v\n", err)
	} else {
		status = m.Run()
	}
	os.RemoveAll(dir)
	os.Exit(status)
}

// install puts the rehearsal plugin where Packer finds it, and Packer's qemu plugin beside it when it was built.
func install(dir string) error {
	packer, err := tool("packer")
	if err != nil {
		return err
	}
	installation.packer, installation.plugins = packer, filepath.Join(dir, "plugins")
	plugin := filepath.Join(dir, "packer-plugin-leaven")
	build := exec.Command("go", "build", "-o", plugin, "github.com/leaven-dev/leaven/packer/internal/rehearsal/plugin")
	if text, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("cannot build the rehearsal plugin: %w\n%s", err, text)
	}
	qemu, err := tool("packer-plugin-qemu")
	if err != nil {
		return err
	}
	for source, file := range map[string]string{"github.com/leaven-dev/leaven": plugin, "github.com/hashicorp/qemu": qemu} {
		cmd := packerCommand(dir, "plugins", "install", "--path", file, source)
		if text, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("cannot install plugin %s: %w\n%s", source, err, text)
		}
	}
	return nil
}

// tool finds a program that `make tools` builds, or one on PATH. PATH comes second: cracklib has a "packer" too.
func tool(name string) (string, error) {
	file, err := cache.Tool(name)
	if err == nil {
		return file, nil
	}
	if found, _ := exec.LookPath(name); found != "" {
		return found, nil
	}
	return "", err
}

// packerCommand runs Packer with a home of its own, so that nothing of the user's is read or changed.
func packerCommand(home string, args ...string) *exec.Cmd {
	cmd := exec.Command(installation.packer, args...)
	cmd.Dir = home
	cmd.Env = append(os.Environ(), "HOME="+home, "PACKER_CONFIG_DIR="+home, "PACKER_PLUGIN_PATH="+installation.plugins,
		"CHECKPOINT_DISABLE=1", "PACKER_NO_COLOR=1", "TMPDIR="+home)
	return cmd
}

// write puts a template into home and returns its path.
func write(t *testing.T, home, template string) string {
	t.Helper()
	file := filepath.Join(home, "template.pkr.hcl")
	if err := os.WriteFile(file, []byte(strings.TrimSpace(template)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// patience is how long one Packer may take. None of these builds needs more than a few seconds of its own.
const patience = 2 * time.Minute

// start starts a command in a process group of its own. The group ends with the test, or when patience does.
func start(t *testing.T, cmd *exec.Cmd) (text *bytes.Buffer) {
	t.Helper()
	text = &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = text, text
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	end := func() { syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // ESRCH when all have ended
	timer := time.AfterFunc(patience, end)
	t.Cleanup(func() {
		timer.Stop()
		end()
	})
	return text
}

// output runs a command to its end and returns all it said, and its status.
func output(t *testing.T, cmd *exec.Cmd) (string, int) {
	t.Helper()
	text := start(t, cmd)
	cmd.Wait() // the status says it
	return text.String(), cmd.ProcessState.ExitCode()
}
