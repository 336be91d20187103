package acceptance

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// password is what the user "careful" needs for sudo.
const password = "correct horse %s 'n' $battery"

// A server is an sshd on 127.0.0.1 with users of its own: root; "free", who may use sudo; "careful", whom sudo asks for a
// password. It lives in a mount namespace in which passwd, shadow and sudoers are other files, so the machine's own users
// are not touched.
type server struct {
	port string
	key  string // private key file that all users accept
	dir  string
}

func startServer(t *testing.T) server {
	t.Helper()
	for _, program := range []string{"/usr/sbin/sshd", "/usr/bin/sudo"} {
		if _, err := os.Stat(program); err != nil {
			t.Fatalf("%v: install the packages openssh-server and sudo", err)
		}
	}
	if os.Geteuid() != 0 {
		t.Fatal("these tests run a server with users of its own: run them as root")
	}
	s := server{dir: t.TempDir(), port: freePort(t)}
	s.key = filepath.Join(s.dir, "key")
	public := writeKey(t, s.key)
	writeKey(t, filepath.Join(s.dir, "hostkey"))
	// All users must reach their home and the keys file; sshd and sudo want root to own both.
	for dir := s.dir; strings.HasPrefix(dir, os.TempDir()) && dir != os.TempDir(); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	hash, err := exec.Command("perl", "-e", "print crypt($ARGV[0], '$6$acceptance$')", password).Output()
	if err != nil {
		t.Fatalf("cannot hash a password: %v", err)
	}
	for name, file := range map[string]struct {
		content string
		mode    os.FileMode
	}{
		"authorized_keys": {string(public), 0o644},
		"passwd": {"root:x:0:0:root:/root:/bin/sh\nsshd:x:100:65534::/run/sshd:/usr/sbin/nologin\n" +
			"free:x:12345:12345::/:/bin/bash\ncareful:x:12346:12346::/:/bin/sh\n", 0o644},
		"shadow":  {fmt.Sprintf("root:*:19000::::::\nsshd:*:19000::::::\nfree:*:19000::::::\ncareful:%s:19000::::::\n", hash), 0o600},
		"sudoers": {"Defaults use_pty\nfree ALL=(ALL) NOPASSWD: ALL\ncareful ALL=(ALL) ALL\n", 0o440},
		"sshd_config": {fmt.Sprintf("Port %s\nListenAddress 127.0.0.1\nHostKey %[2]s/hostkey\nAuthorizedKeysFile %[2]s/authorized_keys\n"+
			"PidFile none\nUsePAM no\nStrictModes no\nPermitRootLogin prohibit-password\nPasswordAuthentication no\nSubsystem sftp internal-sftp\n", s.port, s.dir), 0o600},
	} {
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(file.content), file.mode); err != nil {
			t.Fatal(err)
		}
	}
	s.start(t)
	return s
}

// start runs sshd in its namespace and waits until it answers.
func (s server) start(t *testing.T) {
	t.Helper()
	const inside = `set -e; cd "$1"; for f in passwd shadow sudoers; do mount --bind $f /etc/$f; done
mount -t tmpfs -o mode=755 tmpfs /run; mkdir /run/sshd; mount -t tmpfs -o mode=1777 tmpfs /dev/shm
exec /usr/sbin/sshd -D -e -f "$1/sshd_config"`
	log, err := os.Create(filepath.Join(s.dir, "sshd.log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command("unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", inside, "sh", s.dir)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			text, _ := os.ReadFile(log.Name())
			t.Logf("sshd said:\n%s", text)
		}
	})
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		conn, err := net.Dial("tcp", "127.0.0.1:"+s.port)
		if err == nil {
			conn.Close()
			return
		}
		if time.Now().After(deadline) {
			text, _ := os.ReadFile(log.Name())
			t.Fatalf("sshd does not answer: %v\n%s", err, text)
		}
	}
}

// run runs a command inside the namespace, as root, and returns what it said.
func (s server) run(t *testing.T, command string) string {
	t.Helper()
	text, err := exec.Command("ssh", "-p", s.port, "-i", s.key, "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
		"-o", "LogLevel=ERROR", "root@127.0.0.1", command).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", command, err, text)
	}
	return string(text)
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// writeKey makes a key pair and returns the public half as authorized_keys has it.
func writeKey(t *testing.T, file string) []byte {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return ssh.MarshalAuthorizedKey(key)
}
