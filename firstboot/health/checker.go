package health

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/leaven-dev/leaven/firstboot"
	"github.com/leaven-dev/leaven/internal/journal"
)

// Source is what an answer is made of. Only Leaving is called by several at once.
type Source struct {
	Status  func() (firstboot.Status, error)
	Leaving func() (bool, error)
	// Probes are called anew for each look, so that they follow the configuration. Fresh is how long what they say is good.
	Probes func(ctx context.Context, s firstboot.Status) (probes []firstboot.Probe, fresh time.Duration, err error)
	Log    func(journal.Entry)
}

const (
	probeDeadline = 2 * time.Second
	patience      = probeDeadline + time.Second // for a whole look
	// soon is how long an answer is good that will change by itself, and that costs no probes.
	soon = time.Second
)

// Checker finds out how the instance is, once for all who ask at the same time.
type Checker struct {
	source Source

	mu      sync.Mutex
	last    Answer
	good    time.Time            // until when
	flight  *flight              // the look under way; nil without
	running map[string]time.Time // probes that have not returned, by name, since when
}

// flight is a look under way.
type flight struct {
	began  time.Time
	landed chan struct{}
}

// NewChecker makes a checker that has not looked yet.
func NewChecker(s Source) *Checker {
	return &Checker{source: s, running: map[string]time.Time{}}
}

// Answer tells how the instance is. What was found lately is told again, except that an instance which leaves says so at once.
func (c *Checker) Answer(ctx context.Context) Answer {
	c.mu.Lock()
	if time.Now().Before(c.good) {
		defer c.mu.Unlock()
		return c.leaving(c.last)
	}
	if c.flight == nil {
		c.flight = &flight{time.Now(), make(chan struct{})}
		go c.look(c.flight)
	}
	f := c.flight
	c.mu.Unlock()
	late := time.NewTimer(time.Until(f.began.Add(patience)))
	defer late.Stop()
	select {
	case <-f.landed:
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.leaving(c.last)
	case <-late.C:
	case <-ctx.Done():
	}
	return unknown("the instance cannot be looked at in time", fmt.Errorf("it has been looked at since %s", f.began.Format(time.TimeOnly)))
}

// look makes an answer and keeps it.
func (c *Checker) look(f *flight) {
	a, fresh := c.find()
	c.mu.Lock()
	defer c.mu.Unlock()
	if !a.same(c.last) {
		c.tell(a)
	}
	c.last, c.good, c.flight = a, time.Now().Add(fresh), nil
	close(f.landed)
}

// find looks at all that an answer is made of.
func (c *Checker) find() (a Answer, fresh time.Duration) {
	defer func() {
		if p := recover(); p != nil {
			a, fresh = unknown("a mistake in Leaven", fmt.Errorf("panic: %v\n%s", p, debug.Stack())), soon
		}
	}()
	if a := c.leaving(Answer{Status: OK}); a.Status != OK {
		return a, soon
	}
	s, err := c.source.Status()
	if err != nil {
		return unknown("first boot's records cannot be read", err), soon
	}
	a = judge(s)
	if a.Status != OK {
		return a, soon
	}
	ctx, cancel := context.WithTimeoutCause(context.Background(), probeDeadline, fmt.Errorf("no answer within %v", probeDeadline))
	defer cancel()
	probes, fresh, err := c.source.Probes(ctx, s)
	if err != nil {
		return unknown("the configuration cannot be read", err), soon
	}
	if bad := c.probeAll(ctx, probes); bad.Status != OK {
		return bad, fresh
	}
	return a, fresh
}

// leaving is the answer of an instance that leaves, or else a.
func (c *Checker) leaving(a Answer) Answer {
	leaving, err := c.source.Leaving()
	switch {
	case err != nil:
		return unknown("it cannot be told whether the instance is leaving", err)
	case leaving:
		return Answer{Status: Leaving, Reason: "this instance is leaving"}
	}
	return a
}

// probeAll runs probes side by side.
func (c *Checker) probeAll(ctx context.Context, probes []firstboot.Probe) Answer {
	errs := make([]error, len(probes))
	var wait sync.WaitGroup
	for i, p := range probes {
		wait.Go(func() { errs[i] = c.probe(ctx, p) })
	}
	wait.Wait()
	a := Answer{Status: OK}
	var details []string
	for i, err := range errs {
		if err != nil {
			a.Probes = append(a.Probes, probes[i].Name)
			details = append(details, fmt.Sprintf("%s: %v", probes[i].Name, err))
		}
	}
	if len(a.Probes) > 0 {
		a.Status, a.Reason, a.Detail = Unhealthy, "probes that fail: "+strings.Join(a.Probes, ", "), strings.Join(details, "; ")
	}
	return a
}

// probe runs one until ctx ends. One that does not heed that goes on by itself.
func (c *Checker) probe(ctx context.Context, p firstboot.Probe) error {
	c.mu.Lock()
	since, hangs := c.running[p.Name]
	if !hangs {
		c.running[p.Name] = time.Now()
	}
	c.mu.Unlock()
	if hangs {
		return fmt.Errorf("it was started at %s and has not returned", since.Format(time.TimeOnly))
	}
	done := make(chan error, 1)
	go func() {
		err := errors.New("it ended without an answer") // runtime.Goexit
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("panic: %v", p)
			}
			c.mu.Lock()
			delete(c.running, p.Name)
			c.mu.Unlock()
			done <- err
		}()
		err = p.Run(ctx)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// tell logs a change.
func (c *Checker) tell(a Answer) {
	e := journal.Entry{Message: "health: " + a.String(), Step: "health", Result: string(a.Status), Level: journal.Warning}
	if a.Status == OK || a.Status == Starting {
		e.Level = journal.Info
	}
	c.source.Log(e)
}
