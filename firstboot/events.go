package firstboot

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// Event is a line of the timeline.
type Event struct {
	Time    time.Time `json:"time"`
	Uptime  float64   `json:"uptime"` // seconds since the kernel started; early in a boot the clock may jump, this does not
	Boot    string    `json:"boot"`
	Stage   Stage     `json:"stage"`
	Step    string    `json:"step,omitempty"`
	Event   string    `json:"event"` // a Result, or "running" at the begin
	Seconds float64   `json:"seconds,omitempty"`
	Message string    `json:"message,omitempty"`
}

// event adds to the timeline.
func (b *book) event(e Event) {
	e.Time, e.Boot, e.Uptime = time.Now().UTC(), b.boot, uptime()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.events == nil {
		return
	}
	data, err := json.Marshal(e)
	if err == nil {
		_, err = b.events.Write(append(data, '\n'))
	}
	b.fail(err)
}

// maxEvents is where the timeline is set aside and begun anew, in bytes: a boot adds about 200.
const maxEvents = 1 << 20

// openEvents opens the timeline for adding. A last line that a power cut tore gets its end, so that the next one is whole.
func openEvents(d *rootfs.Dir) (*os.File, error) {
	const name = "events.jsonl"
	fi, err := d.Lstat(name)
	if err == nil && fi.Size() > maxEvents {
		err = errors.Join(d.Rename(name, name+".1"), fs.ErrNotExist)
	}
	if errors.Is(err, fs.ErrNotExist) {
		f, err := d.OpenFile(name, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
		if err != nil {
			return nil, err
		}
		if err := f.Chmod(0o644); err != nil { // whatever the umask
			f.Close()
			return nil, err
		}
		return f, nil
	}
	if err != nil {
		return nil, err
	}
	f, err := d.OpenFile(name, os.O_RDWR|os.O_APPEND, 0)
	if err != nil {
		return nil, err
	}
	last := []byte{'\n'}
	if fi.Size() > 0 {
		_, err = f.ReadAt(last, fi.Size()-1)
	}
	if err == nil && last[0] != '\n' {
		_, err = f.WriteString("\n")
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func uptime() float64 {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &t); err != nil {
		return 0
	}
	return seconds(time.Duration(t.Nano()))
}
