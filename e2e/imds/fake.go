// Package imds serves EC2's instance metadata (version 2, tokens required) at
// 169.254.169.254 in a network namespace, to try what happens at first boot when
// it comes late, is slow, or is wrong ([Fake]), and when it is somebody else's
// idea of it ([StartMock], amazon-ec2-metadata-mock).
package imds

import (
	"crypto/rand"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Fake is a metadata service whose behaviour can be changed while it runs.
type Fake struct {
	server *http.Server

	mu       sync.Mutex
	data     map[string]string
	tokens   map[string]time.Time // until when each is good
	requests []Request
	delay    time.Duration
	failures int
	status   int
	noTokens bool
	version1 bool
}

// Request is one that was made, and the status that it got.
type Request struct {
	Method, Path string
	Status       int
}

// Serve serves data, by path without "/latest/" in front, on l. See [Instance].
func Serve(l net.Listener, data map[string]string) *Fake {
	f := &Fake{data: maps.Clone(data), tokens: map[string]time.Time{}}
	f.server = &http.Server{Handler: f}
	go f.server.Serve(l) // ends at Close
	return f
}

// Close ends it; clients then find the port closed.
func (f *Fake) Close() error { return f.server.Close() }

// Set adds or changes one value.
func (f *Fake) Set(path, value string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.data[path] = value
}

// Remove makes a path one that is not found.
func (f *Fake) Remove(path string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.data, path)
}

// Slow makes each later answer take this long.
func (f *Fake) Slow(delay time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.delay = delay
}

// Fail answers the next n requests, of tokens too, with an HTTP status such as 503.
func (f *Fake) Fail(n, status int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failures, f.status = n, status
}

// RefuseTokens answers requests for tokens with 403, as EC2 does where the metadata
// service is switched off.
func (f *Fake) RefuseTokens(refuse bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.noTokens = refuse
}

// Version1 makes it one that knows no tokens, gives none, and asks for none.
func (f *Fake) Version1() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.version1 = true
}

// ExpireTokens makes all tokens invalid, as stopping and starting an instance does.
func (f *Fake) ExpireTokens() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.tokens)
}

// Requests returns what was asked so far, in order.
func (f *Fake) Requests() []Request {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.requests)
}

// ServeHTTP is for http.Server.
func (f *Fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	delay := f.delay
	f.mu.Unlock()
	select {
	case <-time.After(delay):
	case <-r.Context().Done(): // the client gave up
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	status, body := f.answer(r)
	f.requests = append(f.requests, Request{r.Method, r.URL.Path, status})
	w.Header().Set("Content-Type", "text/plain")
	if status == http.StatusOK && r.Method == http.MethodPut {
		w.Header().Set(ttlHeader, r.Header.Get(ttlHeader))
	}
	w.WriteHeader(status)
	fmt.Fprint(w, body)
}

const (
	ttlHeader   = "X-Aws-Ec2-Metadata-Token-Ttl-Seconds"
	tokenHeader = "X-Aws-Ec2-Metadata-Token"
)

// answer follows the EC2 user guide, "Use the Instance Metadata Service".
func (f *Fake) answer(r *http.Request) (status int, body string) {
	if f.failures > 0 {
		f.failures--
		return f.status, http.StatusText(f.status)
	}
	path, latest := strings.CutPrefix(r.URL.Path, "/latest/")
	switch {
	case !latest:
		return http.StatusNotFound, "Not Found"
	case path == "api/token" && r.Method == http.MethodPut && !f.version1:
		return f.newToken(r)
	case r.Method != http.MethodGet:
		return http.StatusMethodNotAllowed, "Method Not Allowed"
	case !f.version1 && !time.Now().Before(f.tokens[r.Header.Get(tokenHeader)]):
		return http.StatusUnauthorized, "Unauthorized"
	}
	if value, ok := f.data[path]; ok {
		return http.StatusOK, value
	}
	if list := f.list(strings.TrimRight(path, "/") + "/"); list != "" {
		return http.StatusOK, list
	}
	return http.StatusNotFound, "Not Found"
}

func (f *Fake) newToken(r *http.Request) (status int, body string) {
	// A forwarded request is refused, so that an open proxy does not give tokens away.
	if f.noTokens || r.Header.Get("X-Forwarded-For") != "" {
		return http.StatusForbidden, "Forbidden"
	}
	seconds, err := strconv.Atoi(r.Header.Get(ttlHeader))
	if err != nil || seconds < 1 || seconds > 21600 {
		return http.StatusBadRequest, "Bad Request"
	}
	token := rand.Text()
	f.tokens[token] = time.Now().Add(time.Duration(seconds) * time.Second)
	return http.StatusOK, token
}

// list returns the names below a folder, those of folders with a slash.
func (f *Fake) list(folder string) string {
	var names []string
	for path := range f.data {
		if rest, ok := strings.CutPrefix(path, folder); ok {
			name, _, deeper := strings.Cut(rest, "/")
			if deeper {
				name += "/"
			}
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), "\n")
}
