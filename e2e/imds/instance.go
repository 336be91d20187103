package imds

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/leaven-dev/leaven/e2e/netns"
	"github.com/leaven-dev/leaven/internal/retry"
)

// Where every instance finds the service.
const (
	Address  = "169.254.169.254:80"
	Address6 = "[fd00:ec2::254]:80"
)

// Instance returns the metadata of a plausible instance. Add what a test needs:
// "user-data", "meta-data/tags/instance/NAME", …
func Instance(id string) map[string]string {
	const (
		mac  = "0e:49:61:0f:c3:11"
		face = "meta-data/network/interfaces/macs/" + mac + "/"
		ip   = "10.9.0.10"
	)
	return map[string]string{
		"meta-data/ami-id":                         "ami-0123456789abcdef0",
		"meta-data/hostname":                       "ip-10-9-0-10.eu-central-1.compute.internal",
		"meta-data/instance-id":                    id,
		"meta-data/instance-life-cycle":            "on-demand",
		"meta-data/instance-type":                  "t3.small",
		"meta-data/local-hostname":                 "ip-10-9-0-10.eu-central-1.compute.internal",
		"meta-data/local-ipv4":                     ip,
		"meta-data/mac":                            mac,
		"meta-data/placement/availability-zone":    "eu-central-1a",
		"meta-data/placement/availability-zone-id": "euc1-az2",
		"meta-data/placement/region":               "eu-central-1",
		"meta-data/services/domain":                "amazonaws.com",
		"meta-data/services/partition":             "aws",
		face + "device-number":                     "0",
		face + "local-ipv4s":                       ip,
		face + "subnet-id":                         "subnet-0123456789abcdef0",
		face + "subnet-ipv4-cidr-block":            "10.9.0.0/24",
		face + "vpc-id":                            "vpc-0123456789abcdef0",
		"dynamic/instance-identity/document":       fmt.Sprintf(`{"accountId":"123456789012","architecture":"x86_64","availabilityZone":"eu-central-1a","imageId":"ami-0123456789abcdef0","instanceId":%q,"instanceType":"t3.small","privateIp":%q,"region":"eu-central-1","version":"2017-09-30"}`, id, ip),
	}
}

// Start serves data in a namespace at the service's own address. Until it is
// called, the address is not there, as on an instance whose network is late.
func Start(ctx context.Context, ns *netns.Namespace, data map[string]string) (*Fake, error) {
	return start(ctx, ns, "169.254.169.254/32", Address, data)
}

// Start6 is [Start] for the service's IPv6 address.
func Start6(ctx context.Context, ns *netns.Namespace, data map[string]string) (*Fake, error) {
	return start(ctx, ns, "fd00:ec2::254/128", Address6, data)
}

func start(ctx context.Context, ns *netns.Namespace, cidr, address string, data map[string]string) (*Fake, error) {
	// IPv6 would look for duplicates first, for a moment on lo too; IPv4 ignores the flag.
	if _, err := ns.Run(ctx, "ip", "address", "add", cidr, "dev", "lo", "nodad"); err != nil {
		return nil, err
	}
	l, err := ns.Listen(ctx, address)
	if err != nil {
		return nil, errors.Join(errors.New("cannot serve instance metadata"), err)
	}
	f := Serve(l, data)
	// For a moment after an IPv6 address is there, packets to it are lost.
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	err = retry.Do(ctx, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
		defer cancel()
		conn, err := netns.Dial(ctx, ns.Path(), address)
		if err == nil {
			err = conn.Close()
		}
		return err
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("cannot reach the instance metadata that was just served: %w", err), f.Close())
	}
	return f, nil
}
