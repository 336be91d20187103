package nfs

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// listen takes connections, and answers each with what say makes of the call. Where that is nothing it says nothing.
func listen(t testing.TB, say func(call []byte) []byte) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return // closed
			}
			go func() {
				defer c.Close()
				call := make([]byte, 44)
				if _, err := io.ReadFull(c, call); err == nil {
					c.Write(say(call))
				}
				io.Copy(io.Discard, c) // until the other side hangs up
			}()
		}
	}()
	return l.Addr().String()
}

// accepted is the reply of a server to a call (RFC 5531): accepted, no verifier, success.
func accepted(call []byte) []byte {
	reply := binary.BigEndian.AppendUint32(nil, 1<<31|24)
	reply = append(reply, call[4:8]...)
	for _, word := range []uint32{1, 0, 0, 0, 0} {
		reply = binary.BigEndian.AppendUint32(reply, word)
	}
	return reply
}

func TestProbe(t *testing.T) {
	mute := listen(t, func([]byte) []byte { return nil })
	for _, c := range []struct {
		name, address string
		tunnel        bool
		want          string // "" for none
	}{
		{"serves", listen(t, accepted), false, ""},
		{"mute", mute, false, "accepts connections, but does not answer"},
		{"mute, for a tunnel", mute, true, ""},
		{"of something else", listen(t, func([]byte) []byte { return []byte("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n") }), false, "no NFS server"},
		{"nobody", "127.0.0.1:1", false, "connection refused"},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		err := probe(ctx, c.address, c.tunnel)
		cancel()
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

// BenchmarkBring is what a mount costs beyond mount(8) itself: asking the server, and reading the mount table.
func BenchmarkBring(b *testing.B) {
	address := listen(b, accepted)
	s, err := Wish{Export: "127.0.0.1:/", Options: []string{"port=" + address[strings.LastIndex(address, ":")+1:]}}.Share(false)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		m := New()
		real, done := m.Mounted, false
		m.Mount = func(context.Context, ...string) error { done = true; return nil }
		m.Mounted = func() ([]Mounted, error) {
			list, err := real()
			if done {
				list = append(list, Mounted{Point: "/srv/none", Type: "nfs4", Source: "127.0.0.1:/"})
			}
			return list, err
		}
		if _, err := m.Bring(b.Context(), s, "/srv/none"); err != nil {
			b.Fatal(err)
		}
		if ok, err := m.Look(b.Context(), s, "/srv/none", netip.Addr{}); !ok || err != nil {
			b.Fatal(err)
		}
	}
}
