// Package aws stands in for AWS's control plane: an HTTP server that answers the query protocol (EC2, Auto Scaling) and keeps what
// it was asked. The SDK is led to it by AWS_ENDPOINT_URL. It checks no signatures, only that there is one.
package aws

import (
	"encoding/xml"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
)

// Call is one request: its action and its parameters.
type Call struct {
	Action string
	Values url.Values
}

func (c Call) String() string { return c.Action + " " + c.Values.Encode() }

// Answer makes an answer: the inside of ActionResponse for EC2, of ActionResult for the others; or an error.
type Answer func(url.Values) (body string, err *Error)

// Error is one that AWS answers with.
type Error struct {
	Status        int
	Code, Message string
}

// Fake is the server.
type Fake struct {
	server *http.Server

	mu      sync.Mutex
	calls   []Call
	answers map[string]Answer
}

// Serve serves on l. Actions without an answer of their own succeed with an empty one.
func Serve(l net.Listener) *Fake {
	f := &Fake{answers: map[string]Answer{}}
	f.server = &http.Server{Handler: f}
	go f.server.Serve(l) // ends at Close
	return f
}

// Close ends it.
func (f *Fake) Close() error { return f.server.Close() }

// On sets the answer to an action.
func (f *Fake) On(action string, a Answer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers[action] = a
}

// Calls returns what it was asked so far.
func (f *Fake) Calls() []Call {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]Call(nil), f.calls...)
}

// ServeHTTP answers one request.
func (f *Fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil || !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ") {
		http.Error(w, "not a signed query", http.StatusBadRequest)
		return
	}
	action := r.PostForm.Get("Action")
	call := Call{action, url.Values{}}
	for key, values := range r.PostForm {
		if key != "Action" && key != "Version" {
			call.Values[key] = values
		}
	}
	f.mu.Lock()
	f.calls = append(f.calls, call)
	answer := f.answers[action]
	f.mu.Unlock()
	body := ""
	var fail *Error
	if answer != nil {
		body, fail = answer(call.Values)
	}
	w.Header().Set("Content-Type", "text/xml")
	ec2 := strings.Contains(r.Header.Get("Authorization"), "/ec2/")
	switch {
	case fail != nil:
		w.WriteHeader(fail.Status)
		inner := fmt.Sprintf("<Error><Code>%s</Code><Message>%s</Message></Error>", escape(fail.Code), escape(fail.Message))
		if ec2 {
			fmt.Fprintf(w, "<Response><Errors>%s</Errors><RequestID>x</RequestID></Response>", inner)
		} else {
			fmt.Fprintf(w, "<ErrorResponse>%s<RequestId>x</RequestId></ErrorResponse>", inner)
		}
	case ec2:
		fmt.Fprintf(w, "<%sResponse><requestId>x</requestId>%s</%[1]sResponse>", action, body)
	default:
		fmt.Fprintf(w, "<%sResponse><%[1]sResult>%s</%[1]sResult></%[1]sResponse>", action, body)
	}
}

func escape(text string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(text)) // a strings.Builder never fails
	return b.String()
}
