package keys

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// inNamespace is the environment variable of a test program that runs in a mount namespace of its own, where /etc/ssh, /run,
// and /var/lib are the test's.
const inNamespace = "LEAVEN_TEST_IN_NAMESPACE"

// ownMounts runs the test again in a mount namespace of its own; sshd and its configuration insist on absolute names.
func ownMounts(t *testing.T) {
	t.Helper()
	for program, pkg := range map[string]string{"/usr/sbin/sshd": "openssh-server", "/usr/bin/ssh": "openssh-client", "/usr/bin/unshare": "util-linux"} {
		if _, err := os.Stat(program); err != nil {
			t.Fatalf("this test needs %s: apt-get install %s", program, pkg)
		}
	}
	if os.Geteuid() != 0 {
		t.Fatal("this test needs root")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	const mounts = `set -e; mount -t tmpfs -o mode=755 none /etc/ssh; mount -t tmpfs -o mode=755 none /run; mount -t tmpfs -o mode=755 none /var/lib; exec "$@"`
	cmd := exec.Command("unshare", "--mount", "--propagation", "private", "sh", "-c", mounts, "sh", self, "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), inNamespace+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("--- PASS: "+t.Name()+" ")) {
		t.Errorf("in its namespace: %v\n%s", err, out)
	}
}

// server is a real sshd on loopback.
type server struct {
	cmd    *exec.Cmd
	listen string
	log    bytes.Buffer
}

func startServer(t *testing.T) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	l.Close()
	s := &server{listen: port}
	s.cmd = exec.Command("/usr/sbin/sshd", "-D", "-e", "-o", "ListenAddress=127.0.0.1", "-p", port)
	s.cmd.Stderr = &s.log
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.cmd.Process.Kill()
		s.cmd.Wait()
		if t.Failed() {
			t.Logf("sshd said:\n%s", &s.log)
		}
	})
	s.wait(t)
	return s
}

// wait until somebody answers with SSH.
func (s *server) wait(t *testing.T) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		c, err := net.Dial("tcp", "127.0.0.1:"+s.listen)
		if err != nil {
			continue
		}
		c.SetDeadline(time.Now().Add(time.Second))
		hello := make([]byte, 4)
		_, err = c.Read(hello)
		c.Close()
		if err == nil && string(hello) == "SSH-" {
			return
		}
	}
	t.Fatal("sshd does not answer")
}

// reload is what the caller of this package does. sshd starts itself anew.
func (s *server) reload(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond)
	s.wait(t)
}

// connect logs in with a client that knows nothing but what known has, and asks nobody. What it runs there is sshd's own SFTP
// server, which needs no shell with its start-up files and ends with its input.
func (s *server) connect(host, known string, options ...string) (string, error) {
	args := []string{"-F", "none", "-i", "/etc/ssh/login", "-p", s.listen, "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", "-o", "GlobalKnownHostsFile=none",
		"-o", "UserKnownHostsFile=" + known, "-o", "ConnectTimeout=10", "-o", "HostName=127.0.0.1", "-o", "HostKeyAlias=" + host}
	out, err := exec.Command("ssh", append(append(args, options...), "-s", "root@"+host, "sftp")...).CombinedOutput()
	return string(out), err
}

