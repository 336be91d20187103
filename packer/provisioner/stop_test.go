package provisioner

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"

	"github.com/leaven-dev/leaven/packer/internal/rehearsal"
)

// A communicator that loses its session says status 0 and leaves the process running.
func TestABrokenSessionLeavesNoAgentRunning(t *testing.T) {
	b := newBuild(t, map[string]rehearsal.Act{"bake": {Hang: true}})
	b.comm.Before = func(cmd *packersdk.RemoteCmd) (int, bool) {
		if !strings.Contains(cmd.Command, " --nonce ") || !strings.Contains(cmd.Command, " bake ") {
			return 0, false
		}
		shell := exec.Command("/bin/sh", "-c", cmd.Command) // nobody hears it any more
		if err := shell.Start(); err != nil {
			t.Error(err)
		}
		go shell.Wait()
		b.await(t, 2)
		return 0, true
	}
	b.fails(t, "the agent's records stop before the end record (exit status 0)")
}

func TestCancellingStopsTheAgent(t *testing.T) {
	for name, act := range map[string]rehearsal.Act{
		"that ends when asked":   {Hang: true},
		"that must be killed":    {Hang: true, IgnoreSignal: true},
		"that says nothing more": {Hang: true, Mute: true},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBuild(t, map[string]rehearsal.Act{"bake": act})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			b.ctx = ctx
			go func() {
				defer cancel()
				entries := b.await(t, 2)
				if len(entries) != 2 || !running(entries[1]) {
					t.Errorf("the agent does not run before the build is cancelled: %+v", entries)
				}
			}()
			b.fails(t, "context canceled")
		})
	}
}

func TestCancelledBeforeItBegins(t *testing.T) {
	b := newBuild(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	b.ctx = ctx
	b.fails(t, "cannot probe the far side: context canceled")
	if calls := b.calls(t); len(calls) > 0 {
		t.Errorf("ran %q", calls)
	}
}

// The probe that is given up makes its folder only after that; nothing of it may stay.
func TestCancelledWhileItProbes(t *testing.T) {
	b := newBuild(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	b.ctx = ctx
	b.comm.Before = func(cmd *packersdk.RemoteCmd) (int, bool) {
		if strings.Contains(cmd.Command, "mkdir") {
			cmd.Command = "sleep 1; " + cmd.Command
			cancel()
		}
		return 0, false
	}
	b.fails(t, "cannot probe the far side: context canceled")
	time.Sleep(1500 * time.Millisecond) // until the probe must have ended
	if left, err := os.ReadDir(b.staging); err != nil || len(left) > 0 {
		t.Errorf("left in the staging folder: %v, %v", left, err)
	}
}

// removal matches the command that asks for removal, with the id of the staging folder.
var removal = regexp.MustCompile(`rm -rf -- "\$t"; if .* leaven ([A-Z2-7]{26}) `)

// The run removes the staging folder by itself when its reader is gone: then so is Packer, and nobody asks for it any more.
func TestARunWithoutAReaderRemovesItselfWithoutBeingAsked(t *testing.T) {
	b := newBuild(t, map[string]rehearsal.Act{"install": {NoEnd: true, Exit: 141}}) // 128 + SIGPIPE
	asked := 0
	b.comm.Before = func(cmd *packersdk.RemoteCmd) (int, bool) {
		if removal.MatchString(cmd.Command) {
			asked++
			if left, err := os.ReadDir(b.staging); err != nil || len(left) > 0 {
				t.Errorf("left when removal is asked for: %v, %v", left, err)
			}
		}
		return 0, false
	}
	b.fails(t, "cannot tell how `leaven install` ended")
	if asked != 1 {
		t.Errorf("removal was asked for %d times", asked)
	}
}

// What cannot be removed from a disk that becomes the image is a failure, although all was sealed.
func TestALeftoverFailsTheBuild(t *testing.T) {
	for name, answer := range map[string]string{"no proof of removal": "", "it is still there": "leaven-%[1]s left /var/tmp/x\nleaven-%[1]s end\n"} {
		t.Run(name, func(t *testing.T) {
			b := newBuild(t, nil)
			b.comm.Before = func(cmd *packersdk.RemoteCmd) (int, bool) {
				m := removal.FindStringSubmatch(cmd.Command)
				if m == nil {
					return 0, false
				}
				if answer != "" {
					fmt.Fprintf(cmd.Stdout, answer, m[1])
				}
				if err := os.RemoveAll(filepath.Join(b.staging, "leaven-"+m[1])); err != nil {
					t.Error(err)
				}
				return 0, true
			}
			b.fails(t, "cannot remove the agent from the far side")
		})
	}
}
