package nfs

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// here is a mounter for this system, but for what the kernel does: it has mounted at once.
func here(t testing.TB) *Mounter {
	t.Helper()
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
	return m
}

func local(t testing.TB, l net.Listener) Share {
	t.Helper()
	s, err := Wish{Export: "127.0.0.1:/", Options: []string{"port=" + l.Addr().String()[strings.LastIndex(l.Addr().String(), ":")+1:]}}.Share(false)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestServerComesBack wants a server that comes up to be used within 3 s.
func TestServerComesBack(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := local(t, l)
	address := l.Addr().String()
	l.Close()
	up := make(chan time.Time, 1)
	time.AfterFunc(2500*time.Millisecond, func() {
		if l, err = net.Listen("tcp", address); err == nil {
			up <- time.Now()
		}
	})
	if _, err := here(t).Bring(t.Context(), s, "/srv/none"); err != nil {
		t.Fatal(err)
	}
	took := time.Since(<-up)
	l.Close()
	t.Logf("used %v after it was up", took)
	if took > 3*time.Second {
		t.Errorf("used only %v after it was up", took)
	}
}

// BenchmarkBring is what a mount costs beyond mount(8) itself: connecting to the server, and reading the mount table.
func BenchmarkBring(b *testing.B) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Close()
		}
	}()
	s := local(b, l)
	for b.Loop() {
		m := here(b)
		if _, err := m.Bring(b.Context(), s, "/srv/none"); err != nil {
			b.Fatal(err)
		}
		if ok, err := m.Look(b.Context(), s, "/srv/none", netip.Addr{}); !ok || err != nil {
			b.Fatal(err)
		}
	}
}
