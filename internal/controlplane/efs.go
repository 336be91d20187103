package controlplane

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"net/url"
)

// MountTarget is where an EFS file system can be reached.
type MountTarget struct {
	Zone    string // the name of its availability zone
	Address netip.Addr
}

// mountTargets is an answer of DescribeMountTargets (EFS API reference).
type mountTargets struct {
	MountTargets []struct {
		MountTargetId, LifeCycleState, IpAddress, Ipv6Address, AvailabilityZoneName string
	}
	NextMarker string
}

// MountTargets lists the mount targets of an EFS file system that can be used.
func (c *Client) MountTargets(ctx context.Context, fileSystem string) ([]MountTarget, error) {
	var list []MountTarget
	for values := (url.Values{"FileSystemId": {fileSystem}}); ; {
		var page mountTargets
		answer, err := efs.get(ctx, c.cfg, "/2015-02-01/mount-targets", values)
		if err == nil {
			err = json.Unmarshal(answer, &page)
		}
		if err != nil {
			return nil, fmt.Errorf("cannot list the mount targets of %s: %w", fileSystem, err)
		}
		for _, t := range page.MountTargets {
			if t.LifeCycleState != "available" && t.LifeCycleState != "updating" {
				continue
			}
			text := t.IpAddress
			if text == "" {
				text = t.Ipv6Address
			}
			a, err := netip.ParseAddr(text)
			if err != nil {
				return nil, fmt.Errorf("cannot use the mount target %s of %s: %w", t.MountTargetId, fileSystem, err)
			}
			list = append(list, MountTarget{t.AvailabilityZoneName, a})
		}
		if page.NextMarker == "" {
			return list, nil
		}
		values.Set("Marker", page.NextMarker)
	}
}
