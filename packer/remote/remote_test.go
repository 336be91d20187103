package remote

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"

	"github.com/leaven-dev/leaven/bake/wire"
	"github.com/leaven-dev/leaven/packer/agent"
	"github.com/leaven-dev/leaven/packer/internal/rehearsal"
)

// staged returns a machine to which the stand-in was uploaded.
func staged(t *testing.T, comm packersdk.Communicator, act rehearsal.Act) *Machine {
	t.Helper()
	m := New(comm, Options{Staging: t.TempDir()})
	facts, err := m.Probe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	folder := rehearsal.Agents(t, rehearsal.Script{Commands: map[string]rehearsal.Act{"bake": act}})
	a, err := agent.In(os.DirFS(folder)).For(facts.System, facts.Arch)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Upload(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(m.Stop(context.Background()), m.Remove(context.Background())); err != nil {
			t.Error(err)
		}
	})
	return m
}

func ignore(wire.Record) {}

func TestAnAgentThatFallsSilentIsGivenUp(t *testing.T) {
	m := staged(t, &rehearsal.Local{}, rehearsal.Act{Hang: true, Mute: true})
	m.silence = 300 * time.Millisecond
	_, err := m.Run(t.Context(), Job{Command: "bake", Version: rehearsal.Version, Limit: time.Minute}, ignore)
	if err == nil || !strings.Contains(err.Error(), "nothing was heard of it for 300ms") {
		t.Fatal(err)
	}
}

// Beats keep a run alive for longer than the silence that would end it, and not beyond the limit.
func TestAnAgentThatTakesTooLongIsGivenUp(t *testing.T) {
	m := staged(t, &rehearsal.Local{}, rehearsal.Act{Hang: true})
	m.silence = time.Second
	started := time.Now()
	_, err := m.Run(t.Context(), Job{Command: "bake", Version: rehearsal.Version, Limit: 3 * time.Second}, ignore)
	if err == nil || !strings.Contains(err.Error(), "it did not end within 3s") {
		t.Fatal(err)
	}
	if took := time.Since(started); took < 3*time.Second {
		t.Errorf("given up after %v", took)
	}
}

func TestADisconnectIsNoExitStatus(t *testing.T) {
	comm := &rehearsal.Local{}
	m := staged(t, comm, rehearsal.Act{})
	comm.Before = func(*packersdk.RemoteCmd) (int, bool) { return packersdk.CmdDisconnect, true }
	_, err := m.Run(t.Context(), Job{Command: "bake", Version: rehearsal.Version, Limit: time.Minute}, ignore)
	if err == nil || !strings.Contains(err.Error(), "the connection to the far side broke off") {
		t.Error(err)
	}
	comm.Before = nil
}

// stuck is a communicator whose Start never returns, as while it reconnects.
type stuck struct{ packersdk.Communicator }

func (stuck) Start(context.Context, *packersdk.RemoteCmd) error { select {} }

func TestAStartThatHangsDoesNotHangTheBuild(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := New(stuck{}, Options{}).Probe(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestWithoutASettingTheFirstFolderThatFitsIsTaken(t *testing.T) {
	m := New(&rehearsal.Local{}, Options{})
	facts, err := m.Probe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(facts.Staging)
	if err != nil || info.Mode() != os.ModeDir|0o700 {
		t.Errorf("%s: %v, %v", facts.Staging, info, err)
	}
	if _, onDisk := m.OnDisk(); onDisk == strings.HasPrefix(facts.Staging, "/dev/shm/") {
		t.Errorf("%s: on disk %v", facts.Staging, onDisk)
	}
	if err := m.Remove(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(facts.Staging); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", facts.Staging, err)
	}
}

// What quote writes is read back as it was by any shell that a login user may have.
func TestQuote(t *testing.T) {
	words := []string{"", "plain", "two words", "it's", `"$HOME" \ ` + "`id`", "a;b&c|d>e", "*?[x]", "-n", "ünï", "{a,b}", "~root", "a=b"}
	for _, shell := range []string{"/bin/sh", "/bin/bash"} {
		out, err := exec.Command(shell, "-c", "printf '%s\\n' "+quote(words...)).Output()
		if err != nil {
			t.Fatal(err)
		}
		if want := strings.Join(words, "\n") + "\n"; string(out) != want {
			t.Errorf("%s read %q, want %q", shell, out, want)
		}
	}
}

// csh reads no quoted text over several lines.
func TestScriptsAreOneLine(t *testing.T) {
	for _, text := range []string{probeScript, rootScript, putScript, sumScript, runScript, armedScript, stopScript, stoppedScript, disarmScript, removeScript} {
		if strings.Contains(text, "\n") {
			t.Errorf("more than one line: %s", text)
		}
	}
}

func TestTailRemembersTheLast(t *testing.T) {
	var last tail
	for range 1000 {
		io.WriteString(&last, strings.Repeat("x", 99)+"\n")
	}
	io.WriteString(&last, "the end\r\n\r\n")
	lines := last.lines()
	if lines[len(lines)-1] != "the end" || len(last.data) > tailSize {
		t.Errorf("%d bytes, last line %q", len(last.data), lines[len(lines)-1])
	}
}
