package firstboot

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/leaven-dev/leaven/internal/rootfs"
	"github.com/leaven-dev/leaven/keys"
)

// Agent runs first boot in a tree.
type Agent struct {
	Root        *rootfs.Root
	Version     string                                 // of Leaven
	Hostname    string                                 // for the comment of host keys
	Credentials string                                 // the folder $CREDENTIALS_DIRECTORY, or ""
	Console     func([]byte) error                     // writes to the console, in one write; nil where there is none
	Log         func(line string)                      // tells people and the journal how it goes
	Relabel     func(context.Context, ...string) error // gives files their SELinux labels; nil without SELinux
	SetHostname func(name string) error                // tells the kernel; nil for a tree that is not this system
	Steps       []Step                                 // what plugins need, with network and after identity
}

// Run runs a stage and returns how the instance stands after it. It can be run again at any time.
func (a *Agent) Run(ctx context.Context, stage Stage) Summary {
	began := time.Now()
	rec := StageRecord{Stage: stage, PID: os.Getpid(), Started: began.UTC(), Result: Running}
	b, who, err := a.open(ctx, &rec)
	if err == nil {
		defer b.lock.Close()
		b.note(func(s *State) { s.putStage(rec) })
		err = (&runner{stage: stage, book: b, log: a.Log}).run(ctx, a.steps(stage, b, who))
	}
	rec.Result = Failed
	if err == nil {
		rec.Result = b.verdict(stage)
	} else if errors.Is(err, errCorrupt) {
		rec.Result = a.withoutRecords(who)
	}
	rec.Ended, rec.Seconds = time.Now().UTC(), seconds(time.Since(began))
	if b != nil {
		b.update(func(s *State) { s.putStage(rec) })
		b.event(Event{Stage: stage, Event: string(rec.Result), Seconds: rec.Seconds})
		// A full or read-only disk must not lock anybody out of an instance whose keys are made.
		if bad := b.close(); bad != nil && rec.Result == OK {
			rec.Result, err = Degraded, WithCure(fmt.Errorf("cannot write the records: %w", bad), "look at the disk that holds "+stateDir)
		}
	}
	if stage == Identity && rec.Result != Failed {
		if bad := pass(a.Root, who.ID); bad != nil {
			rec.Result, err = Failed, bad
		}
	}
	if err != nil {
		rec.Message, rec.Cure = err.Error(), cureOf(err)
	}
	if err := saveStage(a.Root, rec); err != nil {
		a.Log(err.Error())
	}
	return a.tell(rec, b)
}

// tell gives the verdict: the last stage always, the first one only when it fails, since a later stage may never come then.
func (a *Agent) tell(rec StageRecord, b *book) Summary {
	stages := []StageRecord{rec}
	if rec.Stage == Provision {
		if identity, ran, err := loadStage(a.Root, Identity, rec.Boot); err == nil && ran {
			stages = []StageRecord{identity, rec}
		}
	}
	var state *State
	if b != nil {
		state = &b.state
	}
	sum := summarize(stages, state, rec.Boot)
	if rec.Stage == Identity && sum.Result != Failed {
		return sum
	}
	text := "leaven: " + sum.String()
	a.Log(text)
	if a.Console != nil {
		if err := a.Console([]byte("\n" + text + "\n")); err != nil {
			a.Log(err.Error())
		}
	}
	return sum
}

// open finds out who this machine is and opens its records. Where the error is errCorrupt, who is known and there is no book.
func (a *Agent) open(ctx context.Context, rec *StageRecord) (*book, identification, error) {
	var who identification
	if rec.Stage == Identity {
		if err := revoke(a.Root); err != nil {
			return nil, who, err
		}
	}
	boot, err := line(a.Root, "/proc/sys/kernel/random/boot_id")
	if err != nil {
		return nil, who, err
	}
	rec.Boot = boot
	if err := saveStage(a.Root, *rec); err != nil {
		return nil, who, err
	}
	lock, err := Lock(ctx, a.Root)
	if err != nil {
		return nil, who, err
	}
	b, who, err := a.read(boot)
	if err != nil {
		lock.Close()
		return nil, who, err
	}
	b.lock = lock
	if err := b.begin(); err != nil {
		b.failed = err
	}
	return b, who, nil
}

// read finds out who this machine is and reads its records.
func (a *Agent) read(boot string) (*book, identification, error) {
	who, err := identify(a.Root, a.Credentials)
	if err != nil {
		return nil, who, WithCure(err, "pass the systemd credential leaven.instance-id")
	}
	b, err := openBook(a.Root, who, a.Version, boot)
	if errors.Is(err, errCorrupt) {
		err = WithCure(err, "remove that file to begin the records anew; the host keys are not touched by that")
	}
	return b, who, err
}

// withoutRecords says how an instance stands whose state file is damaged. Nothing is done then: steps that are done once would
// be done again. But the keys have a manifest of their own, and while that says that they are this instance's, sshd may serve
// them; else nobody could log in to repair it.
func (a *Agent) withoutRecords(who identification) Result {
	if s, err := keys.Inspect(a.Root, who.ID); err != nil || s.Progress != keys.Made {
		return Failed
	}
	return Degraded
}

func (a *Agent) steps(stage Stage, b *book, who identification) []Step {
	if stage == Identity {
		return a.identitySteps(who)
	}
	return a.provisionSteps(b.boot)
}

// Plan tells what a run would do, a line a step, and changes nothing.
func (a *Agent) Plan(ctx context.Context, stages ...Stage) ([]string, error) {
	b, who, err := a.read("")
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, stage := range stages {
		steps, err := order(a.steps(stage, b, who))
		if err != nil {
			return lines, err
		}
		for _, s := range steps {
			lines = append(lines, fmt.Sprintf("%s: %s", s.ID, b.plan(ctx, s)))
		}
	}
	return lines, nil
}

func (b *book) plan(ctx context.Context, s Step) string {
	if s.Check == nil {
		if rec, there := b.step(s.ID); there && !rec.Done.IsZero() {
			return "nothing to do: done before"
		}
		return "would be done once: " + s.Title
	}
	v, err := s.Check(ctx)
	switch {
	case err != nil:
		return "would fail: " + err.Error()
	case v.OK:
		return "nothing to do: " + v.Text
	}
	return v.Text
}
