// Package network waits until the network is there: a link with a carrier, an address that may be used, a default route, a name
// server. What systemd's network-online.target means depends on which service is enabled to wait, so it is a hint and no proof.
//
// The kernel's own notifications (rtnetlink, inotify) drive the waiting, so it ends within milliseconds of the last change and
// nothing is polled meanwhile. Where other programs have taken all of inotify that there is, files are looked at once a second.
//
// It sets nothing up, and sends nothing: that a router or a server answers is for whoever talks to it to find out. Only the main
// routing table counts.
package network

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
)

// Need is what has to be there besides a link and an address. IPv4 and IPv6 are equally good, one of them is enough.
type Need struct {
	// Resolver asks for a name server in /etc/resolv.conf, and where that is systemd-resolved, for one that it can ask.
	Resolver bool
	// NoDefaultRoute is for networks that have none by design: a route to the instance metadata service is enough.
	NoDefaultRoute bool
}

// Found is the network that is there.
type Found struct {
	Interface string
	Addresses []netip.Prefix // those of the interface that may be used beyond the link
	Gateway   netip.Addr     // not valid where the route needs none
}

func (f Found) String() string {
	text := f.Interface + " is up with " + list(f.Addresses)
	if f.Gateway.IsValid() {
		text += " and gateway " + f.Gateway.String()
	}
	return text
}

// Wait returns when everything is there, or at the end of ctx, with an error that says what was missing. Progress, unless it is
// nil, is told what is being waited for, at first and whenever that changes ("waiting for a default route: eth0 is up with
// 10.0.0.5/24").
func Wait(ctx context.Context, need Need, progress func(string)) (Found, error) {
	w, err := newWatch()
	if err != nil {
		return Found{}, err
	}
	defer w.close()
	for said := "waiting for what the kernel says"; ; {
		found, missing, err := look(w, need)
		switch {
		case errors.Is(err, errInterrupted):
			w.wake() // it changed while it was read: look again
		case err != nil:
			return Found{}, err
		case missing == "":
			return found, nil
		case missing != said:
			if progress != nil {
				progress(missing)
			}
			said = missing
		}
		select {
		case <-w.changed:
		case err := <-w.failed:
			return Found{}, err
		case <-ctx.Done():
			return Found{}, fmt.Errorf("the network is not complete: still %s: %w", said, context.Cause(ctx))
		}
	}
}

// look says what is missing, or "" and what is there.
func look(w *watch, need Need) (found Found, missing string, err error) {
	s, err := readState()
	if err != nil {
		return Found{}, "", err
	}
	found, missing = s.assess(need)
	if missing != "" || !need.Resolver {
		return found, missing, nil
	}
	// Watch first: a change after the look is then seen.
	if err := w.files(resolvConf, resolvedConf); err != nil {
		return Found{}, "", err
	}
	why, err := noResolver(resolvConf, resolvedConf)
	if err != nil || why == "" {
		return found, "", err
	}
	return found, fmt.Sprintf("waiting for a name server: %s; %s", why, found), nil
}
