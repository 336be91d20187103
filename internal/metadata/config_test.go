package metadata

import (
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/leaven-dev/leaven/e2e/imds"
)

// service is any AWS service; whoami calls it with the SDK's own client and returns what it saw of the request.
func service(t *testing.T, start func(http.Handler) *httptest.Server) (server *httptest.Server, whoami func(*Client) (string, error)) {
	t.Helper()
	var seen string
	server = start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		credential, _, _ := strings.Cut(r.Header.Get("Authorization"), "/aws4_request")
		seen = fmt.Sprintf("%s token=%s", credential[strings.Index(credential, "=")+1:], r.Header.Get("X-Amz-Security-Token"))
		fmt.Fprint(w, `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Account>1</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`)
	}))
	t.Cleanup(server.Close)
	return server, func(c *Client) (string, error) {
		cfg, err := c.Config(t.Context())
		if err != nil {
			return "", err
		}
		cfg.RetryMaxAttempts = 1
		_, err = sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), nil)
		return seen, err
	}
}

func without(scope string) string { // the day
	parts := strings.Split(scope, "/")
	if len(parts) != 4 {
		return scope
	}
	return parts[0] + " " + parts[2] + " " + parts[3]
}

func TestConfigOfTheInstance(t *testing.T) {
	f, c := local(t, imds.Instance(id))
	f.Set("meta-data/iam/security-credentials/hub", `{"Code":"Success","AccessKeyId":"AKIAROLE","SecretAccessKey":"secret","Token":"T","Expiration":"2099-01-01T00:00:00Z"}`)
	server, whoami := service(t, httptest.NewServer)
	t.Setenv("AWS_ENDPOINT_URL", server.URL)
	seen, err := whoami(c)
	if want := "AKIAROLE eu-central-1 sts token=T"; err != nil || without(seen) != want {
		t.Errorf("%q, %v, want %q", without(seen), err, want)
	}
}

// TestConfigOfTheEnvironment needs no instance metadata.
func TestConfigOfTheEnvironment(t *testing.T) {
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_REGION", "us-east-2")
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAENV")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_SESSION_TOKEN", "E")
	c, err := New(nil)
	if err != nil {
		t.Fatal(err)
	}
	server, whoami := service(t, httptest.NewTLSServer)
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9/")
	t.Setenv("AWS_ENDPOINT_URL_STS", server.URL)
	if _, err := whoami(c); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a certificate of nobody is trusted: %v", err)
	}
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	t.Setenv("AWS_CA_BUNDLE", bundle)
	if _, err := whoami(c); err == nil {
		t.Error("no bundle is no error")
	}
	if err := os.WriteFile(bundle, []byte("none"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := whoami(c); err == nil || !strings.Contains(err.Error(), "has no certificate") {
		t.Errorf("a bundle without certificate: %v", err)
	}
	if err := os.WriteFile(bundle, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o644); err != nil {
		t.Fatal(err)
	}
	seen, err := whoami(c)
	if want := "AKIAENV us-east-2 sts token=E"; err != nil || without(seen) != want {
		t.Errorf("%q, %v, want %q", without(seen), err, want)
	}
}

func TestConfigErrors(t *testing.T) {
	for name, want := range map[string]string{
		"AWS_PROFILE":           "AWS_PROFILE is set, which is not supported",
		"AWS_ROLE_ARN":          "AWS_ROLE_ARN is set, which is not supported",
		"AWS_ACCESS_KEY_ID":     "one of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY is set",
		"AWS_SECRET_ACCESS_KEY": "one of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY is set",
	} {
		t.Run(name, func(t *testing.T) {
			_, c := local(t, imds.Instance(id))
			t.Setenv(name, "hunter2")
			_, err := c.Config(t.Context())
			if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("error is %v", err)
			}
		})
	}
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	c, err := New(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Config(t.Context()); err == nil || !strings.Contains(err.Error(), "AWS_REGION is not set either") {
		t.Errorf("error is %v", err)
	}
}

// TestConfigEndpoints looks at what the SDK makes of the variables, since these names cannot be reached from here.
func TestConfigEndpoints(t *testing.T) {
	_, c := local(t, imds.Instance(id))
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9/")
	t.Setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
	t.Setenv("AWS_USE_DUALSTACK_ENDPOINT", "true")
	cfg, err := c.Config(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var o sts.Options
	sts.NewFromConfig(cfg, func(given *sts.Options) { o = *given })
	params := sts.EndpointParameters{Region: &cfg.Region}
	dual := o.EndpointOptions.UseDualStackEndpoint != 0
	params.UseDualStack = &dual
	endpoint, err := sts.NewDefaultEndpointResolverV2().ResolveEndpoint(t.Context(), params)
	if err != nil {
		t.Fatal(err)
	}
	if o.BaseEndpoint != nil || endpoint.URI.Host != "sts.eu-central-1.api.aws" {
		t.Errorf("endpoint %v, %s", o.BaseEndpoint, endpoint.URI.Host)
	}
}
