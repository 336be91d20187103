package acceptance

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leaven-dev/leaven/bake/report"
	"github.com/leaven-dev/leaven/bake/wire"
	"github.com/leaven-dev/leaven/packer/internal/rehearsal"
	"github.com/leaven-dev/leaven/packer/provisioner"
)

// A sealing is one `packer build` with the null builder against a server.
type sealing struct {
	*server
	home   string
	log    string // of the stand-in
	agents string
	before string // blocks of the template before the one that seals
}

func newSealing(t *testing.T, s *server, commands map[string]rehearsal.Act) *sealing {
	t.Helper()
	inside := "/var/log/standin-" + rand.Text()
	agents := rehearsal.Agents(t, rehearsal.Script{Log: inside, Commands: commands})
	return &sealing{server: s, home: t.TempDir(), log: filepath.Join(s.root, inside), agents: agents}
}

// template is a build by user, with settings for the communicator and for the provisioner.
func (s *sealing) template(t *testing.T, user, communicator, settings string) string {
	t.Helper()
	return write(t, s.home, fmt.Sprintf(`
packer {
  required_plugins {
    leaven = {
      version = ">= 0.1.0"
      source  = "github.com/leaven-dev/leaven"
    }
  }
}
variable "sudo_password" {
  type      = string
  default   = ""
  sensitive = true
}
source "null" "here" {
  communicator         = "ssh"
  ssh_host             = "127.0.0.1"
  ssh_port             = %s
  ssh_username         = %q
  ssh_private_key_file = %q
  %s
}
build {
  sources = ["source.null.here"]
  %s
  provisioner "leaven" {
    report = "report.json"
    %s
  }
}`, s.port, user, s.key, communicator, s.before, settings))
}

// build runs Packer to its end.
func (s *sealing) build(t *testing.T, template string, args ...string) (text string, status int) {
	t.Helper()
	cmd := packerCommand(s.home, append(append([]string{"build", "-color=false"}, args...), template)...)
	cmd.Env = append(cmd.Env, rehearsal.AgentsVariable+"="+s.agents, "PACKER_LOG=1", "PACKER_LOG_PATH="+filepath.Join(s.home, "packer.log"))
	return output(t, cmd)
}

// left lists what of the agent is still on the server: files, and processes that run one. /dev/shm and the process table are the server's own.
func (s *sealing) left(t *testing.T) string {
	t.Helper()
	look := "ls -d /dev/shm/* 2>/dev/null; readlink /proc/[0-9]*/exe | grep ^/dev/shm/leaven-"
	for _, entry := range rehearsal.Entries(t, s.log) {
		folder := filepath.Dir(entry.Exe)
		look += "; ls -d " + folder + " 2>/dev/null; readlink /proc/[0-9]*/exe | grep ^" + folder
	}
	return s.run(t, look+"; true")
}

// clean checks that nothing of the agent is left on the server.
func (s *sealing) clean(t *testing.T) {
	t.Helper()
	if left := s.left(t); left != "" {
		t.Errorf("left on the far side:\n%s", left)
	}
}

func (s *sealing) report(t *testing.T) provisioner.Report {
	t.Helper()
	file := filepath.Join(s.home, "report.json")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode() != 0o600 {
		t.Errorf("the report: %v, %v", info.Mode(), err)
	}
	var report provisioner.Report
	if err := json.Unmarshal(data, &report); err != nil {
		t.Fatal(err)
	}
	return report
}

func removed(rule, path string) wire.Record {
	return wire.Record{Type: wire.Change, Change: &report.Change{Rule: rule, Path: path, Action: report.Delete, Bytes: 411, Result: report.Done}}
}

