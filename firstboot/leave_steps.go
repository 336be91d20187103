package firstboot

import (
	"context"
	"errors"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// Leaving is what the steps belong to that run when the instance is taken away. It is no part of first boot, and counts nothing
// in its status.
const Leaving Stage = "leave"

// Leave runs the plugins' leave steps, side by side where their graph allows it, until ctx ends at the latest, and returns how each
// ended. Their records lie in a tree of their own, so that first boot's stay as they are; with the same tree, a second call goes
// on where the first was cut off.
func (s *Settled) Leave(ctx context.Context, records *rootfs.Root) ([]StepRecord, error) {
	a := s.p.agent
	boot, err := line(a.Root, "/proc/sys/kernel/random/boot_id")
	if err != nil {
		return nil, err
	}
	b, err := openBook(records, s.p.who, a.Version, boot)
	if err != nil {
		return nil, err
	}
	if err := b.begin(); err != nil {
		return nil, errors.Join(err, b.close())
	}
	err = (&runner{stage: Leaving, book: b, log: a.Log}).run(ctx, s.LeaveSteps())
	return b.copy().Steps, errors.Join(err, b.close())
}
