package netns

import (
	"io"
	"net"
	"strings"
	"testing"
)

func newNamespace(t *testing.T) *Namespace {
	t.Helper()
	n, err := New(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	return n
}

func TestNamespaceIsEmptyAndGoesAway(t *testing.T) {
	n := newNamespace(t)
	out, err := n.Run(t.Context(), "ip", "-brief", "link")
	if err != nil || strings.Count(out, "\n") != 1 || !strings.HasPrefix(out, "lo") || !strings.Contains(out, "UP") {
		t.Errorf("devices: %v\n%s", err, out)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	if n.alive() {
		t.Errorf("%s is left", n.Path())
	}
	if _, err := n.Run(t.Context(), "true"); err == nil {
		t.Error("a command ran in a namespace that is gone")
	}
}

// TestSocketsOpenInside also shows that the thread comes back.
func TestSocketsOpenInside(t *testing.T) {
	n := newNamespace(t)
	l, err := n.Listen(t.Context(), "127.0.0.1:7")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	conn, err := Dial(t.Context(), n.Path(), "127.0.0.1:7")
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if _, err := net.Dial("tcp", "127.0.0.1:7"); err == nil {
		t.Error("reached from this machine's own loopback")
	}
}

func TestSwitch(t *testing.T) {
	s, err := NewSwitch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	a, b, c := newNamespace(t), newNamespace(t), newNamespace(t)
	for _, p := range []struct {
		ns   *Namespace
		cidr string
	}{{a, "10.9.0.1/24"}, {b, "10.9.0.2/24"}} {
		if err := s.Plug(t.Context(), p.ns, "eth0", p.cidr); err != nil {
			t.Fatal(err)
		}
	}
	l, err := b.Listen(t.Context(), "10.9.0.2:7")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			io.WriteString(conn, "hello")
			conn.Close()
		}
	}()
	conn, err := Dial(t.Context(), a.Path(), "10.9.0.2:7")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(conn); err != nil || string(text) != "hello" {
		t.Errorf("over the switch: %q, %v", text, err)
	}
	if _, err := Dial(t.Context(), c.Path(), "10.9.0.2:7"); err == nil {
		t.Error("reached from a namespace that is not plugged in")
	}
	if err := a.AddAddress(t.Context(), "eth7", "10.9.0.3/24"); err == nil || !strings.Contains(err.Error(), "eth7") {
		t.Errorf("error of a device that is not there: %v", err)
	}
}
