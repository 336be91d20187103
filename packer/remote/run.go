package remote

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/leaven-dev/leaven/bake/wire"
)

// A Job is one run of the agent.
type Job struct {
	Command string        // install, bake, audit or "mounts apply"
	Flags   []string      // after those that every run has
	Version string        // what the agent must say it is
	Limit   time.Duration // how long the run may take in all
	Armed   bool          // the last stage may be armed by it, or is
}

// The staging folder goes at once when the reader is gone, as the agent's death by a closed pipe (141) or a terminal that hung
// up tells: Packer may have been killed, and nobody is left to ask for it. After an ordinary failure it stays, for Stop and Disarm
// to use. The trap keeps this shell, and not the agent, alive when a terminal hangs up.
const runScript = `d=$1; h=; shift; trap h=1 HUP; "$@"; s=$?; case $h:$s in :[012]|:137|:143) ;; *) rm -rf -- "$d";; esac; exit "$s"`

// A cancelled build's plugins are killed before they could ask for anything: so the far side takes the last stage back by itself
// when its reader is gone. It has to be inside of sudo, which could ask for its password again.
const armedScript = `h=; trap h=1 HUP TERM; "$@"; s=$?; case $h:$s in :[012]|:137|:143) ;; *) "$1" ` + disarm + ` >/dev/null 2>&1;; esac; exit "$s"`

// disarm is the agent's command that takes the last stage back.
const disarm = `bake --root / --disarm --deadline 90s`

// Run runs the agent as root, hands on its change, finding and note records as they come, and returns its end record.
//
// An error means that nothing is known about how the run ended, also when the exit status was 0; the agent may still be
// working, and the caller must Stop it. A run that ended as it should and failed is no error: its end record says so.
func (m *Machine) Run(ctx context.Context, job Job, each func(wire.Record)) (wire.Record, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	limit := time.AfterFunc(job.Limit, func() { cancel(fmt.Errorf("it did not end within %v", job.Limit)) })
	defer limit.Stop()
	silent := time.AfterFunc(m.silence, func() { cancel(fmt.Errorf("nothing was heard of it for %v", m.silence)) })
	defer silent.Stop()

	nonce := rand.Text()
	words := slices.Concat([]string{m.path()}, strings.Fields(job.Command), []string{"--root", "/", "--output", "jsonl", "--nonce", nonce}, job.Flags)
	if job.Armed {
		words = append([]string{"/bin/sh", "-c", armedScript, "leaven"}, words...)
	}
	words, stdin := m.asRoot(words...)
	command := script(runScript, append([]string{m.facts.Staging}, words...)...)
	out, in := io.Pipe()
	exited := make(chan int, 1)
	go func() {
		status, err := m.start(ctx, command, stdin, in)
		exited <- status
		in.CloseWithError(err)
	}()

	opening := opening{nonce: nonce, version: job.Version}
	end, err := wire.Read(out, nonce, func(rec wire.Record) {
		silent.Reset(m.silence)
		if err := opening.check(rec); err != nil {
			cancel(err)
		} else if rec.Type != wire.Begin && rec.Type != wire.Beat {
			each(rec)
		}
	}, func(line string) { fmt.Fprintln(&m.errors, strings.TrimRight(line, "\r")) })
	io.Copy(io.Discard, out) // until the process has ended or was given up
	status := <-exited
	switch {
	case context.Cause(ctx) != nil:
		err = context.Cause(ctx)
	case err != nil:
		err = fmt.Errorf("%w (exit status %d)", err, status)
	case !opening.done:
		err = errors.New("it ended without a begin record")
	case status != *end.Exit:
		err = fmt.Errorf("it said that it exits with %d and exited with %d", *end.Exit, status)
	default:
		return end, nil
	}
	return wire.Record{}, fmt.Errorf("cannot tell how `leaven %s` ended: %w", job.Command, err)
}

// opening sees to it that the agent that runs is the one that was sent, before it is listened to.
type opening struct {
	nonce, version string
	done           bool
}

func (o *opening) check(rec wire.Record) error {
	switch {
	case rec.Type != wire.Begin && !o.done:
		return errors.New("it spoke before its begin record")
	case rec.Type != wire.Begin:
		return nil
	case rec.Nonce != o.nonce:
		return errors.New("its begin record carries another run's nonce")
	case rec.Version != o.version:
		return fmt.Errorf("the agent is version %q and the plugin %q: build both with `make build`", rec.Version, o.version)
	}
	o.done = true
	return nil
}

// OnDisk tells whether the staging folder lies on what becomes the image, where the agent itself could clear it away, and
// which folder that is. /dev/shm and /run are memory.
func (m *Machine) OnDisk() (string, bool) {
	dir := m.facts.Staging
	return dir, !strings.HasPrefix(dir, "/dev/shm/") && !strings.HasPrefix(dir, "/run/")
}
