package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/leaven-dev/leaven/internal/systemd"
	"github.com/leaven-dev/leaven/mounts/volume"
)

// apply goes on where one fails: the others may be what somebody needs to mend it.
func (m *mounting) apply(ctx context.Context) error {
	failed := m.applyVolumes(ctx)
	if err := m.planTable(); err != nil {
		return errors.Join(failed, err)
	}
	changed, err := m.table.Apply(ctx)
	if err != nil || !m.live {
		return errors.Join(failed, err)
	}
	if booted, err := systemd.Running(); err == nil && booted && changed {
		failed = errors.Join(failed, systemd.Reload(ctx))
	}
	return errors.Join(failed, m.bring(ctx))
}

// bring has the mounts wait for their servers side by side, one in another for that one.
func (m *mounting) bring(ctx context.Context) error {
	list := m.table.Mounts
	through, failed := make([]chan struct{}, len(list)), make([]error, len(list))
	for i := range list {
		through[i] = make(chan struct{})
	}
	for i, mount := range list {
		go func() {
			defer close(through[i])
			for j, other := range list {
				if !strings.HasPrefix(mount.At, other.At+"/") {
					continue
				}
				if <-through[j]; failed[j] != nil {
					failed[i] = fmt.Errorf("cannot mount at %s: it lies in %s, which is not mounted", mount.At, other.At)
					return
				}
			}
			ok, text, _ := m.host.Check(ctx, mount, m.table.Shares[i]) // what is wrong, the next one says
			trying, cancel := context.WithTimeoutCause(ctx, mount.Deadline, fmt.Errorf("tried for %v", mount.Deadline))
			defer cancel()
			if failed[i] = m.host.Bring(trying, mount, m.table.Shares[i]); failed[i] == nil && !ok {
				m.say(mount, text)
			}
		}()
	}
	for _, c := range through {
		<-c
	}
	return errors.Join(failed...)
}

func (m *mounting) applyVolumes(ctx context.Context) error {
	if !m.live {
		if err := m.planVolumes(ctx); err != nil {
			return err
		}
	}
	gone, failed := m.devices.Prune(ctx, m.volumes)
	for _, point := range gone {
		if m.live {
			m.out.note("remove %s from fstab", point)
		}
	}
	for _, v := range m.volumes {
		failed = errors.Join(failed, cured(m.devices.Apply(ctx, v)))
	}
	return failed
}

// cured says what to do about a volume that was refused.
func cured(err error) error {
	if r, ok := errors.AsType[*volume.Refusal](err); ok && r.Cure != "" {
		return fmt.Errorf("%w; %s", err, r.Cure)
	}
	return err
}
