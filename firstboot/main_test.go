package firstboot

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/leaven-dev/leaven/internal/journal"
	"github.com/leaven-dev/leaven/internal/rootfs"
)

// runIn is the environment variable that turns the test program into one that only runs the identity stage in a tree, for
// tests that kill it.
const runIn = "LEAVEN_TEST_RUN_IN"

func TestMain(m *testing.M) {
	if dir := os.Getenv(runIn); dir != "" {
		if sum := runStages(dir, Identity); sum.Result != OK {
			fmt.Fprintln(os.Stderr, sum)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func runStages(dir string, stages ...Stage) Summary {
	root, err := rootfs.Open(dir)
	if err != nil {
		return Summary{Result: Failed, Message: err.Error()}
	}
	defer root.Close()
	a := &Agent{Root: root, Version: "test", Hostname: "golden", Log: func(journal.Entry) {}}
	var sum Summary
	for _, stage := range stages {
		sum = a.Run(context.Background(), stage)
	}
	return sum
}

// killable runs the identity stage in dir, in a process of its own.
func killable(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), runIn+"="+dir)
	cmd.Stderr = os.Stderr
	return cmd
}

// instance lays out a root as an EC2 instance on Nitro has it at its first boot, from an image with host keys in it.
func instance(t *testing.T, id string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"etc/ssh/sshd_config":                   "",
		"etc/ssh/ssh_host_rsa_key":              "baked",
		"etc/ssh/ssh_host_rsa_key.pub":          "baked",
		"etc/ssh/ssh_host_ed25519_key-cert.pub": "baked",
		"etc/hosts":                             "127.0.0.1 localhost\n",
		"etc/hostname":                          "golden\n",
		"var/lib/leaven/seal.json":              `{"schema":"leaven/seal/1","time":"` + time.Now().UTC().Format(time.RFC3339) + `"}`, // the file is as old as it says

		"etc/machine-id":                   "0123456789abcdef0123456789abcdef\n",
		"sys/class/dmi/id/sys_vendor":      "Amazon EC2\n",
		"sys/class/dmi/id/board_asset_tag": id + "\n",
		"sys/class/dmi/id/product_uuid":    "ec2e1916-9099-7caf-fd21-012345abcdef\n",
	} {
		write(t, dir, name, text)
	}
	reboot(t, dir, "1")
	return dir
}

// reboot begins another boot of a tree.
func reboot(t *testing.T, dir, boot string) {
	t.Helper()
	write(t, dir, "proc/sys/kernel/random/boot_id", "boot-"+boot+"\n")
	if err := os.RemoveAll(filepath.Join(dir, "run")); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// names lists the files below dir/sub.
func names(t *testing.T, dir, sub string) []string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(filepath.Join(dir, sub), func(name string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			list = append(list, strings.TrimPrefix(name, dir+"/"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}