func TestBuildOverSSH(t *testing.T) {
	there := startServer(t)
	for name, c := range map[string]struct {
		user, communicator, settings string
		staged                       string
	}{
		"root":                           {user: "root", staged: "/dev/shm/leaven-"},
		"sudo":                           {user: "free", staged: "/dev/shm/leaven-"},
		"sudo with a password":           {user: "careful", settings: "sudo_password = var.sudo_password", staged: "/dev/shm/leaven-"},
		"root, on a terminal":            {user: "root", communicator: "ssh_pty = true", staged: "/dev/shm/leaven-"},
		"sudo, on a terminal":            {user: "free", communicator: "ssh_pty = true", staged: "/dev/shm/leaven-"},
		"sudo with a password, terminal": {user: "careful", communicator: "ssh_pty = true", settings: "sudo_password = var.sudo_password", staged: "/dev/shm/leaven-"},
		"terminal and sftp":              {user: "free", communicator: "ssh_pty = true\nssh_file_transfer_method = \"sftp\"", staged: "/dev/shm/leaven-"},
		"on the disk":                    {user: "free", settings: `staging_directory = "/var/tmp"`, staged: "/var/tmp/leaven-"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSealing(t, there, map[string]rehearsal.Act{
				"bake":  {Records: []wire.Record{removed("ssh-host-keys", "/etc/ssh/ssh_host_rsa_key"), removed("ssh-host-keys", "/etc/ssh/ssh_host_rsa_key.pub")}},
				"audit": {Records: []wire.Record{{Type: wire.Note, Note: "the audit rests on nothing"}}},
			})
			text, status := s.build(t, s.template(t, c.user, c.communicator, c.settings), "-var", "sudo_password="+password)
			if status != 0 {
				t.Fatalf("status %d:\n%s", status, text)
			}
			for _, line := range []string{
				"ssh-host-keys: 2 deleted, 822 B: /etc/ssh/ssh_host_rsa_key, /etc/ssh/ssh_host_rsa_key.pub\n",
				"note: the audit rests on nothing\n", "leaven: sealed: 2 changes by 1 rule, 822 B gone; audit clean; ",
			} {
				if !strings.Contains(text, line) {
					t.Errorf("output lacks %q:\n%s", line, text)
				}
			}
			var commands []string
			for _, entry := range rehearsal.Entries(t, s.log) {
				commands = append(commands, entry.Args[0])
				if !strings.HasPrefix(entry.Exe, c.staged) || entry.Mode != "-rwx------" {
					t.Errorf("the agent ran as %s with mode %s", entry.Exe, entry.Mode)
				}
				if strings.Contains(entry.Stdin, password) {
					t.Error("the agent could read the password")
				}
			}
			if want := []string{"install", "bake", "audit"}; !slices.Equal(commands, want) {
				t.Errorf("ran %q, want %q", commands, want)
			}
			report := s.report(t)
			if !report.Sealed || report.Build != "here" || report.Builder != "null" {
				t.Errorf("report: %+v", report)
			}
			s.secret(t, text)
			s.clean(t)
		})
	}
}

// secret checks that the password is in no output, log or report.
func (s *sealing) secret(t *testing.T, text string) {
	t.Helper()
	for _, file := range []string{filepath.Join(s.home, "packer.log"), filepath.Join(s.home, "report.json"), filepath.Join(s.root, "var/log/acceptance-sshd.log")} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text += string(data)
	}
	for _, part := range []string{password, "correct horse", "$battery"} {
		if i := strings.Index(text, part); i >= 0 {
			t.Errorf("the password is seen: %q", text[max(0, i-200):min(len(text), i+200)])
		}
	}
}

func TestBuildFails(t *testing.T) {
	there := startServer(t)
	dirty := wire.Record{Type: wire.Finding, Finding: &report.Finding{
		Rule: "ssh-host-keys", Path: "/etc/ssh/ssh_host_rsa_key", Severity: report.Error, State: report.Dirty, Message: "a host key", Fix: "remove it",
	}}
	for name, c := range map[string]struct {
		user, settings string
		commands       map[string]rehearsal.Act
		want           []string
	}{
		"sealing fails": {"root", "", map[string]rehearsal.Act{"bake": {Exit: 1, Error: "1 thing could not be removed from /"}},
			[]string{"the image is not sealed: not all that must go is gone: 1 thing could not be removed from /"}},
		"the audit finds something": {"free", "", map[string]rehearsal.Act{"audit": {Exit: 1, Records: []wire.Record{dirty}}},
			[]string{"the image is not sealed: the audit found what must not be in it", "error: ssh-host-keys: /etc/ssh/ssh_host_rsa_key: a host key", "fix: remove it"}},
		"no end record": {"root", "", map[string]rehearsal.Act{"bake": {NoEnd: true}}, []string{"cannot tell how `leaven bake` ended", "stop before the end record"}},
		"wrong password": {"careful", `sudo_password = "wrong"`, nil,
			[]string{"cannot become root: sudo does not take sudo_password", "far side: sudo: "}},
		"no password": {"careful", "", nil, []string{"sudo asks for a password; set sudo_password"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSealing(t, there, c.commands)
			text, status := s.build(t, s.template(t, c.user, "", c.settings))
			if status == 0 {
				t.Errorf("Packer ends with status 0:\n%s", text)
			}
			for _, want := range c.want {
				if !strings.Contains(text, want) {
					t.Errorf("output lacks %q:\n%s", want, text)
				}
			}
			if s.report(t).Sealed {
				t.Error("the report says sealed")
			}
			s.clean(t)
		})
	}
}

// await waits until the agent bakes.
func (s *sealing) await(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if data, _ := os.ReadFile(s.log); strings.Count(string(data), "\n") == 2 {
			return
		}
	}
	t.Fatal("the agent did not come to bake")
}
