package netns

import (
	"context"
	"errors"
	"fmt"
)

// Switch is a namespace with a bridge in it that others are plugged into.
type Switch struct {
	ns    *Namespace
	ports int
}

// NewSwitch makes a switch without ports.
func NewSwitch(ctx context.Context) (*Switch, error) {
	ns, err := New(ctx)
	if err != nil {
		return nil, err
	}
	_, err = ns.Run(ctx, "ip", "link", "add", "bridge", "up", "type", "bridge")
	if err != nil {
		return nil, errors.Join(err, ns.Close())
	}
	return &Switch{ns: ns}, nil
}

// Plug connects a namespace: it gets a device with the address, up.
func (s *Switch) Plug(ctx context.Context, member *Namespace, device, cidr string) error {
	s.ports++
	port := fmt.Sprintf("port%d", s.ports)
	if err := s.ns.Connect(ctx, port, member, device); err != nil {
		return err
	}
	if _, err := s.ns.Run(ctx, "ip", "link", "set", port, "master", "bridge"); err != nil {
		return err
	}
	return member.AddAddress(ctx, device, cidr)
}

// Close unplugs all and ends the switch.
func (s *Switch) Close() error { return s.ns.Close() }
