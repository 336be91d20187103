// Package metadata reads EC2's instance metadata: who this instance is, its user data, its tags, its credentials, what is about to
// happen to it.
//
// Version 2 only: where the service gives no session token, that is an error, and version 1 is never fallen back to. Never through
// a proxy, and redirects are not followed. Every call tries again until its context ends, so give it a deadline. Which errors are
// worth that is in request.go.
//
// The service is asked at 169.254.169.254, and where nothing answers there, at fd00:ec2::254. The SDK's variables for that are
// honoured: AWS_EC2_METADATA_DISABLED, AWS_EC2_METADATA_SERVICE_ENDPOINT, AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE.
//
// The service limits packets per network interface, and shares that limit with DNS: ask once and keep the answer. On Nitro the
// instance id needs no network at all; see the package firstboot.
package metadata

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
)

// ErrDisabled is the error of all calls where the metadata service is switched off.
var ErrDisabled = errors.New("instance metadata is switched off")

const disabledVariable = "AWS_EC2_METADATA_DISABLED"

// Client asks the metadata service. It is for use by several goroutines.
type Client struct {
	endpoints []*endpoint
	answered  atomic.Pointer[endpoint] // the one that last did; asked first
	disabled  bool

	progress func(string)
	mu       sync.Mutex
	said     string // what progress was told last

	documentLock chan struct{} // a mutex that one can stop waiting for
	document     *imds.InstanceIdentityDocument
}

// endpoint is one address of the service. Each has session tokens of its own.
type endpoint struct {
	name string // for people
	sdk  *imds.Client
}

// New makes a client from the environment. Progress, unless it is nil, is told what is being waited for whenever that changes
// ("waiting for instance metadata: 169.254.169.254 answers 503 Service Unavailable").
func New(progress func(string)) (*Client, error) {
	urls := []string{"http://169.254.169.254", "http://[fd00:ec2::254]"}
	const modeVariable = "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"
	switch mode := os.Getenv(modeVariable); strings.ToLower(strings.TrimSpace(mode)) {
	case "":
	case "ipv4":
		urls = urls[:1]
	case "ipv6":
		urls = urls[1:]
	default:
		return nil, fmt.Errorf("%s is %q; it must be IPv4 or IPv6", modeVariable, mode)
	}
	const endpointVariable = "AWS_EC2_METADATA_SERVICE_ENDPOINT"
	if given := os.Getenv(endpointVariable); given != "" {
		u, err := url.Parse(given)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || strings.Trim(u.Path, "/") != "" {
			return nil, fmt.Errorf("%s is %q; it must be like %s or %s", endpointVariable, given, urls[0], "http://[fd00:ec2::254]")
		}
		urls = []string{given}
	}
	c := &Client{
		disabled:     strings.EqualFold(os.Getenv(disabledVariable), "true"),
		progress:     progress,
		documentLock: make(chan struct{}, 1),
	}
	for _, text := range urls {
		c.endpoints = append(c.endpoints, newEndpoint(text))
	}
	return c, nil
}

func newEndpoint(text string) *endpoint {
	name := strings.TrimSuffix(text[strings.Index(text, "://")+3:], "/")
	if a, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil {
		name = a.String()
	}
	return &endpoint{name, imds.New(imds.Options{
		Endpoint:                 text,
		EnableFallback:           aws.FalseTernary, // never version 1
		HTTPClient:               newRecorder(),
		Retryer:                  aws.NopRetryer{}, // request.go does that
		DisableDefaultTimeout:    true,
		DisableDefaultMaxBackoff: true,
	})}
}

// tell passes on what is being waited for, once.
func (c *Client) tell(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if what != c.said && what != "" && c.progress != nil {
		c.progress(what)
	}
	c.said = what
}
