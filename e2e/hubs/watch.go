package hubs

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// Run is one run of cf-agent on a client: it fetches the policy through the balancer.
type Run struct {
	Began   time.Time
	Took    time.Duration
	Failure string   // what went wrong; "" for a run that got its policy
	Keys    []string // the digests that it was shown
}

// longestRun ends a run that hangs: a client that waits for so long has failed.
const longestRun = time.Minute

// shown are cf-agent's sentences about the key of who answers, as of core 3.21 and 3.24.
var shown = regexp.MustCompile(`(?:received key '|presented untrusted key: |Trusting new key: )((?:MD5|SHA)=[0-9a-f]+)`)

// read judges a run by what cf-agent said: its exit status is 0 for much that went wrong.
func read(out string, err error) (failure string, keys []string) {
	for _, m := range shown.FindAllStringSubmatch(out, -1) {
		if !slices.Contains(keys, m[1]) {
			keys = append(keys, m[1])
		}
	}
	for line := range strings.Lines(out) {
		if text, is := strings.CutPrefix(strings.TrimSpace(line), "error: "); is {
			return text, keys
		}
	}
	switch {
	case err != nil:
		return err.Error(), keys
	case !strings.Contains(out, "Server is TRUSTED"):
		return "it came to no hub, and says nothing of it", keys
	}
	return "", keys
}

// Watch is a client that runs cf-agent in a loop.
type Watch struct {
	Client *Machine

	stop context.CancelFunc
	done chan struct{}
	mu   sync.Mutex
	runs []Run
}

// Watch begins the loop, with a pause after each run.
func (m *Machine) Watch(ctx context.Context, pause time.Duration) *Watch {
	ctx, stop := context.WithCancel(ctx)
	w := &Watch{Client: m, stop: stop, done: make(chan struct{})}
	go func() {
		defer close(w.done)
		for ctx.Err() == nil {
			w.once(ctx)
			select {
			case <-time.After(pause):
			case <-ctx.Done():
			}
		}
	}()
	return w
}

func (w *Watch) once(ctx context.Context) {
	run := Run{Began: time.Now()}
	limited, cancel := context.WithTimeout(ctx, longestRun)
	defer cancel()
	out, err := w.Client.CFAgent(limited)
	late := limited.Err()
	if ctx.Err() != nil {
		return // Stop cut it off
	}
	run.Took = time.Since(run.Began)
	if run.Failure, run.Keys = read(out, err); late != nil {
		run.Failure = "it hung for " + longestRun.String()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.runs = append(w.runs, run)
}

// Runs are those that are over.
func (w *Watch) Runs() []Run {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.runs)
}

// Await waits until so many more runs are over.
func (w *Watch) Await(ctx context.Context, more int) error {
	for want := len(w.Runs()) + more; len(w.Runs()) < want; {
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// Stop ends the loop and returns all runs.
func (w *Watch) Stop() []Run {
	w.stop()
	<-w.done
	return w.Runs()
}

// InARow is the most runs, one after another, that failed.
func InARow(runs []Run) int {
	most, now := 0, 0
	for _, r := range runs {
		now++
		if r.Failure == "" {
			now = 0
		}
		most = max(most, now)
	}
	return most
}

// Keys are all that runs were shown.
func Keys(runs []Run) []string {
	var keys []string
	for _, r := range runs {
		keys = append(keys, r.Keys...)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}
