// Package partition knows the domains that AWS's names end in, which differ by partition (the SDK's partitions.json).
package partition

import "strings"

// Partition is a part of AWS with regions and domains of its own.
type Partition struct {
	Suffix    string // of names that resolve to IPv4 addresses: amazonaws.com
	DualStack string // of names that resolve to IPv6 addresses too: api.aws
	Gov       bool   // AWS GovCloud, where some services have no names of their own for FIPS 140
}

// Of returns the partition of a region.
func Of(region string) Partition {
	for _, p := range []struct {
		prefix string
		Partition
	}{
		{"cn-", Partition{Suffix: "amazonaws.com.cn", DualStack: "api.amazonwebservices.com.cn"}},
		{"us-gov-", Partition{Suffix: "amazonaws.com", DualStack: "api.aws", Gov: true}},
		{"us-iso-", Partition{Suffix: "c2s.ic.gov", DualStack: "api.aws.ic.gov"}},
		{"us-isob-", Partition{Suffix: "sc2s.sgov.gov", DualStack: "api.aws.scloud"}},
		{"us-isof-", Partition{Suffix: "csp.hci.ic.gov", DualStack: "api.aws.hci.ic.gov"}},
		{"eu-isoe-", Partition{Suffix: "cloud.adc-e.uk", DualStack: "api.cloud-aws.adc-e.uk"}},
		{"eusc-", Partition{Suffix: "amazonaws.eu", DualStack: "api.amazonwebservices.eu"}},
	} {
		if strings.HasPrefix(region, p.prefix) {
			return p.Partition
		}
	}
	return Partition{Suffix: "amazonaws.com", DualStack: "api.aws"}
}
