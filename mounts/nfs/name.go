package nfs

import (
	"fmt"

	"github.com/leaven-dev/leaven/internal/partition"
)

// efsName is the name of a file system's mount target in the zone of whoever asks, or in the given one (EFS user guide, "Mounting
// with DNS name").
func efsName(fileSystem, zone, region string) string {
	name := fmt.Sprintf("%s.efs.%s.%s", fileSystem, region, partition.Of(region).Suffix)
	if zone != "" {
		name = zone + "." + name
	}
	return name
}
