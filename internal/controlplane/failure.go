package controlplane

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// failure is an error that AWS answered with. The SDK's package retry finds out by its methods whether it may pass.
type failure struct {
	status        int // of HTTP
	code, message string
	date          time.Time // by AWS's clock; zero where the answer does not tell
}

// newFailure reads the error in an answer: XML of the query protocols, of EC2's own form too, or JSON.
func newFailure(resp *http.Response, body []byte) *failure {
	f := &failure{status: resp.StatusCode}
	f.date, _ = http.ParseTime(resp.Header.Get("Date")) // zero where there is none
	var x struct {
		Code    string `xml:"Error>Code"`
		Message string `xml:"Error>Message"`
		EC2     struct {
			Code    string `xml:"Error>Code"`
			Message string `xml:"Error>Message"`
		} `xml:"Errors"`
	}
	var j struct{ Code, ErrorCode, Message string }
	switch {
	case xml.Unmarshal(body, &x) == nil:
		f.code, f.message = x.Code+x.EC2.Code, x.Message+x.EC2.Message
	case json.Unmarshal(body, &j) == nil:
		f.code, f.message = j.ErrorCode+j.Code, j.Message
		if kind := resp.Header.Get("X-Amzn-ErrorType"); kind != "" {
			f.code, _, _ = strings.Cut(kind, ":")
		}
	}
	return f
}

func (f *failure) Error() string {
	text := fmt.Sprintf("AWS answers %d", f.status)
	if f.code != "" {
		text += " " + f.code
	}
	if f.message != "" {
		text += ": " + f.message
	}
	return text
}

func (f *failure) ErrorCode() string   { return f.code }
func (f *failure) HTTPStatusCode() int { return f.status }

// clock tells whether the reason may be a clock that is wrong: the codes for which the SDK corrects it (aws/retry/middleware.go).
func (f *failure) clock() bool {
	wrong := time.Until(f.date).Abs() > 4*time.Minute && !f.date.IsZero()
	return wrong && slices.Contains([]string{"InvalidSignatureException", "SignatureDoesNotMatch", "AuthFailure", "RequestExpired", "RequestInTheFuture", "RequestTimeTooSkewed"}, f.code)
}