// The real client connects by the authority alone to the real server, and by nothing else.
func TestClientTrustsTheAuthority(t *testing.T) {
	if os.Getenv(inNamespace) == "" {
		ownMounts(t)
		return
	}
	root, err := rootfs.Open("/")
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	config := "Include /etc/ssh/sshd_config.d/*.conf\nUsePAM no\nPasswordAuthentication no\nPermitRootLogin prohibit-password\n" +
		"AuthorizedKeysFile /etc/ssh/login.pub\nSubsystem sftp internal-sftp\nStrictModes no\nPidFile none\n"
	if err := os.WriteFile("/etc/ssh/sshd_config", []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	keygen(t, "-q", "-t", "ed25519", "-N", "", "-f", "/etc/ssh/login")
	if err := Make(root, testInstance, "root@test"); err != nil {
		t.Fatal(err)
	}
	if err := CheckSSHD(t.Context()); err != nil { // /run/sshd is not there yet
		t.Fatal(err)
	}
	sshd := startServer(t)
	if err := MakeRSA(root, testInstance, "root@test", 2048); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"ed25519", "ecdsa", "rsa"} {
		t.Run(kind, func(t *testing.T) {
			ca := filepath.Join("/etc/ssh", kind+"-authority")
			keygen(t, "-q", "-t", kind, "-N", "", "-f", ca)
			public, err := os.ReadFile(ca + ".pub")
			if err != nil {
				t.Fatal(err)
			}
			known := filepath.Join(t.TempDir(), "known_hosts")
			if err := os.WriteFile(known, fmt.Appendf(nil, "@cert-authority * %s", public), 0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := sshd.connect("hub-1", known); err == nil || !strings.Contains(out, "Host key verification failed") {
				t.Fatalf("before signing: the client says %v\n%s", err, out)
			}
			c := certifier()
			c.Authority.KeyFile = ca
			if _, err := c.Sign(t.Context(), root); err != nil {
				t.Fatal(err)
			}
			if err := ServeCertificates(t.Context(), root, CheckSSHD); err != nil {
				t.Fatal(err)
			}
			sshd.reload(t)
			for _, host := range []string{"hub-1", "Hub-1.Example.COM", "192.0.2.7", "2001:db8::7", testInstance} {
				if out, err := sshd.connect(strings.ToLower(host), known); err != nil {
					t.Errorf("to %s: the client says %v\n%s", host, err, out)
				}
			}
			for _, algorithm := range []string{"ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-512"} {
				if out, err := sshd.connect("hub-1", known, "-o", "HostKeyAlgorithms="+algorithm+"-cert-v01@openssh.com"); err != nil {
					t.Errorf("with the %s key: the client says %v\n%s", algorithm, err, out)
				}
			}
			if out, err := sshd.connect("elsewhere.example.com", known); err == nil || !strings.Contains(out, "not a listed principal") {
				t.Errorf("to a name that is not certified: the client says %v\n%s", err, out)
			}
			if due, err := c.Due(root); err != nil || len(due) > 0 {
				t.Errorf("due is %q, error %v", due, err)
			}
		})
	}
}

// The real sshd refuses what is no configuration, and is not left with it.
func TestSSHDRefuses(t *testing.T) {
	if os.Getenv(inNamespace) == "" {
		ownMounts(t)
		return
	}
	root, err := rootfs.Open("/")
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	config := func(text string) {
		t.Helper()
		if err := os.WriteFile("/etc/ssh/sshd_config", []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	config("Include /etc/ssh/sshd_config.d/*.conf\n")
	if err := Make(root, testInstance, "root@test"); err != nil {
		t.Fatal(err)
	}
	keygen(t, "-q", "-t", "ed25519", "-N", "", "-f", "/etc/ssh/authority")
	c := certifier()
	c.Authority.KeyFile = "/etc/ssh/authority"
	if _, err := c.Sign(t.Context(), root); err != nil {
		t.Fatal(err)
	}
	noDropIn := func() {
		t.Helper()
		if _, err := os.Stat(DropIn); err == nil {
			t.Errorf("%s stays", DropIn)
		}
	}
	config("Include /etc/ssh/sshd_config.d/*.conf\nPort what\n")
	if err := ServeCertificates(t.Context(), root, CheckSSHD); err == nil || !strings.Contains(err.Error(), "not in order as it is") || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("error is %v", err)
	}
	noDropIn()
	// A certificate that sshd cannot load; sshd itself only says so and goes on.
	config("Include /etc/ssh/sshd_config.d/*.conf\n")
	file := certificateFile("/etc/ssh/ssh_host_ed25519_key")
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("nothing\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := ServeCertificates(t.Context(), root, CheckSSHD); err == nil || !strings.Contains(err.Error(), "does not load the certificate") {
		t.Errorf("error is %v", err)
	}
	noDropIn()
	if err := os.WriteFile(file, good, 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := ServeCertificates(ctx, root, CheckSSHD); err == nil {
		t.Error("no error with a context that is over")
	}
	noDropIn()
	if err := ServeCertificates(t.Context(), root, CheckSSHD); err != nil {
		t.Error(err)
	}
}
