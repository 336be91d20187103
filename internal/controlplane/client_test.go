package controlplane

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/leaven-dev/leaven/e2e/aws"
)

func start(t *testing.T) (*Client, *aws.Fake) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	fake := aws.Serve(l)
	t.Cleanup(func() { fake.Close() })
	endpoint := "http://" + l.Addr().String()
	return New(sdk.Config{Region: "eu-central-1", BaseEndpoint: &endpoint, HTTPClient: http.DefaultClient, Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "x", "")}), fake
}

func asked(f *aws.Fake) string {
	var all []string
	for _, c := range f.Calls() {
		all = append(all, c.String())
	}
	return strings.Join(all, "\n")
}

func TestCompleteHook(t *testing.T) {
	c, fake := start(t)
	done, err := c.CompleteHook(t.Context(), "ready", "hubs", "i-00000001", "CONTINUE")
	if !done || err != nil {
		t.Fatalf("%v, %v", done, err)
	}
	want := "CompleteLifecycleAction AutoScalingGroupName=hubs&InstanceId=i-00000001&LifecycleActionResult=CONTINUE&LifecycleHookName=ready"
	if got := asked(fake); got != want {
		t.Errorf("asked %q, want %q", got, want)
	}
}

func TestGroupIsFoundOut(t *testing.T) {
	c, fake := start(t)
	if done, err := c.CompleteHook(t.Context(), "ready", "", "i-00000001", "CONTINUE"); done || err != nil {
		t.Errorf("an instance of no group: %v, %v", done, err)
	}
	fake.On("DescribeAutoScalingInstances", func(v url.Values) (string, *aws.Error) {
		return "<AutoScalingInstances><member><InstanceId>" + v.Get("InstanceIds.member.1") + "</InstanceId><AutoScalingGroupName>hubs</AutoScalingGroupName></member></AutoScalingInstances>", nil
	})
	if done, err := c.CompleteHook(t.Context(), "ready", "", "i-00000001", "ABANDON"); !done || err != nil || !strings.Contains(asked(fake), "AutoScalingGroupName=hubs") {
		t.Errorf("%v, %v: %s", done, err, asked(fake))
	}
}

func TestNoActiveAction(t *testing.T) {
	c, fake := start(t)
	fake.On("CompleteLifecycleAction", func(url.Values) (string, *aws.Error) {
		return "", &aws.Error{Status: 400, Code: "ValidationError", Message: "No active Lifecycle Action found with instance ID i-00000001"}
	})
	if done, err := c.CompleteHook(t.Context(), "ready", "hubs", "i-00000001", "CONTINUE"); done || err != nil {
		t.Errorf("%v, %v", done, err)
	}
}

func TestErrors(t *testing.T) {
	c, fake := start(t)
	fake.On("CompleteLifecycleAction", func(url.Values) (string, *aws.Error) {
		return "", &aws.Error{Status: 403, Code: "AccessDenied", Message: "not authorized to perform: autoscaling:CompleteLifecycleAction"}
	})
	if _, err := c.CompleteHook(t.Context(), "ready", "hubs", "i-00000001", "CONTINUE"); err == nil || !strings.Contains(err.Error(), "not authorized") {
		t.Errorf("error %v", err)
	}
	n := 0
	fake.On("CreateTags", func(url.Values) (string, *aws.Error) {
		if n++; n < 3 {
			return "", &aws.Error{Status: 503, Code: "RequestLimitExceeded", Message: "slow down"}
		}
		return "<return>true</return>", nil
	})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := c.SetTag(ctx, "i-00000001", "state", "ok"); err != nil || n != 3 {
		t.Errorf("after %d tries: %v", n, err)
	}
	if got := asked(fake); !strings.HasSuffix(got, "CreateTags ResourceId.1=i-00000001&Tag.1.Key=state&Tag.1.Value=ok") {
		t.Errorf("asked %q", got)
	}
}

// TestWrongClock lets a clock that is an hour behind sign: AWS refuses that, and says what time it is.
func TestWrongClock(t *testing.T) {
	ahead := time.Now().Add(time.Hour)
	var signed []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		signed = append(signed, r.Header.Get("X-Amz-Date"))
		when, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
		if err != nil || ahead.Sub(when).Abs() > 5*time.Minute {
			w.Header().Set("Date", ahead.UTC().Format(http.TimeFormat))
			w.WriteHeader(http.StatusForbidden)
			io.WriteString(w, "<Response><Errors><Error><Code>RequestExpired</Code><Message>expired</Message></Error></Errors></Response>")
		}
	}))
	defer server.Close()
	c := New(sdk.Config{Region: "eu-central-1", BaseEndpoint: &server.URL, HTTPClient: http.DefaultClient, Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "x", "")})
	if err := c.SetTag(t.Context(), "i-00000001", "state", "ok"); err != nil || len(signed) != 2 {
		t.Errorf("signed at %q: %v", signed, err)
	}
}
