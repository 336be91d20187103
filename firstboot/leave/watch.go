package leave

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/leaven-dev/leaven/internal/journal"
	"github.com/leaven-dev/leaven/internal/rootfs"
)

const (
	// pause between two looks: what the EC2 user guide advises for spot notices. It differs by up to a tenth, so that the instances
	// of a fleet do not ask together.
	pause = 5 * time.Second
	// answerTime is what the metadata service has for all questions of one look. It answers within milliseconds.
	answerTime = 4 * time.Second
)

// RecordsDir holds the records of the plugins' leave steps, as a tree of its own.
const RecordsDir = runDir + "/leave"

// Watcher waits for notices and leaves when there is one.
type Watcher struct {
	Root     *rootfs.Root
	Metadata Metadata
	Kinds    []Kind      // what it looks for
	Work     func() Work // what leaving consists of by now
	Log      func(journal.Entry)
	Alive    func() // called after each look; it comes at least every 10 s

	departure *Departure
	leaving   chan struct{} // closed when the departure's run has ended; nil where none is under way
	said      string        // what was wrong at the last look, or ""
}

// Run watches until ctx ends. A leave that was cut off goes on, whoever began it.
func (w *Watcher) Run(ctx context.Context) {
	for ctx.Err() == nil {
		w.look(ctx)
		w.Alive()
		select {
		case <-time.After(pause + rand.N(pause/5) - pause/10):
		case <-ctx.Done():
		}
	}
	if w.leaving != nil {
		<-w.leaving
	}
}

// look asks for each kind of notice once.
func (w *Watcher) look(ctx context.Context) {
	ctx2, cancel := context.WithTimeoutCause(ctx, answerTime, fmt.Errorf("no answer within %v", answerTime))
	defer cancel()
	wrong := w.resume(ctx)
	for _, kind := range w.Kinds {
		n, err := ask(ctx2, w.Metadata, kind)
		if err != nil {
			wrong = errors.Join(wrong, fmt.Errorf("cannot look for notices: %w", err))
			if ctx2.Err() != nil {
				break
			}
			continue
		}
		if n == nil {
			continue
		}
		if err := w.heed(ctx, *n); err != nil {
			wrong = errors.Join(wrong, fmt.Errorf("cannot act on the notice %s: %w", n, err))
		}
	}
	if ctx.Err() == nil {
		w.complain(wrong)
	}
}

// complain says what is wrong when it begins and when it is over, not every few seconds.
func (w *Watcher) complain(wrong error) {
	switch {
	case wrong != nil && w.said == "":
		w.said = strings.ReplaceAll(wrong.Error(), "\n", "; ")
		w.Log(journal.Entry{Level: journal.Warning, Stage: "leave", Message: w.said})
	case wrong == nil && w.said != "":
		w.said = ""
		w.Log(journal.Entry{Stage: "leave", Message: "looking for notices works again"})
	}
}

// heed acts on a notice, unless that was done.
func (w *Watcher) heed(ctx context.Context, n Notice) error {
	if ignore, err := cancelled(w.Root, n); ignore || err != nil {
		return err
	}
	if w.departure != nil {
		if w.departure.Knows(n) || !w.departure.Add(n) {
			return nil
		}
		<-w.leaving // it is through, and lets go of its lock
		return w.take(ctx, func() (*Departure, error) { return w.departure, nil })
	}
	return w.take(ctx, func() (*Departure, error) {
		d, err := Resume(w.Root, w.Work(), w.Log)
		switch {
		case err == nil && d == nil:
			return Begin(w.Root, w.Work(), w.Log, n)
		case err == nil && !d.Knows(n):
			d.Add(n)
		}
		return d, err
	})
}

// busy tells whether the departure's run is under way.
func (w *Watcher) busy() bool {
	select {
	case <-w.leaving:
		return false
	default:
		return w.leaving != nil
	}
}

// resume goes on with what was cut off, unless another process is at it.
func (w *Watcher) resume(ctx context.Context) error {
	there, err := Under(w.Root)
	if err == nil && !there && !w.busy() {
		w.departure = nil // it was cancelled
	}
	if err != nil || !there || w.departure != nil {
		return err
	}
	err = w.take(ctx, func() (*Departure, error) { return Resume(w.Root, w.Work(), w.Log) })
	if errors.Is(err, ErrBusy) {
		return nil
	}
	return err
}

// take makes a departure ours and runs it. Nobody else can be at it then.
func (w *Watcher) take(ctx context.Context, get func() (*Departure, error)) error {
	lock, err := Lock(w.Root)
	if err != nil {
		return err
	}
	d, err := get()
	if err != nil || d == nil {
		lock.Close()
		return err
	}
	w.departure = d
	w.run(ctx, lock)
	return nil
}

// run runs the departure beside the watching, since a second notice may shorten its time. One that is through stays so.
func (w *Watcher) run(ctx context.Context, lock *os.File) {
	w.leaving = make(chan struct{})
	d, done := w.departure, w.leaving
	go func() {
		defer close(done)
		defer lock.Close()
		d.Run(ctx)
	}()
}

// ErrBusy says that another process runs the leave.
var ErrBusy = errors.New("another leaven is at it")

// Lock keeps two processes from leaving at once, until the returned file is closed. It makes and locks [RecordsDir] itself.
func Lock(root *rootfs.Root) (*os.File, error) {
	d, err := root.MkdirAll(RecordsDir, 0o755)
	if err != nil {
		return nil, err
	}
	d.Close()
	f, err := root.Open(RecordsDir)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = ErrBusy
		}
		return nil, fmt.Errorf("cannot leave: %w", err)
	}
	return f, nil
}
