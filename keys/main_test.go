package keys

import (
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// The environment variables that turn the test program into one that only does something in a folder, for tests that kill it.
const (
	doIn = "LEAVEN_TEST_DO_IN"
	do   = "LEAVEN_TEST_DO"
)

// deeds are what can be done so.
var deeds = map[string]func(dir string) error{
	"make": func(dir string) error { return makeKeys(dir, testInstance) },
	"rsa":  func(dir string) error { return makeRSA(dir, testInstance) },
	"sign": signKeys,
}

const testInstance = "i-0123456789abcdef0"

func TestMain(m *testing.M) {
	if dir := os.Getenv(doIn); dir != "" {
		if err := deeds[os.Getenv(do)](dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func within(dir string, f func(*rootfs.Root) error) error {
	root, err := rootfs.Open(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	return f(root)
}

func makeKeys(dir, instance string) error {
	return within(dir, func(root *rootfs.Root) error { return Make(root, instance, "root@golden") })
}

func makeRSA(dir, instance string) error {
	return within(dir, func(root *rootfs.Root) error { return MakeRSA(root, instance, "root@golden", 2048) })
}

// killable does a deed in dir, in a process of its own.
func killable(t *testing.T, deed, dir string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), do+"="+deed, doIn+"="+dir)
	cmd.Stderr = os.Stderr
	return cmd
}
