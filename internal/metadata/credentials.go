package metadata

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
)

// rolePatience is how long a role may take to appear: it can be attached after the start. It also bounds a request for
// credentials as a whole, since the SDK takes the caller's deadline off ([aws.CredentialsCache]).
const rolePatience = 20 * time.Second

// Credentials are those of the instance's role, kept and renewed.
func (c *Client) Credentials() aws.CredentialsProvider {
	return aws.NewCredentialsCache(ec2rolecreds.New(func(o *ec2rolecreds.Options) { o.Client = role{c} }))
}

// role reads metadata for [ec2rolecreds].
type role struct{ client *Client }

var _ ec2rolecreds.GetMetadataAPIClient = role{}

func (r role) GetMetadata(ctx context.Context, in *imds.GetMetadataInput, _ ...func(*imds.Options)) (*imds.GetMetadataOutput, error) {
	path := strings.TrimPrefix(in.Path, "/")
	text, err := untilFound(ctx, rolePatience, func(ctx context.Context) (string, error) {
		text, found, err := r.client.Get(ctx, path)
		if err == nil && !found {
			err = errNotFound
		}
		return text, err
	})
	if errors.Is(err, errNotFound) {
		err = fmt.Errorf("the instance has no role: attach an instance profile: %w", err)
	}
	if err != nil {
		return nil, err
	}
	return &imds.GetMetadataOutput{Content: io.NopCloser(strings.NewReader(text))}, nil
}
