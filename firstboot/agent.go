package firstboot

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/leaven-dev/leaven/firstboot/config"
	"github.com/leaven-dev/leaven/internal/journal"
	"github.com/leaven-dev/leaven/internal/rootfs"
	"github.com/leaven-dev/leaven/internal/schema"
	"github.com/leaven-dev/leaven/keys"
)

// Agent runs first boot in a tree.
type Agent struct {
	Root        *rootfs.Root
	Version     string                                 // of Leaven
	Hostname    string                                 // that the system has by now
	Credentials string                                 // the folder $CREDENTIALS_DIRECTORY, or ""
	Console     func([]byte) error                     // writes to the console, in one write; nil where there is none
	Log         func(journal.Entry)                    // tells people and the journal how it goes
	Relabel     func(context.Context, ...string) error // gives files their SELinux labels; nil without SELinux
	SetHostname func(name string) error                // tells the kernel; nil for a tree that is not this system
	Extend      func(time.Duration)                    // asks the service manager for that much more time; nil where there is none
	Parts       func() []Part                          // what plugins add, anew at each call, since a section is read into its part; may be nil
	UserData    *config.Layer                          // user data that was given on the command line; nil asks the metadata service
	Outside     *Outside                               // nil for a tree that is not this system
}

// Run runs a stage and returns how the instance stands after it. It can be run again at any time.
func (a *Agent) Run(ctx context.Context, stage Stage) Summary {
	lock, lockErr := a.lock(ctx, stage)
	if errors.Is(lockErr, ErrBusy) {
		// Pass and records belong to who is at work: nothing was touched, and nothing is told in its place.
		a.Log(journal.Entry{Message: lockErr.Error(), Level: journal.Error, Stage: string(stage)})
		return Summary{Result: Failed, Message: lockErr.Error(), Yielded: true}
	}
	if lock != nil {
		defer lock.Close()
	}
	began := time.Now()
	rec := StageRecord{Stage: stage, PID: os.Getpid(), Started: began.UTC(), Uptime: uptime(), Result: Running}
	var b *book
	var who identification
	err := a.begin(&rec)
	if err == nil {
		err = lockErr
	}
	if err == nil {
		b, who, err = a.open(rec.Boot)
	}
	if err == nil {
		cut := a.cutOff(rec, b)
		b.note(func(s *State) { s.putStage(rec); s.anew(stage) })
		err = a.phases(ctx, rec, b, who, cut)
	}
	rec.Result = Failed
	if err == nil {
		rec.Result = b.verdict(stage)
	} else if errors.Is(err, errCorrupt) {
		rec.Result = a.withoutRecords(who)
	}
	rec.Ended, rec.Seconds = time.Now().UTC(), seconds(time.Since(began))
	if err != nil {
		rec.Message, rec.Cure = err.Error(), cureOf(err)
	}
	if b != nil {
		b.update(func(s *State) { s.putStage(rec) })
		b.event(Event{Stage: stage, Event: string(rec.Result), Seconds: rec.Seconds})
		// A full or read-only disk must not lock anybody out of an instance whose keys are made.
		switch bad := b.close(); {
		case bad != nil && rec.Result == OK:
			rec.Result, err = Degraded, WithCure(fmt.Errorf("cannot write the records: %w", bad), recordsCure)
		case bad != nil && err == nil:
			err = b.blame(rec) // which the records do not say
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
		a.Log(journal.Entry{Message: err.Error(), Level: journal.Error})
	}
	return a.tell(rec, b)
}

// phases runs the steps of a stage. What later steps are may depend on what earlier ones found.
func (a *Agent) phases(ctx context.Context, rec StageRecord, b *book, who identification, cut error) error {
	r := &runner{stage: rec.Stage, book: b, log: a.Log, extend: a.Extend, line: a.console()}
	defer r.line.close()
	if rec.Stage == Identity {
		return r.run(ctx, a.identitySteps(b, who))
	}
	p := &provision{agent: a, book: b, who: who}
	if cut != nil {
		return p.giveUp(ctx, r, cut)
	}
	if err := r.run(ctx, p.ground()); err != nil {
		return err
	}
	if p.config != nil {
		if err := r.run(ctx, p.work()); err != nil {
			return err
		}
	}
	return r.run(ctx, p.report())
}

// tell gives the verdict: the last stage always, the first one only when it fails, since a later stage may never come then.
func (a *Agent) tell(rec StageRecord, b *book) Summary {
	sum := a.summary(rec, b)
	if rec.Stage == Identity && sum.Result != Failed {
		return sum
	}
	text := "leaven: " + sum.String()
	level := map[Result]journal.Level{OK: journal.Info, Degraded: journal.Warning}
	entry := journal.Entry{ID: journal.Verdict, Level: journal.Error, Message: text, Stage: string(rec.Stage), Step: sum.Step, Result: string(sum.Result), Seconds: sum.Seconds, Instance: sum.Instance}
	if l, known := level[sum.Result]; known {
		entry.Level = l
	}
	a.Log(entry)
	if a.Console != nil {
		if err := a.Console([]byte("\n" + text + "\n")); err != nil {
			a.Log(journal.Entry{Message: err.Error(), Level: journal.Warning})
		}
	}
	return sum
}

// summary judges this boot up to and with a stage.
func (a *Agent) summary(rec StageRecord, b *book) Summary {
	stages := []StageRecord{rec}
	if rec.Stage == Provision {
		if identity, ran, err := loadStage(a.Root, Identity, rec.Boot); err == nil && ran {
			stages = []StageRecord{identity, rec}
		}
	}
	var state *State
	if b != nil {
		state = b.copy()
	}
	return summarize(stages, state, rec.Boot)
}

// begin takes back what the stage may give, and says that it is at work.
func (a *Agent) begin(rec *StageRecord) (err error) {
	if rec.Stage == Identity {
		if err := revoke(a.Root); err != nil {
			return err
		}
	}
	if rec.Boot, err = line(a.Root, "/proc/sys/kernel/random/boot_id"); err != nil {
		return err
	}
	// Who wrote that it is at work had the lock, and is gone.
	if prior, begun, err := loadStage(a.Root, rec.Stage, rec.Boot); err == nil && begun && prior.Result == Running {
		rec.CutOff = prior.CutOff + 1
	}
	return saveStage(a.Root, *rec)
}

// open finds out who this machine is and opens its records. Where the error is errCorrupt, who is known and there is no book.
func (a *Agent) open(boot string) (*book, identification, error) {
	b, who, err := a.read(boot)
	if err != nil {
		return nil, who, err
	}
	if err := b.begin(); err != nil {
		b.failed = err
	}
	b.fail(sweep(a.Root, "/etc"))
	return b, who, nil
}

// sweep removes what writes that were cut off left in a folder: rootfs writes under such a name first.
func sweep(root *rootfs.Root, dir string) error {
	d, err := root.OpenDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer d.Close()
	entries, err := d.ReadDir()
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".leaven-") && e.Type().IsRegular() {
			err = errors.Join(err, d.Remove(e.Name()))
		}
	}
	return err
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

// parts are what plugins add, with nothing read into their sections yet.
func (a *Agent) parts() []Part {
	if a.Parts == nil {
		return nil
	}
	return a.Parts()
}

func sections(parts []Part) []schema.Section {
	var all []schema.Section
	for _, p := range parts {
		all = append(all, p.Section)
	}
	return all
}
