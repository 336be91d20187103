// Package controlplane makes the few calls that an instance makes to AWS about itself: completing a lifecycle hook of its Auto
// Scaling group, tagging itself.
//
// The calls try again as the SDK does by default until their context ends, so give it a deadline. The role needs
// autoscaling:CompleteLifecycleAction, autoscaling:DescribeAutoScalingInstances (only where the group's name is not given) and
// ec2:CreateTags.
package controlplane

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"
)

// Client makes the calls.
type Client struct {
	autoscaling *autoscaling.Client
	ec2         *ec2.Client
}

// New makes a client. A call that fails for a reason that may pass is made again, ten times at most.
func New(cfg aws.Config) *Client {
	cfg.RetryMode, cfg.RetryMaxAttempts = aws.RetryModeStandard, 10
	return &Client{autoscaling.NewFromConfig(cfg), ec2.NewFromConfig(cfg)}
}

// CompleteHook completes the instance's pending action of a lifecycle hook with CONTINUE or ABANDON. Without the group's name it
// asks for it first. That there is nothing to complete is no error: done is false then, because the instance is in no group, or
// because the action is over or never was.
func (c *Client) CompleteHook(ctx context.Context, hook, group, instance, result string) (done bool, err error) {
	if group == "" {
		if group, err = c.group(ctx, instance); group == "" || err != nil {
			return false, err
		}
	}
	_, err = c.autoscaling.CompleteLifecycleAction(ctx, &autoscaling.CompleteLifecycleActionInput{
		AutoScalingGroupName: &group, LifecycleHookName: &hook, InstanceId: &instance, LifecycleActionResult: &result,
	})
	// The API has no code of its own for this (Auto Scaling API reference, CompleteLifecycleAction).
	if api, ok := errors.AsType[smithy.APIError](err); ok && api.ErrorCode() == "ValidationError" && strings.Contains(api.ErrorMessage(), "No active Lifecycle Action") {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("cannot complete the lifecycle hook %s of the group %s: %w", hook, group, err)
	}
	return true, nil
}

// group is the Auto Scaling group that the instance is in, or "".
func (c *Client) group(ctx context.Context, instance string) (string, error) {
	out, err := c.autoscaling.DescribeAutoScalingInstances(ctx, &autoscaling.DescribeAutoScalingInstancesInput{InstanceIds: []string{instance}})
	if err != nil {
		return "", fmt.Errorf("cannot find out the Auto Scaling group of %s: %w", instance, err)
	}
	for _, i := range out.AutoScalingInstances {
		return aws.ToString(i.AutoScalingGroupName), nil
	}
	return "", nil
}

// SetTag tags the instance.
func (c *Client) SetTag(ctx context.Context, instance, key, value string) error {
	_, err := c.ec2.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{instance}, Tags: []types.Tag{{Key: &key, Value: &value}}})
	if err != nil {
		return fmt.Errorf("cannot tag %s with %s=%s: %w", instance, key, value, err)
	}
	return nil
}
