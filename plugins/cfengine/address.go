package cfengine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/leaven-dev/leaven/firstboot"
)

// ownAddress is the address that the hub bootstraps against and serves. Bootstrapping against an address that is not its own
// would make it a client, and destroy what makes it a hub.
func (h *host) ownAddress() (string, error) {
	address, err := towardsDefault()
	if h.Address != "" {
		address, err = netip.ParseAddr(h.Address)
	}
	if err != nil {
		return "", firstboot.WithCure(fmt.Errorf("cannot tell this hub's own address: %w", err), "give it as address: in the section cfengine:")
	}
	all, err := net.InterfaceAddrs()
	if err != nil {
		return "", fmt.Errorf("cannot list this host's addresses: %w", err)
	}
	if err := servable(address, all); err != nil {
		return "", firstboot.WithCure(err, "correct address: in the section cfengine:, or leave it out")
	}
	return address.String(), nil
}

// notBalancers refuses an address that is the balancer's. A name that does not resolve is for the step that looks at the balancer.
func (h *host) notBalancers(ctx context.Context, address string) error {
	if h.Balancer == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if found, err := net.DefaultResolver.LookupHost(ctx, h.Balancer); err == nil && slices.Contains(found, address) {
		return firstboot.WithCure(fmt.Errorf("the address %s is that of the balancer %s: the hub would bootstrap against itself through it, or against another hub", address, h.Balancer),
			"give the hub's own address as address: in the section cfengine:")
	}
	return nil
}

// towardsDefault is the address that this host sends from towards the default route. Connecting a UDP socket sends nothing; the
// address is one for documentation (RFC 5737).
func towardsDefault() (netip.Addr, error) {
	conn, err := net.Dial("udp4", "192.0.2.1:9")
	if err != nil {
		return netip.Addr{}, errors.New("there is no IPv4 route to other networks")
	}
	defer conn.Close()
	a, ok := conn.LocalAddr().(*net.UDPAddr)
	if !ok {
		return netip.Addr{}, fmt.Errorf("a socket has the address %v", conn.LocalAddr())
	}
	return a.AddrPort().Addr().Unmap(), nil
}

// servable refuses addresses that are no hub's.
func servable(address netip.Addr, own []net.Addr) error {
	if !address.Is4() || address.IsLoopback() || address.IsUnspecified() || address.IsLinkLocalUnicast() {
		return fmt.Errorf("a hub cannot bootstrap against %s: clients cannot reach it there", address)
	}
	for _, a := range own {
		if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr() == address {
			return nil
		}
	}
	return fmt.Errorf("%s is no address of this host: bootstrapping against it would make the hub a client of another one", address)
}
