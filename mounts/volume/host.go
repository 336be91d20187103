package volume

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// Host is the system whose volumes are brought up.
type Host struct {
	Root *rootfs.Root // where fstab, mount points and records are
	Live bool         // the tree is the running system; else nothing but fstab and mount points are touched
	Log  func(string) // tells people what is worth knowing; may be nil
	Tag  string       // the option that marks its lines in fstab; "" is fstab.Tag. It removes no others

	kernel   kernel
	identify func(path string) ([]byte, error) // NVMe's Identify
}

// New returns the host of a tree.
func New(root *rootfs.Root, live bool, log func(string)) *Host {
	return &Host{Root: root, Live: live, Log: log, identify: identify}
}

func (h *Host) log(format string, args ...any) {
	if h.Log != nil {
		h.Log(fmt.Sprintf(format, args...))
	}
}

// Plan is what there is to do for a volume.
type Plan struct {
	Device  string   // what it is on: "/dev/nvme1n1, 20 GiB, serial vol0…"; "" where it is not there, or not known offline
	State   string   // how it is, where there is nothing to do
	Actions []string // what Apply would do, in order: "make ext4", "mount it at /data"
}

// Done tells that there is nothing to do.
func (p Plan) Done() bool { return len(p.Actions) == 0 }

// Plan looks at a volume. It changes nothing and waits for nothing: where the device is not there, that Apply would wait for it is
// the plan. The error is a [Refusal] where Apply would refuse.
func (h *Host) Plan(ctx context.Context, s Spec) (Plan, error) {
	if !h.Live {
		return h.planOffline(&s)
	}
	if s.file() {
		return h.planFile(&s)
	}
	d, err := h.find(ctx, &s)
	if errors.Is(err, errAbsent) {
		return Plan{Actions: []string{fmt.Sprintf("wait up to %v for %s", s.Wait, s.Name())}}, nil
	}
	if err != nil {
		return Plan{}, err
	}
	l, err := h.look(ctx, &s, d, true)
	if err != nil {
		return Plan{}, err
	}
	actions, err := decide(&s, l)
	p := Plan{Device: d.String()}
	for _, a := range actions {
		p.Actions = append(p.Actions, a.text)
	}
	if err == nil && p.Done() {
		p.State = fmt.Sprintf("%s: %s, %s", d, l.content, ifElse(s.swaps(), "swapped to", "at "+s.At))
	}
	return p, err
}

// Apply brings a volume up: waits for the device, then does what Plan says. It can be run again at any time. Before each thing that
// it does it looks at everything again.
func (h *Host) Apply(ctx context.Context, s Spec) error {
	if !h.Live {
		return h.applyOffline(ctx, &s)
	}
	if s.file() {
		return h.applyFile(ctx, &s)
	}
	d, err := h.wait(ctx, &s)
	if err != nil {
		return err
	}
	for last := (action{}); ; {
		l, err := h.look(ctx, &s, d, false)
		if err != nil {
			return err
		}
		actions, err := decide(&s, l)
		if err != nil || len(actions) == 0 {
			return err
		}
		if actions[0] == last {
			return fmt.Errorf("cannot bring up %s: to %s was done and changed nothing", s.Name(), last.text)
		}
		last = actions[0]
		err = h.do(ctx, &s, l, last)
		if r, ok := errors.AsType[*Refusal](err); ok {
			return r
		}
		if err != nil {
			return fmt.Errorf("cannot %s for %s: %w", last.text, s.Name(), err)
		}
		if d, err = h.again(d); err != nil {
			return fmt.Errorf("cannot bring up %s: %w", s.Name(), err)
		}
	}
}

// again reads anew what the kernel says of a device, which must still be the same one.
func (h *Host) again(d device) (device, error) {
	now, err := h.kernel.device(d.name)
	if err == nil && (now.number != d.number || now.serial != d.serial || now.seq != d.seq || now.size != d.size) {
		err = fmt.Errorf("%s is another disk now than a moment ago", d.path())
	}
	return now, err
}

func ifElse(yes bool, a, b string) string {
	if yes {
		return a
	}
	return b
}

func list(texts []string) string { return strings.Join(texts, ", ") }
