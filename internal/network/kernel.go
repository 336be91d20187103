package network

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// readState asks the kernel. Its error is [netlink.ErrDumpInterrupted] where something changed meanwhile.
func readState() (s state, err error) {
	links, err1 := netlink.LinkList()
	addresses, err2 := netlink.AddrList(nil, netlink.FAMILY_ALL)
	routes, err3 := netlink.RouteList(nil, netlink.FAMILY_ALL)
	if err := errors.Join(err1, err2, err3); err != nil {
		return s, fmt.Errorf("cannot list links, addresses and routes: %w", err)
	}
	for _, l := range links {
		if a := l.Attrs(); a.Flags&net.FlagLoopback == 0 {
			s.links = append(s.links, link{a.Index, a.Name, a.Flags&net.FlagUp != 0, a.RawFlags&unix.IFF_LOWER_UP != 0})
		}
	}
	for _, a := range addresses {
		s.addresses = append(s.addresses, address{
			link:   a.LinkIndex,
			prefix: prefix(a.IPNet),
			// An optimistic address may be used while it is tentative (RFC 4429).
			tentative: a.Flags&unix.IFA_F_TENTATIVE != 0 && a.Flags&unix.IFA_F_OPTIMISTIC == 0,
			duplicate: a.Flags&unix.IFA_F_DADFAILED != 0,
		})
	}
	slices.SortStableFunc(routes, func(a, b netlink.Route) int { return cmp.Compare(a.Priority, b.Priority) })
	for _, r := range routes { // those that are "unreachable" and the like name no link, or lo
		hops := r.MultiPath
		if hops == nil {
			hops = []*netlink.NexthopInfo{{LinkIndex: r.LinkIndex, Gw: r.Gw}}
		}
		to := prefix(r.Dst)
		if r.Dst == nil {
			to = netip.PrefixFrom(netip.IPv4Unspecified(), 0)
			if r.Family == netlink.FAMILY_V6 {
				to = netip.PrefixFrom(netip.IPv6Unspecified(), 0)
			}
		}
		for _, hop := range hops {
			gateway, _ := netip.AddrFromSlice(hop.Gw) // not valid where there is none
			s.routes = append(s.routes, route{hop.LinkIndex, to, gateway.Unmap()})
		}
	}
	return s, nil
}

// prefix is not valid for nil.
func prefix(n *net.IPNet) netip.Prefix {
	if n == nil {
		return netip.Prefix{}
	}
	// The length tells the families apart: ::ffff:10.0.0.1 is 16 bytes, and no address of an interface.
	ip := n.IP
	if four := ip.To4(); four != nil && len(n.Mask) == net.IPv4len {
		ip = four
	}
	a, _ := netip.AddrFromSlice(ip)
	bits, _ := n.Mask.Size()
	return netip.PrefixFrom(a, bits)
}
