package qemu

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/leaven-dev/leaven/e2e/cache"
	"github.com/leaven-dev/leaven/e2e/debroot"
	"github.com/leaven-dev/leaven/e2e/disk"
	"github.com/leaven-dev/leaven/e2e/imds"
	"github.com/leaven-dev/leaven/e2e/netns"
	"github.com/leaven-dev/leaven/e2e/sshclient"
	"golang.org/x/crypto/ssh"
)

// machineOf returns what boots a fresh overlay of an image.
func machineOf(t *testing.T) Config {
	t.Helper()
	root, err := debroot.Build(t.Context(), debroot.VM("bookworm"), t.Output())
	if err != nil {
		t.Fatal(err)
	}
	image, err := root.Image(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	kernel, err := root.Kernel()
	if err != nil {
		t.Fatal(err)
	}
	initrd, err := root.Initrd()
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
	overlay := filepath.Join(scratch.Path, "disk.qcow2")
	if err := disk.Overlay(t.Context(), image, overlay); err != nil {
		t.Fatal(err)
	}
	return Config{Disk: overlay, Kernel: kernel, Initrd: initrd, Dir: t.ArtifactDir()}
}

// askToken asks for a metadata token; what the root has to speak HTTP with is perl.
const askToken = `perl -MIO::Socket::INET -e '
	$s = IO::Socket::INET->new(PeerAddr => "169.254.169.254:80", Timeout => 10) or die "cannot connect: $!";
	print $s "PUT /latest/api/token HTTP/1.0\r\nX-aws-ec2-metadata-token-ttl-seconds: 60\r\n\r\n";
	print <$s>'`

// metadata returns a network with a metadata service in it, where EC2 has it.
func metadata(t *testing.T) (*netns.Namespace, *imds.Fake) {
	t.Helper()
	ns, err := netns.New(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ns.Close() })
	service, err := imds.Start(t.Context(), ns, imds.Instance("i-0123456789abcdef0"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { service.Close() })
	return ns, service
}

func start(t *testing.T, cfg Config) *VM {
	t.Helper()
	vm, err := Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := vm.Close(); err != nil {
			t.Error(err)
		}
	})
	return vm
}

func TestBoot(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	key, err := sshclient.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	ns, service := metadata(t)
	cfg := machineOf(t)
	cfg.Network = ns.Path()
	cfg.InstanceID = "i-0123456789abcdef0"
	cfg.UUID = "ec2e1916-9099-7caf-fd21-012345abcdef"
	cfg.Logins = []sshclient.Login{{User: "admin", Key: key.Authorized}}
	cfg.Credentials = map[string]string{"leaven.instance-id": "i-0fedcba9876543210"}
	vm := start(t, cfg)

	client, err := vm.Dial(ctx, "admin", key)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for command, want := range map[string]string{
		"cat /sys/class/dmi/id/board_asset_tag":                                          "i-0123456789abcdef0",
		"sudo cat /sys/class/dmi/id/product_uuid":                                        "ec2e1916-9099-7caf-fd21-012345abcdef",
		"sudo cat /run/credentials/@system/leaven.instance-id":                           "i-0fedcba9876543210",
		"systemctl is-system-running --wait":                                             "running",
		"echo kept | sudo tee /kept && sudo sync":                                        "kept",
		"ssh-keygen -l -f /etc/ssh/ssh_host_ed25519_key.pub | cut -d' ' -f2 | cut -c1-7": "SHA256:",
	} {
		got, err := client.Run(ctx, command)
		if err != nil || strings.TrimSpace(got) != want {
			t.Errorf("%s: %q, want %q; %v", command, got, want, err)
		}
	}
	if _, err := client.Run(ctx, "ls /no-such-file"); err == nil || !strings.Contains(err.Error(), "No such file") {
		t.Errorf("error of a command that fails: %v", err)
	}
	pub, err := client.Run(ctx, "cat /etc/ssh/ssh_host_ed25519_key.pub")
	if err != nil {
		t.Fatal(err)
	}
	keys, err := sshclient.HostKeys(ctx, vm.SSHAddress(), "ssh-ed25519", "ecdsa-sha2-nistp256")
	if err != nil || len(keys) != 2 {
		t.Fatalf("host keys: %v, %v", keys, err)
	}
	if want := strings.Fields(pub)[1]; !strings.Contains(string(ssh.MarshalAuthorizedKey(keys["ssh-ed25519"])), want) {
		t.Errorf("the server shows another host key than %s", want)
	}

	if answer, err := client.Run(ctx, askToken); err != nil || !strings.HasPrefix(answer, "HTTP/1.0 200") {
		t.Errorf("the guest asked for a metadata token and got %q, %v", answer, err)
	}
	if got := service.Requests(); len(got) != 1 || got[0].Method != "PUT" {
		t.Errorf("requests at the metadata service: %v", got)
	}

	if err := vm.Shutdown(ctx); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(vm.Console.Text(), "Power") {
		t.Errorf("no clean power-off on the console:\n%s", vm.Console.Tail(5))
	}
	m, err := disk.Mount(ctx, cfg.Disk, filepath.Dir(cfg.Disk))
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if text, err := os.ReadFile(filepath.Join(m.Root, "kept")); err != nil || string(text) != "kept\n" {
		t.Errorf("on the disk after the shutdown: %q, %v", text, err)
	}
}

