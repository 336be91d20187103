package e2e

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/leaven-dev/leaven/e2e/aws"
	"github.com/leaven-dev/leaven/e2e/nspawn"
	"github.com/leaven-dev/leaven/firstboot"
)

// TestSignals boots instances of an Auto Scaling group whose launch hook waits for them: what they tell AWS, with AWS's own SDK, of
// a first boot that went well, that failed, and after a reboot.
func TestSignals(t *testing.T) {
	const id = "i-0123456789abcdef0"
	image := copyRoot(t, "bookworm")
	baked := publicKeys(t, image)
	install(t, image)
	onEC2(t, image)
	put(t, image, "etc/leaven/firstboot.d/signal.yaml", "signal: {lifecycle_hook: ready, tag: leaven}\n", 0o644)
	put(t, image, "etc/systemd/system/leaven-firstboot.service.d/aws.conf", "[Service]\nEnvironment=AWS_ENDPOINT_URL=http://10.9.0.10:8000\n", 0o644)
	for name, c := range map[string]struct {
		data   string
		result firstboot.Result
		want   []string
	}{
		"well": {"", firstboot.OK, []string{
			"DescribeAutoScalingInstances InstanceIds.member.1=" + id,
			"CompleteLifecycleAction AutoScalingGroupName=hubs&InstanceId=" + id + "&LifecycleActionResult=CONTINUE&LifecycleHookName=ready",
			"CreateTags ResourceId.1=" + id + "&Tag.1.Key=leaven&Tag.1.Value=ok",
		}},
		"failed": {shebang + "run: [{name: bad, command: [/bin/false]}]\n", firstboot.Failed, []string{
			"DescribeAutoScalingInstances InstanceIds.member.1=" + id,
			"CompleteLifecycleAction AutoScalingGroupName=hubs&InstanceId=" + id + "&LifecycleActionResult=ABANDON&LifecycleHookName=ready",
			"CreateTags ResourceId.1=" + id + "&Tag.1.Key=leaven&Tag.1.Value=failed",
		}},
		"broken user data": {shebang + "rnu: []\n", firstboot.Failed, []string{
			"DescribeAutoScalingInstances InstanceIds.member.1=" + id,
			"CompleteLifecycleAction AutoScalingGroupName=hubs&InstanceId=" + id + "&LifecycleActionResult=ABANDON&LifecycleHookName=ready",
			"CreateTags ResourceId.1=" + id + "&Tag.1.Key=leaven&Tag.1.Value=failed",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			v, root := newVPC(t), clone(t, image)
			v.up()
			metadata := v.metadata(id, c.data)
			metadata.Set("meta-data/iam/security-credentials", "hub")
			metadata.Set("meta-data/iam/security-credentials/hub", `{"Code":"Success","Type":"AWS-HMAC","AccessKeyId":"AKIDEXAMPLE","SecretAccessKey":"x","Token":"x","Expiration":"2099-01-01T00:00:00Z","LastUpdated":"2026-01-01T00:00:00Z"}`)
			l, err := v.instance.Listen(t.Context(), "10.9.0.10:8000")
			if err != nil {
				t.Fatal(err)
			}
			fake := aws.Serve(l)
			t.Cleanup(func() { fake.Close() })
			fake.On("DescribeAutoScalingInstances", func(url.Values) (string, *aws.Error) {
				return "<AutoScalingInstances><member><InstanceId>" + id + "</InstanceId><AutoScalingGroupName>hubs</AutoScalingGroupName></member></AutoScalingInstances>", nil
			})
			for boot := range 2 {
				c2 := begin(t, nspawn.Config{Root: root, Credentials: map[string]string{"leaven.instance-id": id}, Network: v.instance.Path()})
				if s := statusOf(t, c2); s.Result != c.result {
					t.Errorf("boot %d: %s", boot, s.Verdict)
				}
				ownKeys(t, c2, baked)
				var calls []string
				for _, call := range fake.Calls() {
					calls = append(calls, call.String())
				}
				slices.Sort(calls)
				if want := slices.Sorted(slices.Values(c.want)); !slices.Equal(calls, want) {
					t.Errorf("boot %d: AWS was asked\n%s\nwant\n%s", boot, strings.Join(calls, "\n"), strings.Join(want, "\n"))
				}
				off(t, c2)
			}
		})
	}
}
