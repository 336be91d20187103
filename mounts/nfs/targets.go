package nfs

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// askAgain is how long AWS's answer is believed, and how long one answer may take: whoever calls more often is throttled.
const askAgain = 10 * time.Second

// others returns a function that returns the addresses of a server whose name does not resolve: the configured one, else what AWS
// says. It waits for AWS no longer than for one try, so that the name is looked up meanwhile.
func (m *Mounter) others(ctx context.Context, s Share) func() ([]netip.Addr, error) {
	if s.Address != "" {
		return func() ([]netip.Addr, error) {
			a, err := netip.ParseAddr(s.Address)
			return []netip.Addr{a}, err
		}
	}
	if s.FileSystem == "" || m.Targets == nil {
		return func() ([]netip.Addr, error) { return nil, nil }
	}
	type answer struct {
		list []netip.Addr
		err  error
	}
	last := answer{err: fmt.Errorf("AWS was asked for the mount targets of %s and has not answered yet", s.FileSystem)}
	var asked time.Time
	var pending chan answer
	return func() ([]netip.Addr, error) {
		if pending == nil && (asked.IsZero() || time.Since(asked) >= askAgain) {
			asked, pending = time.Now(), make(chan answer, 1)
			go func(to chan<- answer) {
				list, err := m.ask(ctx, s)
				to <- answer{list, err}
			}(pending)
		}
		if pending == nil {
			return last.list, last.err
		}
		select {
		case last = <-pending:
			pending = nil
		case <-time.After(oneTry):
		case <-ctx.Done():
		}
		return last.list, last.err
	}
}

// ask asks AWS for the mount targets, and puts those of the own zone first.
func (m *Mounter) ask(ctx context.Context, s Share) ([]netip.Addr, error) {
	ctx, cancel := context.WithTimeout(ctx, askAgain)
	defer cancel()
	targets, err := m.Targets(ctx, s.FileSystem, s.Region)
	if err != nil {
		return nil, fmt.Errorf("cannot ask for the mount targets of %s either: %w", s.FileSystem, err)
	}
	zone := s.Zone
	if zone == "" {
		zone = m.Zone
	}
	targets = slices.DeleteFunc(slices.Clone(targets), func(t Target) bool { return s.Zone != "" && t.Zone != s.Zone })
	slices.SortStableFunc(targets, func(a, b Target) int {
		switch {
		case a.Zone == b.Zone:
			return 0
		case a.Zone == zone:
			return -1
		case b.Zone == zone:
			return 1
		}
		return 0
	})
	if len(targets) == 0 {
		return nil, fmt.Errorf("the file system %s has no mount target that could be used", s.FileSystem)
	}
	if zone != "" && targets[0].Zone != zone {
		m.tell("warning: %s has no mount target in the own zone, %s: its data crosses zones, which costs money and time", s.FileSystem, zone)
	}
	var list []netip.Addr
	for _, t := range targets {
		list = append(list, t.Address)
	}
	return list, nil
}
