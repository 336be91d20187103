package nfs

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// reach waits until the server serves, and returns the address at which it does. ByName is false where that is none that the name
// leads to. Meanwhile the kernel is made ready, so that the mount takes no longer than it must.
func (m *Mounter) reach(ctx context.Context, s Share) (address netip.Addr, byName bool, err error) {
	begun, said := time.Now(), ""
	patience, mute := namePatience, mutePatience
	if end, bounded := ctx.Deadline(); bounded {
		patience, mute = min(patience, time.Until(end)/3), min(mute, time.Until(end)/3)
	}
	for {
		addresses, err := m.resolve(ctx, s.Host)
		byName := err == nil
		if err != nil && time.Since(begun) >= patience {
			var other error
			if addresses, other = m.others(ctx, s); other != nil {
				err = errors.Join(err, other)
			}
		}
		for _, a := range addresses {
			trying, cancel := context.WithTimeoutCause(ctx, oneTry, fmt.Errorf("no answer within %v", oneTry))
			bad := m.Probe(trying, net.JoinHostPort(a.String(), s.port()), s.Encrypted)
			cancel()
			if bad == nil || errors.Is(bad, errMute) && time.Since(begun) >= mute {
				if !byName {
					m.tell("%v; using %s", err, a)
				}
				return a, byName, nil
			}
			err = fmt.Errorf("cannot reach the server of %s: %w", s.Source, bad)
		}
		if said == "" && m.Load != nil {
			go m.Load()
		}
		if text := err.Error(); gist(text) != said && ctx.Err() == nil {
			m.tell("waiting: %s", text)
			said = gist(text)
		}
		if !pause(ctx, pauseReach) {
			return netip.Addr{}, false, fmt.Errorf("%w (gave up after %v)", err, time.Since(begun).Round(time.Second))
		}
	}
}

// gist is a text without its numbers: the own port, which errors of the network can name, is another one each time.
func gist(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, text)
}

// resolve looks a name up once.
func (m *Mounter) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, oneTry)
	defer cancel()
	found, err := m.Resolve(ctx, host)
	if err == nil && len(found) == 0 {
		err = errors.New("it has no address")
	}
	if err != nil {
		return nil, fmt.Errorf("cannot resolve %s: %w", host, err)
	}
	return found, nil
}

// others are addresses of a server whose name does not resolve: the configured one, else what AWS says, the own zone's first.
func (m *Mounter) others(ctx context.Context, s Share) ([]netip.Addr, error) {
	if s.Address != "" {
		a, err := netip.ParseAddr(s.Address)
		return []netip.Addr{a}, err
	}
	if s.FileSystem == "" || m.Targets == nil {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
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
