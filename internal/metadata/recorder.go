package metadata

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

const (
	connectTimeout = 1500 * time.Millisecond // a lost SYN is sent again after a second (RFC 6298, 2.1)
	answerTimeout  = 2 * time.Second         // a request, from connecting to the last byte
	// largest is far above what the service serves: user data has at most 16 KiB.
	largest = 1 << 20
)

// exchange is the last request of an operation of the SDK and what came of it. An operation may be two requests, one of them for
// a session token, and the SDK's error tells neither which of them failed nor with which status.
type exchange struct {
	token  bool // it asked for a session token
	status int  // 0: no answer
	err    error
}

type exchangeKey struct{}

// recorder makes the requests of an SDK client and notes how they went in the [exchange] of the context.
type recorder struct{ http *http.Client }

func newRecorder() *recorder {
	return &recorder{&http.Client{
		Timeout: answerTimeout,
		// No Proxy: the service is on the link, and whoever is in between could make up who we are.
		Transport: &http.Transport{
			DialContext:     (&net.Dialer{Timeout: connectTimeout}).DialContext,
			IdleConnTimeout: 10 * time.Second,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Do reads the whole body, so that one that is cut off counts as no answer.
func (r *recorder) Do(request *http.Request) (*http.Response, error) {
	x, ok := request.Context().Value(exchangeKey{}).(*exchange)
	if !ok {
		panic("metadata: a request without an exchange")
	}
	*x = exchange{token: request.Method == http.MethodPut}
	response, err := r.http.Do(request)
	if err != nil {
		x.err = err
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, largest+1))
	if err != nil {
		x.err = err
		return nil, err
	}
	x.status = response.StatusCode
	if len(body) > largest {
		return nil, fmt.Errorf("the answer is larger than %d bytes", largest)
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, nil
}

// reason says why there was no answer, without what differs each time, such as our port.
func reason(err error) string {
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() && !errors.Is(err, context.Canceled) {
		return "does not answer in time"
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		err = op.Err
	}
	return "cannot be reached: " + err.Error()
}
