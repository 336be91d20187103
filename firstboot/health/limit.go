package health

import (
	"net"
	"sync"
)

// limited is a listener that has at most so many connections open; more wait in the kernel's queue.
type limited struct {
	net.Listener
	free   chan struct{} // one for each connection that may be opened
	closed chan struct{}
	close  func() error
}

func limit(l net.Listener, n int) *limited {
	all := &limited{Listener: l, free: make(chan struct{}, n), closed: make(chan struct{})}
	for range n {
		all.free <- struct{}{}
	}
	all.close = sync.OnceValue(func() error {
		close(all.closed)
		return l.Close()
	})
	return all
}

func (l *limited) Accept() (net.Conn, error) {
	select {
	case <-l.free:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	conn, err := l.Listener.Accept()
	if err != nil {
		l.free <- struct{}{}
		return nil, err
	}
	return &counted{conn, sync.OnceFunc(func() { l.free <- struct{}{} })}, nil
}

func (l *limited) Close() error { return l.close() }

// counted is one of a limited number of connections.
type counted struct {
	net.Conn
	release func()
}

func (c *counted) Close() error {
	defer c.release()
	return c.Conn.Close()
}
