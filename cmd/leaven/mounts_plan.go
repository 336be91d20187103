package main

import (
	"context"
	"errors"
	"strings"

	"github.com/leaven-dev/leaven/mounts"
)

// plan prints what apply would do.
func (m *mounting) plan(ctx context.Context) error {
	err := errors.Join(m.planTable(), m.planVolumes(ctx))
	for i, mount := range m.table.Mounts {
		if !m.live {
			break
		}
		ok, text, bad := m.host.Check(ctx, mount, m.table.Shares[i])
		err = errors.Join(err, bad)
		if !ok && bad == nil {
			m.say(mount, text)
		}
	}
	return err
}

func (m *mounting) planTable() error {
	changes, err := m.table.Plan()
	if err != nil {
		return err
	}
	for _, c := range changes {
		m.out.note("%s", c)
	}
	problems, err := m.table.Problems()
	for _, problem := range problems {
		m.out.aside("warning: /etc/fstab has a line that programs cannot read, and that is not Leaven's: %s", problem)
	}
	return err
}

func (m *mounting) planVolumes(ctx context.Context) error {
	gone, err := m.devices.Unwanted(m.volumes)
	if err != nil {
		return err
	}
	for _, point := range gone {
		m.out.note("remove %s from fstab", point)
	}
	for _, v := range m.volumes {
		plan, bad := m.devices.Plan(ctx, v)
		err = errors.Join(err, cured(bad))
		for _, action := range plan.Actions {
			m.out.note("%s: %s", v.Name(), action)
		}
		if !m.live && bad == nil && plan.Done() {
			m.out.aside("%s", plan.State) // it may be left to first boot
		}
	}
	return err
}

func (m *mounting) say(mount mounts.Mount, text string) {
	m.out.note("%s: %s", mount.At, strings.TrimPrefix(text, "would "))
}
