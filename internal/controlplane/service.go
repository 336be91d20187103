package controlplane

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/leaven-dev/leaven/internal/partition"
)

// service is what tells one of AWS's APIs from another. The names for FIPS 140 are those of the SDK's endpoint rules.
type service struct {
	id      string // what the SDK calls it: AWS_ENDPOINT_URL_AUTO_SCALING
	host    string // how its host names begin, and what signatures are for
	dual    string // how they begin where IPv6 works too
	gov     bool   // GovCloud has no names of their own for FIPS 140: it is the rule there
	version string // of the query protocol, which a request names
}

var (
	autoScaling = service{"Auto Scaling", "autoscaling", "autoscaling", true, "2011-01-01"}
	ec2         = service{"EC2", "ec2", "ec2", true, "2016-11-15"}
	efs         = service{"EFS", "elasticfilesystem", "efs", false, ""}
)

// choices is what the SDK's clients ask the sources of a config for.
type choices interface {
	GetServiceBaseEndpoint(ctx context.Context, service string) (url string, found bool, err error)
	GetIgnoreConfiguredEndpoints(context.Context) (value, found bool, err error)
	GetUseDualStackEndpoint(context.Context) (aws.DualStackEndpointState, bool, error)
	GetUseFIPSEndpoint(context.Context) (aws.FIPSEndpointState, bool, error)
}

// endpoint is the URL where the service is called: a configured one, or the region's.
func (s service) endpoint(ctx context.Context, cfg aws.Config) (string, error) {
	var dual, fips, ignore bool
	url := aws.ToString(cfg.BaseEndpoint)
	for _, source := range cfg.ConfigSources {
		c, ok := source.(choices)
		if !ok {
			continue
		}
		var err1, err2, err3, err4 error
		_, dual, err1 = c.GetUseDualStackEndpoint(ctx)
		_, fips, err2 = c.GetUseFIPSEndpoint(ctx)
		ignore, _, err3 = c.GetIgnoreConfiguredEndpoints(ctx)
		own, found, err4 := c.GetServiceBaseEndpoint(ctx, s.id)
		for _, err := range []error{err1, err2, err3, err4} {
			if err != nil {
				return "", fmt.Errorf("cannot tell the endpoint of %s: %w", s.id, err)
			}
		}
		if found {
			url = own
		}
	}
	if url != "" && !ignore {
		return url, nil
	}
	return s.ofRegion(cfg.Region, dual, fips), nil
}

func (s service) ofRegion(region string, dual, fips bool) string {
	p := partition.Of(region)
	host, suffix := s.host, p.Suffix
	if dual {
		host, suffix = s.dual, p.DualStack
	}
	if fips && !(s.gov && p.Gov && !dual) {
		host += "-fips"
	}
	return "https://" + host + "." + region + "." + suffix
}
