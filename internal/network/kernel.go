package network

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

// errInterrupted says that something changed while the kernel told (NLM_F_DUMP_INTR).
var errInterrupted = errors.New("it changed while it was read")

// readState asks the kernel. Go's package syscall reads what it answers: a netlink library, which can do so much more, is 0.35 MB in
// the agent.
func readState() (s state, err error) {
	err = errors.Join(
		each(unix.RTM_GETLINK, unix.RTM_NEWLINK, func(m message) { s.addLink(m) }),
		each(unix.RTM_GETADDR, unix.RTM_NEWADDR, func(m message) { s.addAddress(m) }),
		each(unix.RTM_GETROUTE, unix.RTM_NEWROUTE, func(m message) { s.addRoute(m) }),
	)
	if err != nil {
		return s, fmt.Errorf("cannot list links, addresses and routes: %w", err)
	}
	slices.SortStableFunc(s.routes, func(a, b route) int { return int(a.metric) - int(b.metric) })
	return s, nil
}

// message is what the kernel says of one link, address or route (rtnetlink(7)): a header and attributes.
type message struct {
	header     []byte
	attributes map[uint16][]byte
}

// each calls see for each message of a kind that answers a request for all of them.
func each(request int, kind uint16, see func(message)) error {
	raw, err := syscall.NetlinkRIB(request, unix.AF_UNSPEC)
	if err != nil {
		return err
	}
	messages, err := syscall.ParseNetlinkMessage(raw)
	if err != nil {
		return err
	}
	for _, m := range messages {
		if m.Header.Flags&unix.NLM_F_DUMP_INTR != 0 {
			return errInterrupted
		}
		if m.Header.Type != kind {
			continue
		}
		attributes, err := syscall.ParseNetlinkRouteAttr(&m)
		if err != nil {
			return err
		}
		parsed := message{m.Data, map[uint16][]byte{}}
		for _, a := range attributes {
			parsed.attributes[a.Attr.Type] = a.Value
		}
		see(parsed)
	}
	return nil
}

// word is an attribute that is a number of 32 bits, or 0.
func (m message) word(kind uint16) uint32 {
	if v := m.attributes[kind]; len(v) >= 4 {
		return binary.NativeEndian.Uint32(v)
	}
	return 0
}

// ip is an attribute that is an address, or none.
func (m message) ip(kind uint16) netip.Addr {
	a, _ := netip.AddrFromSlice(m.attributes[kind])
	return a
}

// addLink reads struct ifinfomsg: family, type, index, flags.
func (s *state) addLink(m message) {
	if len(m.header) < unix.SizeofIfInfomsg {
		return
	}
	index, flags := binary.NativeEndian.Uint32(m.header[4:]), binary.NativeEndian.Uint32(m.header[8:])
	if name := m.attributes[unix.IFLA_IFNAME]; flags&unix.IFF_LOOPBACK == 0 {
		s.links = append(s.links, link{int(index), unix.ByteSliceToString(name), flags&unix.IFF_UP != 0, flags&unix.IFF_LOWER_UP != 0})
	}
}

// addAddress reads struct ifaddrmsg: family, length of the prefix, flags, scope, index.
func (s *state) addAddress(m message) {
	if len(m.header) < unix.SizeofIfAddrmsg {
		return
	}
	flags := uint32(m.header[2])
	if _, ok := m.attributes[unix.IFA_FLAGS]; ok {
		flags = m.word(unix.IFA_FLAGS)
	}
	ip := m.ip(unix.IFA_LOCAL) // where both are there, IFA_ADDRESS is the other end
	if !ip.IsValid() {
		ip = m.ip(unix.IFA_ADDRESS)
	}
	s.addresses = append(s.addresses, address{
		link:   int(binary.NativeEndian.Uint32(m.header[4:])),
		prefix: netip.PrefixFrom(ip, int(m.header[1])),
		// An optimistic address may be used while it is tentative (RFC 4429).
		tentative: flags&unix.IFA_F_TENTATIVE != 0 && flags&unix.IFA_F_OPTIMISTIC == 0,
		duplicate: flags&unix.IFA_F_DADFAILED != 0,
	})
}

// addRoute reads struct rtmsg: family, lengths of destination and source, type of service, table, protocol, scope, type, flags.
func (s *state) addRoute(m message) {
	if len(m.header) < unix.SizeofRtMsg {
		return
	}
	table := uint32(m.header[4])
	if t := m.word(unix.RTA_TABLE); t != 0 {
		table = t
	}
	if table != unix.RT_TABLE_MAIN || binary.NativeEndian.Uint32(m.header[8:])&unix.RTM_F_CLONED != 0 {
		return
	}
	to := m.ip(unix.RTA_DST)
	if !to.IsValid() {
		to = netip.IPv4Unspecified()
		if m.header[0] == unix.AF_INET6 {
			to = netip.IPv6Unspecified()
		}
	}
	r := route{to: netip.PrefixFrom(to, int(m.header[1])), metric: m.word(unix.RTA_PRIORITY)}
	for _, hop := range m.hops() { // routes that are "unreachable" and the like name no link, or lo
		r.link, r.gateway = hop.link, hop.gateway
		s.routes = append(s.routes, r)
	}
}

// hop is where a route leads to next.
type hop struct {
	link    int
	gateway netip.Addr // not valid where there is none
}

// hops are those of one route. One with several ways has them as struct rtnexthop: length, flags, hops, index, attributes.
func (m message) hops() (all []hop) {
	rest := m.attributes[unix.RTA_MULTIPATH]
	if rest == nil {
		return []hop{{int(m.word(unix.RTA_OIF)), m.ip(unix.RTA_GATEWAY)}}
	}
	for len(rest) >= unix.SizeofRtNexthop {
		length := int(binary.NativeEndian.Uint16(rest))
		if length < unix.SizeofRtNexthop || length > len(rest) {
			return all
		}
		h := hop{link: int(binary.NativeEndian.Uint32(rest[4:]))}
		for own := rest[unix.SizeofRtNexthop:length]; len(own) >= unix.SizeofRtAttr; {
			size, kind := int(binary.NativeEndian.Uint16(own)), binary.NativeEndian.Uint16(own[2:])
			if size < unix.SizeofRtAttr || size > len(own) {
				break
			}
			if kind == unix.RTA_GATEWAY {
				h.gateway, _ = netip.AddrFromSlice(own[unix.SizeofRtAttr:size])
			}
			own = own[min(aligned(size), len(own)):]
		}
		all = append(all, h)
		rest = rest[min(aligned(length), len(rest)):]
	}
	return all
}

// aligned is a length with what follows it until the next message or attribute (netlink(3), NLMSG_ALIGN).
func aligned(length int) int { return (length + 3) &^ 3 }
