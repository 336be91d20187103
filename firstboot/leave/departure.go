package leave

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/leaven-dev/leaven/internal/journal"
	"github.com/leaven-dev/leaven/internal/retry"
	"github.com/leaven-dev/leaven/internal/rootfs"
)

// Work is what leaving consists of. The functions that are nil are left out.
type Work struct {
	Instance string
	Drain    time.Duration // how long balancers have to notice
	Deadline time.Duration // for all of it
	Command  func(context.Context) error
	Steps    func(context.Context) error
	// Hook completes the pending action of the termination hook; done is false where Auto Scaling waits for none.
	Hook func(context.Context) (done bool, err error)
}

// Departure is a leave that is under way.
type Departure struct {
	root *rootfs.Root
	work Work
	log  func(journal.Entry)

	deadline deadline
	mu       sync.Mutex
	record   Record
	stop     context.CancelCauseFunc // of the run; nil where there is none
}

// grace is what is waited for something that was cut off, so that it can say what it did.
const grace = time.Second

var errCancelled = errors.New("leaving was cancelled")

// Begin begins a leave: from now on the instance is out of service. Run does the rest.
func Begin(root *rootfs.Root, work Work, log func(journal.Entry), n Notice) (*Departure, error) {
	d := &Departure{root: root, work: work, log: log, record: Record{
		Schema: recordSchema, Instance: work.Instance, Began: n.Seen, Notices: []Notice{n}, Result: Running, Phases: []Phase{},
	}}
	d.deadline.nearer(dueBy(n, work.Deadline))
	d.record.Deadline, _, _ = d.deadline.now()
	if err := d.record.write(root, File); err != nil {
		return nil, fmt.Errorf("cannot begin to leave: %w", err)
	}
	d.say(journal.Warning, "", Running, "leaving: "+n.String()+", through by "+d.record.Deadline.UTC().Format(time.TimeOnly))
	return d, nil
}

// Resume goes on with the leave that the record tells of; nil without one. It does not begin again: what is done stays done.
func Resume(root *rootfs.Root, work Work, log func(journal.Entry)) (*Departure, error) {
	r, err := Read(root)
	if r == nil || err != nil {
		return nil, err
	}
	d := &Departure{root: root, work: work, log: log, record: *r}
	d.deadline.nearer(r.Deadline)
	return d, nil
}

// Knows tells whether a notice is part of it.
func (d *Departure) Knows(n Notice) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.ContainsFunc(d.record.Notices, n.same)
}

// Add takes one more notice in: nothing begins again, but what is under way may have to end sooner. It returns true where the leave was
// through and has to run once more, since a hook waits now that did not before.
func (d *Departure) Add(n Notice) (again bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.record.Notices = append(d.record.Notices, n)
	hook, _ := d.record.phase("hook")
	again = !d.record.Ended.IsZero() && n.Kind == Termination && d.work.Hook != nil && hook.Result != OK
	text := "leaving already; also " + n.String()
	switch end := dueBy(n, d.work.Deadline); {
	case again:
		d.deadline = deadline{}
		d.deadline.nearer(end)
		d.record.Ended, d.record.Result = time.Time{}, Running
	case d.record.Ended.IsZero() && d.deadline.nearer(end):
		text += ", so it has to be through by " + end.UTC().Format(time.TimeOnly)
	}
	d.record.Deadline, _, _ = d.deadline.now()
	d.say(journal.Warning, "", d.record.Result, text)
	d.save()
	return again
}

// Run does what is left to do and returns what came of it. When ctx ends, it stops where it is, and a later Resume goes on.
func (d *Departure) Run(ctx context.Context) Record {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	d.mu.Lock()
	d.stop = stop
	through := !d.record.Ended.IsZero()
	d.mu.Unlock()
	if through {
		return d.record
	}
	go d.heed(ctx, stop)

	// What does not heed the end of its time goes on in the background, and nobody waits for it.
	work, abandon := context.WithCancelCause(ctx)
	defer abandon(nil)
	over := make(chan struct{})
	go func() {
		defer close(over)
		d.drain(work)
		d.phase(work, "command", d.work.Command, d.commandEnd)
		d.phase(work, "steps", d.work.Steps, func(_, last time.Time) time.Time { return last })
	}()
	wait, cancel := d.deadline.until(ctx, func(_, last time.Time) time.Time { return last.Add(grace) })
	defer cancel()
	select {
	case <-over:
	case <-wait.Done():
		abandon(errOutOfTime)
		d.cutOff(ctx)
	}
	if ctx.Err() == nil {
		d.hook(ctx)
	}
	return d.end(ctx)
}

// cutOff records what was still running when its time was over, unless the run was stopped.
func (d *Departure) cutOff(ctx context.Context) {
	if ctx.Err() != nil {
		return
	}
	d.mu.Lock()
	running := slices.DeleteFunc(slices.Clone(d.record.Phases), func(p Phase) bool { return p.Result != Running })
	d.mu.Unlock()
	for _, p := range running {
		p.Result, p.Message = Failed, errOutOfTime.Error()+", and it has not ended"
		d.put(p)
	}
}

