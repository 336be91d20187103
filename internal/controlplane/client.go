// Package controlplane makes the few calls that an instance makes to AWS about itself: completing a lifecycle hook of its Auto
// Scaling group, tagging itself, finding its file systems.
//
// It signs, judges errors and finds its credentials with the SDK's core, and does without the SDK's clients of single services:
// those make the program 2 MB larger, and a program that is read from a volume made from a snapshot is boot time.
//
// Calls are made again until their context ends, so give it a deadline. The role needs autoscaling:CompleteLifecycleAction,
// autoscaling:DescribeAutoScalingInstances (only where the group's name is not given), ec2:CreateTags and
// elasticfilesystem:DescribeMountTargets.
package controlplane

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Client makes the calls. The config needs a region, credentials and an HTTP client.
type Client struct{ cfg aws.Config }

// New makes a client.
func New(cfg aws.Config) *Client { return &Client{cfg} }

// CompleteHook completes the instance's pending action of a lifecycle hook with CONTINUE or ABANDON. Without the group's name it
// asks for it first. That there is nothing to complete is no error: done is false then, because the instance is in no group, or
// because the action is over or never was.
func (c *Client) CompleteHook(ctx context.Context, hook, group, instance, result string) (done bool, err error) {
	if group == "" {
		if group, err = c.group(ctx, instance); group == "" || err != nil {
			return false, err
		}
	}
	_, err = autoScaling.query(ctx, c.cfg, "CompleteLifecycleAction", url.Values{
		"AutoScalingGroupName": {group}, "LifecycleHookName": {hook}, "InstanceId": {instance}, "LifecycleActionResult": {result},
	})
	// The API has no code of its own for this (Auto Scaling API reference, CompleteLifecycleAction).
	if f, ok := errors.AsType[*failure](err); ok && f.code == "ValidationError" && strings.Contains(f.message, "No active Lifecycle Action") {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("cannot complete the lifecycle hook %s of the group %s: %w", hook, group, err)
	}
	return true, nil
}

// group is the Auto Scaling group that the instance is in, or "".
func (c *Client) group(ctx context.Context, instance string) (string, error) {
	var out struct {
		Groups []string `xml:"DescribeAutoScalingInstancesResult>AutoScalingInstances>member>AutoScalingGroupName"`
	}
	answer, err := autoScaling.query(ctx, c.cfg, "DescribeAutoScalingInstances", url.Values{"InstanceIds.member.1": {instance}})
	if err == nil {
		err = xml.Unmarshal(answer, &out)
	}
	if err != nil {
		return "", fmt.Errorf("cannot find out the Auto Scaling group of %s: %w", instance, err)
	}
	for _, name := range out.Groups {
		return name, nil
	}
	return "", nil
}

// SetTag tags the instance.
func (c *Client) SetTag(ctx context.Context, instance, key, value string) error {
	_, err := ec2.query(ctx, c.cfg, "CreateTags", url.Values{"ResourceId.1": {instance}, "Tag.1.Key": {key}, "Tag.1.Value": {value}})
	if err != nil {
		return fmt.Errorf("cannot tag %s with %s=%s: %w", instance, key, value, err)
	}
	return nil
}
