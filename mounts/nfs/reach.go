package nfs

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
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
	others := m.others(ctx, s)
	var last error // of a try that was not cut off itself, which would say only that
	for try := 1; ; try++ {
		limit := oneTry
		if try%4 == 0 {
			limit = longLookup
		}
		addresses, err := m.resolve(ctx, s.Host, limit)
		byName := err == nil
		if err != nil && time.Since(begun) >= patience {
			var other error
			if addresses, other = others(); other != nil {
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
		if ctx.Err() == nil || last == nil {
			last = err
		}
		if text := err.Error(); gist(text) != said && ctx.Err() == nil {
			m.tell("waiting: %s", text)
			said = gist(text)
		}
		if !pause(ctx, pauseReach) {
			return netip.Addr{}, false, fmt.Errorf("%w (gave up after %v)", last, time.Since(begun).Round(time.Second))
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
func (m *Mounter) resolve(ctx context.Context, host string, limit time.Duration) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
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
