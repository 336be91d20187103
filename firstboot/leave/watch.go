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

// Run watches until ctx ends. A leave that was cut off goes on at once.
func (w *Watcher) Run(ctx context.Context) {
	w.resume(ctx)
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
	var wrong error
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
	there, err := Under(w.Root)
	if err != nil {
		return err
	}
	if !there && !w.busy() {
		w.departure = nil // it was cancelled
	}
	if w.departure != nil {
		if w.departure.Knows(n) || !w.departure.Add(n) {
			return nil
		}
		return w.run(ctx, nil)
	}
	lock, err := Lock(w.Root)
	if err != nil {
		return err
	}
	d, err := Resume(w.Root, w.Work(), w.Log)
	switch {
	case err == nil && d == nil:
		d, err = Begin(w.Root, w.Work(), w.Log, n)
	case err == nil && !d.Knows(n):
		d.Add(n)
	}
	if err != nil {
		lock.Close()
		return err
	}
	w.departure = d
	return w.run(ctx, lock)
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

// resume goes on with what was cut off.
func (w *Watcher) resume(ctx context.Context) {
	d, err := Resume(w.Root, w.Work(), w.Log)
	if err == nil && d != nil {
		w.departure = d
		err = w.run(ctx, nil)
	}
	if err != nil {
		w.complain(err)
	}
}

// run runs the departure beside the watching, since a second notice may shorten its time. One that is through stays so.
func (w *Watcher) run(ctx context.Context, lock *os.File) error {
	if lock == nil {
		if w.leaving != nil {
			<-w.leaving // it is through, and about to let go of its lock
		}
		var err error
		if lock, err = Lock(w.Root); err != nil {
			return err
		}
	}
	w.leaving = make(chan struct{})
	d, done := w.departure, w.leaving
	go func() {
		defer close(done)
		defer lock.Close()
		d.Run(ctx)
	}()
	return nil
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
