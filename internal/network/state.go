package network

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// state is what the kernel has, as far as it matters here.
type state struct {
	links     []link
	addresses []address
	routes    []route // the best ones first
}

type link struct {
	index       int
	name        string
	up, carrier bool
}

type address struct {
	link   int // its index
	prefix netip.Prefix
	// IPv6 looks for a duplicate first, for about a second: RFC 4862, 5.4.
	tentative, duplicate bool
}

type route struct {
	link    int
	to      netip.Prefix // of no bits: a default route
	gateway netip.Addr
	metric  uint32
}

// Where instance metadata is served.
var metadata = []netip.Addr{netip.MustParseAddr("169.254.169.254"), netip.MustParseAddr("fd00:ec2::254")}

// assess says what is missing, or "" and what is there.
func (s state) assess(need Need) (found Found, missing string) {
	for _, r := range s.routes {
		if r.to.Bits() != 0 && (!need.NoDefaultRoute || !slices.ContainsFunc(metadata, r.to.Contains)) {
			continue
		}
		for _, l := range s.links {
			family := func(p netip.Prefix) bool { return p.Addr().Is4() == r.to.Addr().Is4() }
			if usable := s.usable(l); l.index == r.link && slices.ContainsFunc(usable, family) {
				return Found{Interface: l.name, Addresses: usable, Gateway: r.gateway}, ""
			}
		}
	}
	if len(s.links) == 0 {
		return Found{}, "waiting for a network interface: there is none"
	}
	best := slices.MaxFunc(s.links, func(a, b link) int { return s.progress(a) - s.progress(b) })
	switch {
	case !best.up:
		return Found{}, fmt.Sprintf("waiting for a link: %s is down", best.name)
	case !best.carrier:
		return Found{}, fmt.Sprintf("waiting for a link: %s is up but has no carrier", best.name)
	case len(s.usable(best)) == 0:
		return Found{}, fmt.Sprintf("waiting for an address: %s has %s", best.name, s.unusable(best))
	case need.NoDefaultRoute:
		return Found{}, fmt.Sprintf("waiting for a route to instance metadata: %s is up with %s", best.name, list(s.usable(best)))
	}
	return Found{}, fmt.Sprintf("waiting for a default route: %s is up with %s", best.name, list(s.usable(best)))
}

// progress is how far a link has come.
func (s state) progress(l link) int {
	switch {
	case !l.up:
		return 0
	case !l.carrier:
		return 1
	case len(s.usable(l)) == 0:
		return 2
	}
	return 3
}

// usable lists the addresses of a link that other networks can be talked to with.
func (s state) usable(l link) (all []netip.Prefix) {
	for _, a := range s.addresses {
		if a.link == l.index && l.up && l.carrier && a.prefix.Addr().IsGlobalUnicast() && !a.tentative && !a.duplicate {
			all = append(all, a.prefix)
		}
	}
	return all
}

// unusable says what a link has instead of a usable address.
func (s state) unusable(l link) string {
	var other []string
	for _, a := range s.addresses {
		if a.link != l.index {
			continue
		}
		text := a.prefix.String()
		switch {
		case a.duplicate:
			text += " (which another machine on the link has)"
		case !a.prefix.Addr().IsGlobalUnicast():
			text += " (for the link only)"
		case a.tentative:
			text += " (being checked for a duplicate)"
		}
		other = append(other, text)
	}
	if other == nil {
		return "none"
	}
	return "only " + strings.Join(other, ", ")
}

func list(prefixes []netip.Prefix) string {
	var texts []string
	for _, p := range prefixes {
		texts = append(texts, p.String())
	}
	return strings.Join(texts, ", ")
}
