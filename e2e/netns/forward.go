package netns

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"
)

// Forward takes connections on this machine's loopback to an address in a network
// namespace.
type Forward struct {
	listener net.Listener
	network  string
	to       string
}

// NewForward starts one. Network is the namespace's file.
func NewForward(network, to string) (*Forward, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("cannot forward into a network namespace: %w", err)
	}
	f := &Forward{listener: l, network: network, to: to}
	go f.accept()
	return f, nil
}

// Address is where it listens.
func (f *Forward) Address() string { return f.listener.Addr().String() }

// Close ends it for new connections.
func (f *Forward) Close() error { return f.listener.Close() }

func (f *Forward) accept() {
	for {
		near, err := f.listener.Accept()
		if err != nil {
			return // closed
		}
		go f.carry(near)
	}
}

func (f *Forward) carry(near net.Conn) {
	defer near.Close()
	far, err := Dial(context.Background(), f.network, f.to)
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
