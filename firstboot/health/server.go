package health

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

// What a client may take. A balancer's check is one small request on a connection of its own.
const (
	readTimeout  = 5 * time.Second
	writeTimeout = patience + 5*time.Second // from the end of the request's header (net/http)
	largest      = 4 << 10                  // bytes of a request's header, at least: net/http adds 4 KiB
	connections  = 64
)

// Handler answers every GET and HEAD, whatever the path: balancers differ in what they ask for by default.
func Handler(c *Checker) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			h.Set("Allow", "GET, HEAD")
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		a := c.Answer(r.Context())
		body, err := json.Marshal(a)
		if err != nil {
			panic(err) // strings only
		}
		if a.Status != OK {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		w.Write(append(body, '\n')) // a client that is gone is no matter
	})
}

// Serve answers on a listener until ctx ends. Requests are not logged: whoever reaches the port could fill the disk with them.
func Serve(ctx context.Context, l net.Listener, c *Checker) error {
	server := &http.Server{
		Handler:           Handler(c),
		ReadHeaderTimeout: readTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		MaxHeaderBytes: largest,
		ErrorLog:       log.New(io.Discard, "", 0),
		Protocols:      new(http.Protocols),
	}
	server.Protocols.SetHTTP1(true)
	server.SetKeepAlivesEnabled(false) // so that no client holds a connection longer than the time-outs above
	done := make(chan error, 1)
	go func() { done <- server.Serve(limit(l, connections)) }()
	select {
	case err := <-done:
		return fmt.Errorf("cannot serve on %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if err := server.Shutdown(end); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("cannot end serving on %s: %w", l.Addr(), err)
	}
	return server.Close()
}

// Ping asks a server for an answer, as a balancer would, and tells whether there is one; which one does not matter.
func Ping(ctx context.Context, addr net.Addr) error {
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, addr.Network(), addr.String()) // an address of all zeros is this machine
	}}
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, "http://health/", nil)
	if err != nil {
		return err
	}
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return fmt.Errorf("the endpoint does not answer itself at %s: %w", addr, err)
	}
	return response.Body.Close()
}
