package leave

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/leaven-dev/leaven/internal/journal"
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
