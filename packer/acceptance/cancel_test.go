package acceptance

import (
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/leaven-dev/leaven/packer/internal/rehearsal"
)

// Whatever ends a build early, no agent goes on working and none is left lying about.
func TestABuildThatIsEndedEarly(t *testing.T) {
	there := startServer(t)
	for name, c := range map[string]struct {
		user, communicator, settings string
		signal                       syscall.Signal
		first                        bool // to Packer's first process alone
	}{
		"interrupted":                       {user: "root", signal: syscall.SIGINT},
		"interrupted, with sudo":            {user: "free", signal: syscall.SIGINT},
		"interrupted, with a password":      {user: "careful", settings: "sudo_password = var.sudo_password", signal: syscall.SIGINT},
		"interrupted, on a terminal":        {user: "free", communicator: "ssh_pty = true", signal: syscall.SIGINT},
		"terminated":                        {user: "free", signal: syscall.SIGTERM},
		"terminated, as by a CI system":     {user: "root", signal: syscall.SIGTERM, first: true},
		"killed, so that nobody cleans up":  {user: "root", signal: syscall.SIGKILL},
		"killed, with sudo":                 {user: "free", signal: syscall.SIGKILL},
		"timed out by Packer":               {user: "free", settings: `timeout = "8s"`},
		"timed out by Packer, and password": {user: "careful", settings: "timeout = \"8s\"\nsudo_password = var.sudo_password"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSealing(t, there, map[string]rehearsal.Act{"bake": {Hang: true}})
			cmd := packerCommand(s.home, "build", "-color=false", "-var", "sudo_password="+password, s.template(t, c.user, c.communicator, c.settings))
			cmd.Env = append(cmd.Env, rehearsal.AgentsVariable+"="+s.agents, "PACKER_LOG=1", "PACKER_LOG_PATH="+filepath.Join(s.home, "packer.log"))
			text := start(t, cmd)
			s.await(t)
			if c.signal != 0 {
				// A terminal's Ctrl-C goes to the plugins too. Packer's first process hands on SIGTERM, and not SIGINT.
				target := -cmd.Process.Pid
				if c.first {
					target = cmd.Process.Pid
				}
				if err := syscall.Kill(target, c.signal); err != nil {
					t.Fatal(err)
				}
			}
			if err := cmd.Wait(); err == nil {
				t.Errorf("Packer ends with status 0:\n%s", text.String())
			}
			s.gone(t, text.String())
			runs := rehearsal.Entries(t, s.log)
			if !slices.Contains(runs[len(runs)-1].Args, "--disarm") {
				t.Errorf("the last stage is not taken back: %s", text.String())
			}
			if strings.Contains(text.String(), "battery") {
				t.Errorf("the password is in the output:\n%s", text.String())
			}
		})
	}
}

// gone waits until nothing of the agent is left. It may take a beat after Packer is gone, not more than a few seconds.
func (s *sealing) gone(t *testing.T, text string) {
	t.Helper()
	started := time.Now()
	for {
		left := s.left(t)
		if left == "" {
			t.Logf("gone %v after Packer", time.Since(started).Round(100*time.Millisecond))
			return
		}
		if time.Since(started) > 10*time.Second {
			t.Fatalf("still there:\n%s\nPacker said:\n%s", left, text)
		}
		time.Sleep(100 * time.Millisecond)
	}
}