// end records the outcome, unless the run was stopped.
func (d *Departure) end(ctx context.Context) Record {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stop = nil
	if ctx.Err() != nil {
		d.say(journal.Warning, "", Running, "leaving stops where it is: "+context.Cause(ctx).Error())
		return d.record
	}
	d.record.Ended, d.record.Result = time.Now(), d.record.verdict()
	level := journal.Info
	if d.record.Result != OK {
		level = journal.Error
	}
	d.say(level, "", d.record.Result, fmt.Sprintf("left: %s after %.1f s", d.record.Result, d.record.Ended.Sub(d.record.Began).Seconds()))
	d.save()
	r := d.record
	r.Phases = slices.Clone(r.Phases)
	return r
}

// heed stops the run when it is cancelled: the record is gone then.
func (d *Departure) heed(ctx context.Context, stop context.CancelCauseFunc) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if there, err := Under(d.root); err == nil && !there {
				stop(errCancelled)
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// drain waits for balancers to notice, for half of the time that is left at most.
func (d *Departure) drain(ctx context.Context) {
	d.phase(ctx, "drain", func(ctx context.Context) error {
		<-ctx.Done()
		if cause := context.Cause(ctx); !errors.Is(cause, errOutOfTime) {
			return cause
		}
		return nil
	}, func(began, last time.Time) time.Time {
		return began.Add(min(d.work.Drain, last.Sub(began)/2))
	})
}

// commandEnd gives the command two thirds of the time that is left, where steps come after it.
func (d *Departure) commandEnd(began, last time.Time) time.Time {
	if d.work.Steps == nil {
		return last
	}
	return began.Add(last.Sub(began) * 2 / 3)
}

// phase does one thing, until at says at the latest, and records it. What was begun before and cut off is done again; what has ended,
// well or not, is not.
func (d *Departure) phase(ctx context.Context, name string, do func(context.Context) error, at func(began, last time.Time) time.Time) {
	d.mu.Lock()
	p, begun := d.record.phase(name)
	if do == nil || begun && !p.Ended.IsZero() || ctx.Err() != nil {
		d.mu.Unlock()
		return
	}
	if !begun {
		p = Phase{Name: name, Began: time.Now()}
	}
	p.Result = Running
	d.record.put(p)
	d.save()
	d.mu.Unlock()
	within, cancel := d.deadline.until(ctx, func(_, last time.Time) time.Time { return at(p.Began, last) })
	defer cancel()
	err := do(within)
	if ctx.Err() != nil {
		return // stopped; it is neither done nor failed
	}
	p.Result, p.Message = OK, ""
	if err != nil {
		p.Result, p.Message = Failed, err.Error()
	}
	d.put(p)
}

// put records how a phase ended.
func (d *Departure) put(p Phase) {
	d.mu.Lock()
	defer d.mu.Unlock()
	p.Ended = time.Now()
	d.record.put(p)
	d.save()
	text, level := fmt.Sprintf("leave %s: %s in %.1f s", p.Name, p.Result, p.Ended.Sub(p.Began).Seconds()), journal.Info
	if p.Message != "" {
		text += ": " + p.Message
	}
	if p.Result == Failed {
		level = journal.Error
	}
	d.say(level, "leave-"+p.Name, p.Result, text)
}

// hook completes the hook. It is tried until the end, and once in any case.
func (d *Departure) hook(ctx context.Context) {
	if d.work.Hook == nil {
		return
	}
	d.mu.Lock()
	p := Phase{Name: "hook", Began: time.Now(), Result: Running}
	d.record.put(p)
	d.save()
	waits := slices.ContainsFunc(d.record.Notices, func(n Notice) bool { return n.Kind == Termination })
	d.mu.Unlock()
	within, cancel := d.deadline.until(ctx, func(end, _ time.Time) time.Time {
		if soonest := p.Began.Add(margin); end.Before(soonest) {
			return soonest
		}
		return end
	})
	defer cancel()
	done, err := d.complete(within, waits)
	switch {
	case ctx.Err() != nil:
		return
	case err != nil:
		p.Result, p.Message = Failed, err.Error()
	case done:
		p.Result = OK
	default:
		p.Result, p.Message = Nothing, "Auto Scaling waits for no answer"
	}
	d.put(p)
}

// complete answers the hook. Where Auto Scaling has said that it terminates the instance, an action that is not there may come yet.
func (d *Departure) complete(ctx context.Context, waits bool) (done bool, err error) {
	errNone := errors.New("there is no action to complete")
	err = retry.Do(ctx, func(ctx context.Context) error {
		result := make(chan error, 1)
		go func() { // a call that does not heed ctx must not hold us up
			is, err := d.work.Hook(ctx)
			if err == nil && !is {
				err = errNone
			}
			result <- err
		}()
		select {
		case err = <-result:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if errors.Is(err, errNone) && !waits {
			return retry.Stop(err)
		}
		return err
	})
	if errors.Is(err, errNone) {
		return false, nil
	}
	return err == nil, err
}

// save writes the record. Whoever calls it holds mu. That a disk is full must not keep the instance from leaving.
func (d *Departure) save() {
	there, err := Under(d.root)
	if err == nil && !there {
		if d.stop != nil {
			d.stop(errCancelled)
		}
		return
	}
	if err := errors.Join(d.record.write(d.root, File), d.record.write(d.root, keepFile(d.record.Instance))); err != nil {
		d.log(journal.Entry{Level: journal.Warning, Message: "cannot record how leaving goes: " + err.Error(), Stage: "leave"})
	}
}

func (d *Departure) say(level journal.Level, step string, result Result, text string) {
	d.log(journal.Entry{Level: level, Message: text, Stage: "leave", Step: step, Result: string(result), Instance: d.work.Instance})
}
