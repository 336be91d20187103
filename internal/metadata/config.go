package metadata

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// Config is for the SDK's clients of other services: region and credentials of the environment, and where that has none, of this
// instance. The SDK's own config module does the same and much more, for 1.7 MB in the agent.
//
// The SDK's variables for regions, keys, endpoints and certificates work. Those for what an instance has no use for (profiles, web
// identities, containers) are refused, since passing over them would use other rights than somebody meant.
func (c *Client) Config(ctx context.Context) (aws.Config, error) {
	for _, name := range []string{"AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE",
		"AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"} {
		if os.Getenv(name) != "" {
			return aws.Config{}, fmt.Errorf("%s is set, which is not supported here: use the instance's role, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", name)
		}
	}
	cfg := aws.Config{
		Region:        firstOf("AWS_REGION", "AWS_DEFAULT_REGION"),
		ConfigSources: []any{environment{}},
	}
	if cfg.Region == "" {
		d, err := c.Document(ctx)
		if err != nil {
			return aws.Config{}, fmt.Errorf("cannot tell the AWS region; AWS_REGION is not set either: %w", err)
		}
		cfg.Region = d.Region
	}
	if all := os.Getenv("AWS_ENDPOINT_URL"); all != "" && !ignoresEndpoints() {
		cfg.BaseEndpoint = &all
	}
	id, secret := os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY")
	switch {
	case id != "" && secret != "":
		cfg.Credentials = credentials.NewStaticCredentialsProvider(id, secret, os.Getenv("AWS_SESSION_TOKEN"))
	case id != "" || secret != "":
		return aws.Config{}, errors.New("one of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY is set: set both, or none to use the instance's role")
	default:
		cfg.Credentials = c.Credentials()
	}
	var err error
	cfg.HTTPClient, err = httpClient()
	return cfg, err
}

// httpClient trusts AWS_CA_BUNDLE instead of the system's certificates where that is set.
func httpClient() (aws.HTTPClient, error) {
	client := awshttp.NewBuildableClient()
	path := os.Getenv("AWS_CA_BUNDLE")
	if path == "" {
		return client, nil
	}
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read AWS_CA_BUNDLE: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("cannot use AWS_CA_BUNDLE: %s has no certificate", path)
	}
	return client.WithTransportOptions(func(t *http.Transport) { t.TLSClientConfig.RootCAs = roots }), nil
}

// environment answers what the SDK's clients ask the sources of a config for.
type environment struct{}

func (environment) GetServiceBaseEndpoint(_ context.Context, service string) (string, bool, error) {
	url := os.Getenv("AWS_ENDPOINT_URL_" + strings.ReplaceAll(strings.ToUpper(service), " ", "_"))
	return url, url != "", nil
}

func (environment) GetIgnoreConfiguredEndpoints(context.Context) (value, found bool, err error) {
	return ignoresEndpoints(), true, nil
}

func (environment) GetUseDualStackEndpoint(context.Context) (aws.DualStackEndpointState, bool, error) {
	return aws.DualStackEndpointStateEnabled, isTrue("AWS_USE_DUALSTACK_ENDPOINT"), nil
}

func (environment) GetUseFIPSEndpoint(context.Context) (aws.FIPSEndpointState, bool, error) {
	return aws.FIPSEndpointStateEnabled, isTrue("AWS_USE_FIPS_ENDPOINT"), nil
}

func ignoresEndpoints() bool { return isTrue("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") }

func isTrue(name string) bool { return strings.EqualFold(os.Getenv(name), "true") }

func firstOf(names ...string) string {
	for _, name := range names {
		if value := os.Getenv(name); value != "" {
			return value
		}
	}
	return ""
}
