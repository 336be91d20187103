package qemu

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"

	"github.com/leaven-dev/leaven/e2e/netns"
)

// forward takes connections on this machine's loopback to an address in a network
// namespace, where QEMU listens for SSH.
type forward struct {
	listener net.Listener
	network  string
	to       string
}

func newForward(network, to string) (*forward, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("cannot forward SSH into the virtual machine's network: %w", err)
	}
	f := &forward{listener: l, network: network, to: to}
	go f.accept()
	return f, nil
}

func (f *forward) address() string { return f.listener.Addr().String() }

func (f *forward) Close() error { return f.listener.Close() }

func (f *forward) accept() {
	for {
		near, err := f.listener.Accept()
		if err != nil {
			return // closed
		}
		go f.carry(near)
	}
}

func (f *forward) carry(near net.Conn) {
	defer near.Close()
	far, err := netns.Dial(context.Background(), f.network, f.to)
	if err != nil {
		return // the client sees a closed connection, and tries again
	}
	defer far.Close()
	// The first side that ends ends both: SSH does not use half-closed connections.
	var once sync.Once
	ended := make(chan struct{})
	for _, pair := range [][2]net.Conn{{near, far}, {far, near}} {
		go func() {
			io.Copy(pair[0], pair[1])
			once.Do(func() { close(ended) })
		}()
	}
	<-ended
}
