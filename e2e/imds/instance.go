package imds

import (
	"context"
	"errors"
	"fmt"

	"github.com/leaven-dev/leaven/e2e/netns"
)

// Address is where every instance finds the service.
const Address = "169.254.169.254:80"

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
	if err := ns.AddAddress(ctx, "lo", "169.254.169.254/32"); err != nil {
		return nil, err
	}
	l, err := ns.Listen(ctx, Address)
	if err != nil {
		return nil, errors.Join(errors.New("cannot serve instance metadata"), err)
	}
	return Serve(l, data), nil
}
