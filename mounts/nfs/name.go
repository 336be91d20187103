package nfs

import (
	"fmt"
	"strings"
)

// suffixOf is the domain that AWS's names end in, which differs by partition (botocore's endpoints.json, efs-utils.conf).
func suffixOf(region string) string {
	for _, p := range []struct{ prefix, suffix string }{
		{"cn-", "amazonaws.com.cn"},
		{"us-iso-", "c2s.ic.gov"},
		{"us-isob-", "sc2s.sgov.gov"},
		{"us-isof-", "csp.hci.ic.gov"},
		{"eu-isoe-", "cloud.adc-e.uk"},
		{"eusc-", "amazonaws.eu"},
	} {
		if strings.HasPrefix(region, p.prefix) {
			return p.suffix
		}
	}
	return "amazonaws.com" // aws and aws-us-gov
}

// efsName is the name of a file system's mount target in the zone of whoever asks, or in the given one (EFS user guide, "Mounting
// with DNS name").
func efsName(fileSystem, zone, region string) string {
	name := fmt.Sprintf("%s.efs.%s.%s", fileSystem, region, suffixOf(region))
	if zone != "" {
		name = zone + "." + name
	}
	return name
}
