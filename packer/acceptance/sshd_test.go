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

	"golang.org/x/crypto/ssh"

	"github.com/leaven-dev/leaven/e2e/debroot"
	"github.com/leaven-dev/leaven/e2e/sshclient"
)

// password is what the user "careful" needs for sudo.
const password = "correct horse %s 'n' $battery"

// A server is an sshd on 127.0.0.1 in a Debian root of its own, with three users: root; "free", who may use sudo; "careful",
// whom sudo asks for a password. Its processes and mounts are in namespaces of their own, which end with it.
type server struct {
	root   string // the Debian root, as seen from here
	port   string
	key    string // private key file that all users accept
	client *sshclient.Client
}

func startServer(t *testing.T) *server {
	t.Helper()
	pristine, err := debroot.Build(t.Context(), debroot.Container("bookworm"), t.Output())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s := &server{root: filepath.Join(dir, "root"), key: filepath.Join(dir, "key"), port: freePort(t)}
	if err := pristine.CopyTo(t.Context(), s.root); err != nil {
		t.Fatal(err)
	}
	s.setUp(t, writeKey(t, s.key))
	s.start(t)
	s.client = s.dial(t)
	return s
}

// setUp gives the root its users and sshd its settings.
func (s *server) setUp(t *testing.T, authorized []byte) {
	t.Helper()
	for name, file := range map[string]struct {
		content string
		mode    os.FileMode
	}{
		"etc/ssh/acceptance_keys": {string(authorized), 0o644},
		"etc/ssh/acceptance_config": {"Port " + s.port + "\nListenAddress 127.0.0.1\nHostKey /etc/ssh/acceptance_host_key\n" +
			"AuthorizedKeysFile /etc/ssh/acceptance_keys\nPidFile none\nUsePAM no\nPermitRootLogin prohibit-password\n" +
			"PasswordAuthentication no\nSubsystem sftp internal-sftp\n", 0o600},
		"etc/sudoers.d/acceptance": {"Defaults use_pty\nfree ALL=(ALL) NOPASSWD: ALL\ncareful ALL=(ALL) ALL\n", 0o440},
	} {
		if err := os.WriteFile(filepath.Join(s.root, name), []byte(file.content), file.mode); err != nil {
			t.Fatal(err)
		}
	}
	writeKey(t, filepath.Join(s.root, "etc/ssh/acceptance_host_key"))
	users := exec.Command("chroot", s.root, "/bin/sh", "-ec",
		"useradd -m -s /bin/bash -p '*' free; useradd -m -s /bin/sh careful; usermod -p '*' root; chpasswd -c SHA512")
	users.Stdin = strings.NewReader("careful:" + password + "\n")
	if text, err := users.CombinedOutput(); err != nil {
		t.Fatalf("cannot make users: %v\n%s", err, text)
	}
}

// start runs sshd in its namespaces.
func (s *server) start(t *testing.T) {
	t.Helper()
	const inside = `set -e; cd "$1"; mount -t proc proc proc
mount -t tmpfs -o mode=755 tmpfs dev; for n in null zero full random urandom tty; do : >dev/$n; mount --bind /dev/$n dev/$n; done
mkdir dev/pts dev/shm; mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts; ln -s pts/ptmx dev/ptmx
mount -t tmpfs -o mode=1777 tmpfs dev/shm; mount -t tmpfs -o mode=755,noexec tmpfs run; mkdir run/sshd
exec chroot . /usr/sbin/sshd -D -e -f /etc/ssh/acceptance_config`
	log, err := os.Create(filepath.Join(s.root, "var/log/acceptance-sshd.log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command("unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "/bin/sh", "-c", inside, "sh", s.root)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			text, _ := os.ReadFile(log.Name())
			t.Logf("sshd said:\n%s", text)
		}
		cmd.Process.Kill()
		cmd.Wait()
	})
}

func (s *server) dial(t *testing.T) *sshclient.Client {
	t.Helper()
	data, err := os.ReadFile(s.key)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.ParsePrivateKey(data)
	if err != nil {
		t.Fatal(err)
	}
	client, err := sshclient.Dial(t.Context(), "127.0.0.1:"+s.port, "root", &sshclient.Key{Signer: signer})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

// run runs a command in the root, as root, and returns its standard output.
func (s *server) run(t *testing.T, command string) string {
	t.Helper()
	text, err := s.client.Run(t.Context(), command)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
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
