package controlplane

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	sdkefs "github.com/aws/aws-sdk-go-v2/service/efs"
)

// TestAsksAsTheSDK makes the calls with the SDK's own clients too: the requests must be the same.
func TestAsksAsTheSDK(t *testing.T) {
	var asked string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		authorization := r.Header.Get("Authorization")
		_, scope, _ := strings.Cut(authorization, "/")
		scope, _, _ = strings.Cut(scope, ",")
		var signed []string
		for _, name := range []string{"host", "x-amz-date", "x-amz-security-token"} {
			if strings.Contains(authorization, name) {
				signed = append(signed, name)
			}
		}
		kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
		asked = fmt.Sprintln(r.Method, r.URL.Path, r.Form.Encode(), kind, scope, signed)
	}))
	defer server.Close()
	cfg := aws.Config{Region: "eu-central-1", BaseEndpoint: &server.URL, HTTPClient: http.DefaultClient, Credentials: credentials.NewStaticCredentialsProvider("AKID", "secret", "token")}
	ours, scaling, files := New(cfg), autoscaling.NewFromConfig(cfg), sdkefs.NewFromConfig(cfg)
	// The answers are empty, so the clients may complain.
	for what, ask := range map[string]struct{ we, they func() }{
		"CompleteLifecycleAction": {
			func() { ours.CompleteHook(t.Context(), "a hook", "group/ä", "i-00000001", "CONTINUE") },
			func() {
				scaling.CompleteLifecycleAction(t.Context(), &autoscaling.CompleteLifecycleActionInput{
					AutoScalingGroupName: aws.String("group/ä"), LifecycleHookName: aws.String("a hook"), InstanceId: aws.String("i-00000001"), LifecycleActionResult: aws.String("CONTINUE"),
				})
			},
		},
		"DescribeAutoScalingInstances": {
			func() { ours.CompleteHook(t.Context(), "hook", "", "i-00000001", "CONTINUE") },
			func() {
				scaling.DescribeAutoScalingInstances(t.Context(), &autoscaling.DescribeAutoScalingInstancesInput{InstanceIds: []string{"i-00000001"}})
			},
		},
		"DescribeMountTargets": {
			func() { ours.MountTargets(t.Context(), "fs-0123456789abcdef0") },
			func() {
				files.DescribeMountTargets(t.Context(), &sdkefs.DescribeMountTargetsInput{FileSystemId: aws.String("fs-0123456789abcdef0")})
			},
		},
	} {
		asked = ""
		ask.we()
		we := asked
		asked = ""
		ask.they()
		if they := asked; we != they || we == "" {
			t.Errorf("%s:\nours     %sthe SDK's %s", what, we, they)
		}
	}
}

// TestEndpointsAreTheSDKs compares the names of endpoints in all partitions with the SDK's rules. EC2's are left out, since the SDK's
// client of EC2 takes minutes to compile.
func TestEndpointsAreTheSDKs(t *testing.T) {
	rules := map[string]func(region string, dual, fips bool) (string, error){
		autoScaling.id: func(region string, dual, fips bool) (string, error) {
			e, err := autoscaling.NewDefaultEndpointResolverV2().ResolveEndpoint(t.Context(), autoscaling.EndpointParameters{Region: &region, UseDualStack: &dual, UseFIPS: &fips})
			return e.URI.String(), err
		},
		efs.id: func(region string, dual, fips bool) (string, error) {
			e, err := sdkefs.NewDefaultEndpointResolverV2().ResolveEndpoint(t.Context(), sdkefs.EndpointParameters{Region: &region, UseDualStack: &dual, UseFIPS: &fips})
			return e.URI.String(), err
		},
	}
	services := map[string]service{autoScaling.id: autoScaling, efs.id: efs}
	for _, id := range slices.Sorted(maps.Keys(rules)) {
		for _, region := range []string{"eu-central-1", "us-east-1", "mx-central-1", "cn-north-1", "us-gov-west-1", "us-gov-east-1", "us-iso-east-1", "us-isob-east-1", "us-isof-south-1", "eu-isoe-west-1", "eusc-de-east-1"} {
			for _, kind := range [][2]bool{{false, false}, {true, false}, {false, true}, {true, true}} {
				if id == efs.id && kind[0] && (strings.Contains(region, "iso") || strings.HasPrefix(region, "eusc")) {
					continue // the SDK lists no such endpoint there, and makes a name up by its general rule
				}
				want, err := rules[id](region, kind[0], kind[1])
				if err != nil {
					t.Fatal(err)
				}
				if got := services[id].ofRegion(region, kind[0], kind[1]); got != want {
					t.Errorf("%s in %s, dual stack and FIPS %v: %s, want %s", id, region, kind, got, want)
				}
			}
		}
	}
}
