package nfs

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/leaven-dev/leaven/e2e/netns"
)

// Names is a DNS server that knows some names.
type Names struct {
	listener net.Listener
	packets  net.PacketConn
	mu       sync.Mutex
	known    map[string][4]byte
}

// ServeNames starts one in a namespace. All the names are 10.0.2.2.
func ServeNames(ctx context.Context, ns *netns.Namespace, known ...string) (*Names, error) {
	n, err := ServeNamesAt(ctx, ns, "0.0.0.0:53")
	if err != nil {
		return nil, err
	}
	for _, name := range known {
		n.Add(name)
	}
	return n, nil
}

// ServeNamesAt starts one at an address of a namespace, by TCP and UDP.
func ServeNamesAt(ctx context.Context, ns *netns.Namespace, address string) (*Names, error) {
	l, err := ns.Listen(ctx, address)
	if err != nil {
		return nil, err
	}
	packets, err := ns.ListenPacket(ctx, address)
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	n := &Names{listener: l, packets: packets, known: map[string][4]byte{}}
	go n.datagrams()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return // closed
			}
			go n.answer(conn)
		}
	}()
	return n, nil
}

// Add makes a name known as 10.0.2.2.
func (n *Names) Add(name string) { n.Set(name, netip.AddrFrom4([4]byte{10, 0, 2, 2})) }

// Set makes a name known as an IPv4 address.
func (n *Names) Set(name string, address netip.Addr) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.known[strings.ToLower(name)+"."] = address.As4()
}

// Close ends the server.
func (n *Names) Close() error { return errors.Join(n.listener.Close(), n.packets.Close()) }

// datagrams answers queries by UDP.
func (n *Names) datagrams() {
	query := make([]byte, 4096)
	for {
		length, from, err := n.packets.ReadFrom(query)
		if err != nil {
			return // closed
		}
		if packed := n.reply(query[:length]); packed != nil {
			n.packets.WriteTo(packed, from) // lost like any datagram: asked again
		}
	}
}

// answer serves one connection (RFC 7766: each message follows its length, two bytes).
func (n *Names) answer(conn net.Conn) {
	defer conn.Close()
	for {
		var length uint16
		if binary.Read(conn, binary.BigEndian, &length) != nil {
			return
		}
		query := make([]byte, length)
		if _, err := io.ReadFull(conn, query); err != nil {
			return
		}
		packed := n.reply(query)
		if packed == nil {
			return
		}
		if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(packed))), packed...)); err != nil {
			return
		}
	}
}

// reply is nil for what is no query.
func (n *Names) reply(query []byte) []byte {
	var m dnsmessage.Message
	if m.Unpack(query) != nil || len(m.Questions) != 1 {
		return nil
	}
	q := m.Questions[0]
	n.mu.Lock()
	address, known := n.known[strings.ToLower(q.Name.String())]
	n.mu.Unlock()
	m.Header = dnsmessage.Header{ID: m.ID, Response: true, RecursionAvailable: true, RecursionDesired: m.RecursionDesired}
	m.Additionals = nil
	switch {
	case !known:
		m.RCode = dnsmessage.RCodeNameError
	case q.Type == dnsmessage.TypeA:
		m.Answers = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: q.Name, Class: dnsmessage.ClassINET, TTL: 1},
			Body:   &dnsmessage.AResource{A: address},
		}}
	}
	packed, err := m.Pack()
	if err != nil {
		return nil
	}
	return packed
}
