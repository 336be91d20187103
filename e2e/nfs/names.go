package nfs

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"sync"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/leaven-dev/leaven/e2e/netns"
)

// Names is a DNS server that knows some names; all are 10.0.2.2.
type Names struct {
	listener net.Listener
	mu       sync.Mutex
	known    map[string]bool
}

// ServeNames starts one in a namespace, on its loopback.
func ServeNames(ctx context.Context, ns *netns.Namespace, known ...string) (*Names, error) {
	l, err := ns.Listen(ctx, "127.0.0.1:53")
	if err != nil {
		return nil, err
	}
	n := &Names{listener: l, known: map[string]bool{}}
	for _, name := range known {
		n.Add(name)
	}
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

// Add makes a name known.
func (n *Names) Add(name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.known[strings.ToLower(name)+"."] = true
}

// Close ends the server.
func (n *Names) Close() error { return n.listener.Close() }

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
		var m dnsmessage.Message
		if m.Unpack(query) != nil || len(m.Questions) != 1 {
			return
		}
		q := m.Questions[0]
		n.mu.Lock()
		known := n.known[strings.ToLower(q.Name.String())]
		n.mu.Unlock()
		m.Header = dnsmessage.Header{ID: m.ID, Response: true, RecursionAvailable: true, RecursionDesired: m.RecursionDesired}
		m.Additionals = nil
		switch {
		case !known:
			m.RCode = dnsmessage.RCodeNameError
		case q.Type == dnsmessage.TypeA:
			m.Answers = []dnsmessage.Resource{{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Class: dnsmessage.ClassINET, TTL: 1},
				Body:   &dnsmessage.AResource{A: [4]byte{10, 0, 2, 2}},
			}}
		}
		packed, err := m.Pack()
		if err != nil {
			return
		}
		if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(packed))), packed...)); err != nil {
			return
		}
	}
}
