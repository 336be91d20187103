package keys

import (
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// makeIn is the environment variable that turns the test program into one that only makes keys, for tests that kill it.
const makeIn = "LEAVEN_TEST_MAKE_IN"

func TestMain(m *testing.M) {
	if dir := os.Getenv(makeIn); dir != "" {
		if err := makeKeys(dir, "i-0123456789abcdef0"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func makeKeys(dir, instance string) error {
	root, err := rootfs.Open(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	return Make(root, instance, "root@golden")
}

// killable makes keys in dir, in a process of its own.
func killable(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), makeIn+"="+dir)
	cmd.Stderr = os.Stderr
	return cmd
}
