package timeline

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/leaven-dev/leaven/firstboot"
	"github.com/leaven-dev/leaven/internal/rootfs"
)

// Data is what the records hold of a boot, and when they were read.
type Data struct {
	Status firstboot.Status
	Events []firstboot.Event // of that boot, in the order in which they were written

	// Now and Uptime are one moment by the wall clock and in seconds since the kernel started: what still runs, runs until then.
	// Zero for a tree that is not running: its last event is the end.
	Now    time.Time
	Uptime float64
}

// maxLine bounds a line of the events, in bytes. Messages are short; a longer line is not ours.
const maxLine = 1 << 20

// Read returns the events of the boot that a status is about.
func Read(root *rootfs.Root, status firstboot.Status) ([]firstboot.Event, error) {
	if status.Instance.ID == "" || len(status.Stages) == 0 {
		return nil, nil
	}
	f, err := root.Open("/var/lib/leaven/" + status.Instance.ID + "/events.jsonl")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return Parse(f, status.Stages[len(status.Stages)-1].Boot)
}

// Parse reads the events of one boot. A line that makes no sense is left out: a power cut tears the last line of a boot, and the
// picture of what is known is worth more than none.
func Parse(r io.Reader, boot string) ([]firstboot.Event, error) {
	var events []firstboot.Event
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		var e firstboot.Event
		if json.Unmarshal(lines.Bytes(), &e) == nil && e.Boot == boot {
			events = append(events, e)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("cannot read the events: %w", err)
	}
	return events, nil
}
