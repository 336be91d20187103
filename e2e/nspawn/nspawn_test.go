package nspawn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/leaven-dev/leaven/e2e/cache"
	"github.com/leaven-dev/leaven/e2e/debroot"
	"github.com/leaven-dev/leaven/e2e/imds"
	"github.com/leaven-dev/leaven/e2e/netns"
)

func copyRoot(t *testing.T, suite string) string {
	t.Helper()
	root, err := debroot.Build(t.Context(), debroot.Container(suite), t.Output())
	if err != nil {
		t.Fatal(err)
	}
	scratch, err := cache.NewScratch()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := scratch.Close(); err != nil {
			t.Error(err)
		}
	})
	dir := filepath.Join(scratch.Path, "root")
	if err := root.CopyTo(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

func boot(t *testing.T, cfg Config) *Container {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	t.Cleanup(cancel)
	cfg.Console = filepath.Join(t.ArtifactDir(), "console.log")
	c, err := Boot(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	state, err := c.WaitBooted(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if state != "running" {
		failed, _ := c.FailedUnits(ctx)
		t.Errorf("booted %s; failed units:\n%s", state, failed)
	}
	return c
}

func run(t *testing.T, c *Container, args ...string) string {
	t.Helper()
	out, err := c.Run(t.Context(), args...)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(out)
}

func TestBoot(t *testing.T) {
	for _, suite := range []string{"bookworm", "trixie"} {
		t.Run(suite, func(t *testing.T) {
			root := copyRoot(t, suite)
			c := boot(t, Config{Root: root, Credentials: map[string]string{"leaven.instance-id": "i-0123456789abcdef0"}})

			if got := run(t, c, "hostname"); got != "golden" {
				t.Errorf("host name %q", got)
			}
			if got := run(t, c, "systemd-run", "--pipe", "--wait", "--quiet", "--property=LoadCredential=leaven.instance-id", "sh", "-c", "cat $CREDENTIALS_DIRECTORY/*"); got != "i-0123456789abcdef0" {
				t.Errorf("a unit sees the instance id %q", got)
			}
			if got := run(t, c, "ls", "/sys/class/net"); got != "lo" {
				t.Errorf("network devices %q, want only loopback", got)
			}
			if journal, err := c.Journal(t.Context(), "--unit=ssh.service"); err != nil || !strings.Contains(journal, "Server listening") {
				t.Errorf("sshd's journal: %v\n%s", err, journal)
			}
			if _, err := c.Run(t.Context(), "ls", "/no-such-file"); err == nil || !strings.Contains(err.Error(), "No such file") {
				t.Errorf("error of a command that fails: %v", err)
			}
			if err := c.Console.Wait(t.Context(), "golden login:"); err != nil {
				t.Error(err)
			}

			run(t, c, "touch", "/root/kept")
			first := run(t, c, "cat", "/etc/machine-id")
			if err := c.Poweroff(t.Context()); err != nil {
				t.Fatal(err)
			}
			assertGone(t, c)
			c = boot(t, Config{Root: root})
			run(t, c, "test", "-e", "/root/kept")
			if second := run(t, c, "cat", "/etc/machine-id"); second != first {
				t.Errorf("machine-id %s after %s: the second boot is of another root", second, first)
			}
		})
	}
}

func TestRebootAndKill(t *testing.T) {
	root := copyRoot(t, "bookworm")
	c := boot(t, Config{Root: root})
	run(t, c, "systemctl", "reboot", "--no-block")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if reboot, err := c.Wait(ctx); err != nil || !reboot {
		t.Fatalf("Wait after a reboot: %t, %v", reboot, err)
	}
	c = boot(t, Config{Root: root})
	if err := c.Kill(); err != nil {
		t.Fatal(err)
	}
	assertGone(t, c)
}

func TestTwoAtOnce(t *testing.T) {
	a := boot(t, Config{Root: copyRoot(t, "bookworm")})
	b := boot(t, Config{Root: copyRoot(t, "bookworm")})
	if x, y := run(t, a, "cat", "/etc/machine-id"), run(t, b, "cat", "/etc/machine-id"); x == y {
		t.Errorf("both are %s", x)
	}
	if err := a.Kill(); err != nil {
		t.Fatal(err)
	}
	run(t, b, "systemctl", "is-active", "ssh.service")
}

// TestNetwork boots with a metadata service, a second machine on the same wire, and
// a file of this machine.
func TestNetwork(t *testing.T) {
	ns, err := netns.New(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ns.Close() })
	other, err := netns.New(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { other.Close() })
	for _, err := range []error{
		ns.Connect(t.Context(), "eth1", other, "eth1"),
		ns.AddAddress(t.Context(), "eth1", "10.9.0.1/24"),
		other.AddAddress(t.Context(), "eth1", "10.9.0.2/24"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	service, err := imds.Start(t.Context(), ns, imds.Instance("i-0123456789abcdef0"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { service.Close() })
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("from outside"), 0o644); err != nil {
		t.Fatal(err)
	}

	c := boot(t, Config{Root: copyRoot(t, "bookworm"), Network: ns.Path(), Binds: []string{file + ":/srv/file"}})
	if got := run(t, c, "cat", "/srv/file"); got != "from outside" {
		t.Errorf("the bound file holds %q", got)
	}
	answer := run(t, c, "perl", "-MIO::Socket::INET", "-e", `
		$s = IO::Socket::INET->new("169.254.169.254:80") or die "cannot connect: $!";
		print $s "PUT /latest/api/token HTTP/1.0\r\nX-aws-ec2-metadata-token-ttl-seconds: 60\r\n\r\n";
		print <$s>`)
	if !strings.HasPrefix(answer, "HTTP/1.0 200") {
		t.Errorf("asked for a metadata token and got %q", answer)
	}
	conn, err := netns.Dial(t.Context(), other.Path(), "10.9.0.1:22")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	banner := make([]byte, 4)
	if _, err := io.ReadFull(conn, banner); err != nil || string(banner) != "SSH-" {
		t.Errorf("its sshd says %q to the other machine, %v", banner, err)
	}
}

// TestNothingIsLeftWhenKilled kills the process that booted a container.
func TestNothingIsLeftWhenKilled(t *testing.T) {
	if root := os.Getenv("NSPAWN_TEST_ROOT"); root != "" { // we are the one to be killed
		c := boot(t, Config{Root: root})
		fmt.Printf("%d %s\n", c.Leader(), c.group.path)
		time.Sleep(time.Minute)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestNothingIsLeftWhenKilled$")
	cmd.Env = append(os.Environ(), "NSPAWN_TEST_ROOT="+copyRoot(t, "bookworm"))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var leader int
	var group string
	_, err = fmt.Fscan(out, &leader, &group)
	cmd.Process.Kill()
	cmd.Wait()
	if err != nil {
		t.Fatalf("the container did not boot: %v", err)
	}
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		_, err := os.Stat(group)
		if !isSystemd(leader) && errors.Is(err, fs.ErrNotExist) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("after 30 s: systemd runs: %t; control group: %v", isSystemd(leader), err)
		}
	}
	for deadline := time.Now().Add(10 * time.Second); mounted(t, filepath.Base(group)) && time.Now().Before(deadline); {
		time.Sleep(50 * time.Millisecond)
	}
	assertNoMount(t, filepath.Base(group))
}

func TestBootSaysWhy(t *testing.T) {
	_, err := Boot(t.Context(), Config{Root: filepath.Join(t.TempDir(), "nothing"), Console: filepath.Join(t.TempDir(), "console.log")})
	if err == nil || !strings.Contains(err.Error(), "nothing") || !strings.Contains(err.Error(), "console.log") {
		t.Errorf("error is %v", err)
	}
}

// assertNoMount checks for what nspawn mounts on this machine, by the name of the machine.
func assertNoMount(t *testing.T, machine string) {
	t.Helper()
	if mounted(t, machine) {
		t.Errorf("a mount of %s is left", machine)
	}
	if left, _ := filepath.Glob("/run/systemd/nspawn/*/" + machine); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}

func mounted(t *testing.T, machine string) bool {
	t.Helper()
	table, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Contains(string(table), machine)
}

// assertGone checks that the container left no process and no control group.
func assertGone(t *testing.T, c *Container) {
	t.Helper()
	if isSystemd(c.Leader()) {
		t.Errorf("its systemd still runs as %d", c.Leader())
	}
	if _, err := os.Stat(c.group.path); err == nil {
		t.Errorf("%s is left", c.group.path)
	}
	assertNoMount(t, c.group.machine())
}