// TestPowerCut shows that a hard power-off comes when it is asked for, and that
// it loses what was not synced: otherwise tests of crash safety would prove nothing.
func TestPowerCut(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	key, err := sshclient.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	cfg := machineOf(t)
	cfg.Logins = []sshclient.Login{{User: "root", Key: key.Authorized}}
	vm := start(t, cfg)
	client, err := vm.Dial(ctx, "root", key)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if answer, err := client.Run(ctx, askToken); err == nil {
		t.Errorf("without a network of its own the guest reached a metadata service: %q", answer)
	}
	cut := make(chan error, 1)
	go func() { cut <- vm.KillAt(ctx, "now-cut-the-power") }()
	client.Run(ctx, "echo kept >/synced; sync; echo lost >/unsynced; echo now-cut-the-power >/dev/ttyS0; sleep 60; sync") // ends with the machine
	if err := <-cut; err != nil {
		t.Fatal(err)
	}
	m, err := disk.Mount(ctx, cfg.Disk, filepath.Dir(cfg.Disk))
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if _, err := os.Stat(filepath.Join(m.Root, "synced")); err != nil {
		t.Error(err)
	}
	if text, _ := os.ReadFile(filepath.Join(m.Root, "unsynced")); len(text) > 0 {
		t.Errorf("unsynced text %q survived the power cut", text)
	}

	// The same disk boots again, and is cut while it boots.
	cfg.Dir = t.TempDir()
	vm = start(t, cfg)
	if err := vm.KillAt(ctx, "Welcome to"); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(vm.Console.Text(), "login:") {
		t.Error("it booted to the end before the power was cut")
	}
}

// TestNothingIsLeftWhenKilled kills the process that started a machine, on this
// machine's network and in another one.
func TestNothingIsLeftWhenKilled(t *testing.T) {
	if disk := os.Getenv("QEMU_TEST_DISK"); disk != "" { // we are the one to be killed
		cfg := Config{Disk: disk, Kernel: os.Getenv("QEMU_TEST_KERNEL"), Initrd: os.Getenv("QEMU_TEST_INITRD"), Dir: t.TempDir()}
		if os.Getenv("QEMU_TEST_NETWORK") != "" {
			ns, _ := metadata(t)
			cfg.Network = ns.Path()
		}
		fmt.Println(start(t, cfg).cmd.Process.Pid)
		time.Sleep(time.Minute)
	}
	cfg := machineOf(t)
	for _, network := range []string{"", "own"} {
		cmd := exec.Command(os.Args[0], "-test.run=^TestNothingIsLeftWhenKilled$")
		cmd.Env = append(os.Environ(), "QEMU_TEST_DISK="+cfg.Disk, "QEMU_TEST_KERNEL="+cfg.Kernel, "QEMU_TEST_INITRD="+cfg.Initrd, "QEMU_TEST_NETWORK="+network)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		var pid int
		_, err = fmt.Fscan(out, &pid)
		cmd.Process.Kill()
		cmd.Wait()
		if err != nil {
			t.Fatalf("the machine did not start: %v", err)
		}
		for deadline := time.Now().Add(10 * time.Second); runs(pid); time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("QEMU still runs as %d", pid)
			}
		}
	}
}

// runs tells whether a process is QEMU still, and not a zombie, which has no command line.
func runs(pid int) bool {
	line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return strings.Contains(string(line), "qemu")
}

func TestStartSaysWhy(t *testing.T) {
	dir := t.TempDir()
	_, err := Start(t.Context(), Config{Disk: filepath.Join(dir, "nothing"), Kernel: "/nothing", Initrd: "/nothing", Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "nothing") || !strings.Contains(err.Error(), "serial.log") {
		t.Errorf("error is %v", err)
	}
}
