package controlplane

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/efs"
	"github.com/aws/aws-sdk-go-v2/service/efs/types"
)

// MountTarget is where an EFS file system can be reached.
type MountTarget struct {
	Zone    string // the name of its availability zone
	Address netip.Addr
}

// MountTargets lists the mount targets of an EFS file system that can be used. The role needs elasticfilesystem:DescribeMountTargets.
func MountTargets(ctx context.Context, cfg aws.Config, fileSystem string) ([]MountTarget, error) {
	client := efs.NewFromConfig(cfg)
	var list []MountTarget
	in := &efs.DescribeMountTargetsInput{FileSystemId: &fileSystem}
	for {
		out, err := client.DescribeMountTargets(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("cannot list the mount targets of %s: %w", fileSystem, err)
		}
		for _, t := range out.MountTargets {
			if t.LifeCycleState != types.LifeCycleStateAvailable && t.LifeCycleState != types.LifeCycleStateUpdating {
				continue
			}
			text := aws.ToString(t.IpAddress)
			if text == "" {
				text = aws.ToString(t.Ipv6Address)
			}
			a, err := netip.ParseAddr(text)
			if err != nil {
				return nil, fmt.Errorf("cannot use the mount target %s of %s: %w", aws.ToString(t.MountTargetId), fileSystem, err)
			}
			list = append(list, MountTarget{aws.ToString(t.AvailabilityZoneName), a})
		}
		if aws.ToString(out.NextMarker) == "" {
			return list, nil
		}
		in.Marker = out.NextMarker
	}
}
