package metadata

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"

	"github.com/leaven-dev/leaven/internal/nearest"
)

// instanceID is what every id looks like. An error page is none (cloud-init issue 6270).
var instanceID = regexp.MustCompile(`^i-[0-9a-f]{8,17}$`)

// ErrNoID says that what answers is not EC2's metadata service.
var ErrNoID = errors.New("which is none")

// Get reads a path below meta-data, such as "spot/instance-action"; found is false where there is none (404).
func (c *Client) Get(ctx context.Context, path string) (value string, found bool, err error) {
	value, err = ask(ctx, c, path, func(ctx context.Context, sdk *imds.Client) (string, error) {
		out, err := sdk.GetMetadata(ctx, &imds.GetMetadataInput{Path: path})
		if err != nil {
			return "", err
		}
		data, err := io.ReadAll(out.Content)
		return string(data), err
	})
	found, err = isFound(err)
	return value, found, err
}

// UserData reads the user data as it was given; found is false where there is none.
func (c *Client) UserData(ctx context.Context) (data []byte, found bool, err error) {
	data, err = ask(ctx, c, "user data", func(ctx context.Context, sdk *imds.Client) ([]byte, error) {
		out, err := sdk.GetUserData(ctx, nil)
		if err != nil {
			return nil, err
		}
		return io.ReadAll(out.Content)
	})
	found, err = isFound(err)
	return data, found, err
}

func isFound(err error) (bool, error) {
	if errors.Is(err, errNotFound) {
		return false, nil
	}
	return err == nil, err
}

// Document reads the identity document, once for each client. Its instance id was checked to be one.
func (c *Client) Document(ctx context.Context) (imds.InstanceIdentityDocument, error) {
	var none imds.InstanceIdentityDocument
	select {
	case c.documentLock <- struct{}{}:
		defer func() { <-c.documentLock }()
	case <-ctx.Done():
		return none, fmt.Errorf("cannot read the identity document from instance metadata: %w", context.Cause(ctx))
	}
	if c.document != nil {
		return *c.document, nil
	}
	d, err := ask(ctx, c, "the identity document", func(ctx context.Context, sdk *imds.Client) (imds.InstanceIdentityDocument, error) {
		out, err := sdk.GetInstanceIdentityDocument(ctx, nil)
		if err != nil {
			return none, err
		}
		return out.InstanceIdentityDocument, nil
	})
	switch {
	case errors.Is(err, errNotFound):
		return none, fmt.Errorf("instance metadata has no identity document: %w", err)
	case err != nil:
		return none, err
	case !instanceID.MatchString(d.InstanceID):
		return none, fmt.Errorf("instance metadata says that the instance id is %.80q, %w", d.InstanceID, ErrNoID)
	}
	c.document = &d
	return d, nil
}

// Tag reads a tag of the instance.
func (c *Client) Tag(ctx context.Context, name string) (string, error) {
	value, found, err := c.Get(ctx, "tags/instance/"+name)
	if err != nil || found {
		return value, err
	}
	tags, err := c.Tags(ctx)
	switch {
	case err != nil:
		return "", err
	case tags == nil:
		return "", fmt.Errorf("cannot read the tag %s: tags are not in instance metadata; allow it with "+
			"`aws ec2 modify-instance-metadata-options --instance-metadata-tags enabled --instance-id ...`, or in the launch template", name)
	}
	return "", fmt.Errorf("the instance has no tag %s%s", name, nearest.Hint(name, slices.Collect(maps.Keys(tags))))
}

// Tags reads the instance's tags. They are nil where they are not in instance metadata, which is so unless somebody asked for it.
func (c *Client) Tags(ctx context.Context) (map[string]string, error) {
	const folder = "tags/instance"
	names, found, err := c.Get(ctx, folder)
	if err != nil || !found {
		return nil, err
	}
	tags := map[string]string{}
	for name := range strings.Lines(names) {
		name = strings.TrimRight(name, "\n")
		value, found, err := c.Get(ctx, folder+"/"+name)
		if err != nil {
			return nil, err
		}
		if found { // it may be gone by now
			tags[name] = value
		}
	}
	return tags, nil
}
