package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/leaven-dev/leaven/e2e/aws"
	"github.com/leaven-dev/leaven/e2e/imds"
	"github.com/leaven-dev/leaven/e2e/netns"
	"github.com/leaven-dev/leaven/e2e/nspawn"
	"github.com/leaven-dev/leaven/firstboot/health"
	"github.com/leaven-dev/leaven/firstboot/leave"
)

const leavingID = "i-0123456789abcdef0"

// TestLeave gives instances notices by the metadata service, as EC2 does.
func TestLeave(t *testing.T) {
	t.Parallel()
	image := copyRoot(t, "bookworm")
	install(t, image)
	t.Run("spot", func(t *testing.T) { testLeaveSpot(t, image) })
	t.Run("advice, then spot, and a restart", func(t *testing.T) { testLeaveShortened(t, image) })
	t.Run("termination", func(t *testing.T) { testLeaveHook(t, image) })
	t.Run("no notice", func(t *testing.T) { testNoNotice(t, image) })
}

// leaving boots an instance with a metadata service and a configuration of leave.
func leaving(t *testing.T, image, settings string) (*nspawn.Container, *imds.Fake, string) {
	c, metadata, _, root := leavingGroup(t, image, settings)
	return c, metadata, root
}

// leavingGroup is leaving with an AWS that the instance's role may ask.
func leavingGroup(t *testing.T, image, settings string) (*nspawn.Container, *imds.Fake, *aws.Fake, string) {
	t.Helper()
	ns, err := netns.New(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ns.Close() })
	fake, err := imds.Start(t.Context(), ns, imds.Instance(leavingID))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { fake.Close() })
	fake.Set("meta-data/iam/security-credentials", "hub")
	fake.Set("meta-data/iam/security-credentials/hub", `{"Code":"Success","Type":"AWS-HMAC","AccessKeyId":"AKIDEXAMPLE","SecretAccessKey":"x","Token":"x","Expiration":"2099-01-01T00:00:00Z","LastUpdated":"2026-01-01T00:00:00Z"}`)
	l, err := ns.Listen(t.Context(), "127.0.0.1:8000")
	if err != nil {
		t.Fatal(err)
	}
	cloud := aws.Serve(l)
	t.Cleanup(func() { cloud.Close() })
	root := clone(t, image)
	put(t, root, "etc/systemd/system/leaven-leave.service.d/aws.conf", "[Service]\nEnvironment=AWS_ENDPOINT_URL=http://127.0.0.1:8000\n", 0o644)
	put(t, root, "etc/leaven/firstboot.yaml", "health: {listen: 8088, fresh: 1s}\nleave:\n"+settings, 0o644)
	c := boot(t, nspawn.Config{Root: root, Network: ns.Path(), Credentials: map[string]string{"leaven.instance-id": leavingID}})
	newBalancer(c, "127.0.0.1:8088").until(t, 200, health.OK, "")
	return c, fake, cloud, root
}

// record waits until the leave is through and returns what is kept of it.
func record(t *testing.T, root string, patience time.Duration) leave.Record {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		var r leave.Record
		data, err := os.ReadFile(filepath.Join(root, "var/lib/leaven", leavingID, "leave.json"))
		if err == nil {
			err = json.Unmarshal(data, &r)
		}
		if err == nil && !r.Ended.IsZero() {
			return r
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			t.Fatalf("the instance has not left within %v: %v\n%s", patience, err, data)
		}
	}
}

func phases(r leave.Record) string {
	var all []string
	for _, p := range r.Phases {
		all = append(all, fmt.Sprintf("%s %s", p.Name, p.Result))
	}
	return strings.Join(all, ", ")
}

// testLeaveSpot gives a spot notice to an instance whose command hangs, and ignores the signal to end. All is over before the instance
// is taken all the same.
func testLeaveSpot(t *testing.T, image string) {
	c, fake, root := leaving(t, image, `  on: [spot, termination]
  drain: 2s
  command: "echo begun >/run/command; trap '' TERM; while :; do sleep 1; done"
`)
	const path = "meta-data/spot/instance-action"
	for range 3 { // one session token must do for all
		time.Sleep(5 * time.Second)
	}
	tokens := 0
	for _, r := range fake.Requests() {
		if r.Method == "PUT" {
			tokens++
		}
	}
	if tokens > 2 {
		t.Errorf("%d session tokens were asked for", tokens)
	}
	due := time.Now().Add(30 * time.Second)
	fake.Set(path, fmt.Sprintf(`{"action":"terminate","time":%q}`, due.UTC().Format(time.RFC3339)))
	given := time.Now()
	b := newBalancer(c, "127.0.0.1:8088")
	b.until(t, 503, health.Leaving, "")
	if took := time.Since(given); took > 7*time.Second {
		t.Errorf("the balancer hears of it after %v", took)
	}
	r := record(t, root, time.Until(due)+5*time.Second)
	if got := phases(r); got != "drain ok, command failed" || r.Result != leave.Failed || !r.Ended.Before(due) {
		t.Errorf("left %v before the instance is taken: %s\n%+v", time.Until(due), got, r)
	}
	run(t, c, "test", "-e", "/run/command")
	time.Sleep(6 * time.Second) // what does not end by itself is killed after 5 s
	if text := run(t, c, "cat", "/sys/fs/cgroup/system.slice/leaven-leave.service/cgroup.procs"); len(strings.Fields(text)) != 1 {
		t.Errorf("the command still runs: %q", text)
	}
	log, err := c.Journal(t.Context(), "--unit=leaven-leave.service", "--output=json")
	if err != nil || !strings.Contains(log, `"LEAVEN_STEP":"leave-command"`) || !strings.Contains(log, `"LEAVEN_INSTANCE":"`+leavingID+`"`) {
		t.Errorf("the journal lacks what happened: %v\n%s", err, log)
	}
	if !strings.Contains(c.Console.Text(), "leaven: leaving: spot (terminate)") {
		t.Errorf("the console does not say it:\n%s", c.Console.Tail(10))
	}
	small(t, c, "leaven-leave.service")
}

// testLeaveShortened gives a rebalance recommendation and then a spot notice, and kills the service in the middle.
func testLeaveShortened(t *testing.T, image string) {
	c, fake, root := leaving(t, image, "  on: [spot, rebalance]\n  drain: 60s\n  command: \"echo once >>/var/commands\"\n")
	fake.Set("meta-data/events/recommendations/rebalance", `{"noticeTime":"2026-11-20T08:22:00Z"}`)
	newBalancer(c, "127.0.0.1:8088").until(t, 503, health.Leaving, "")
	run(t, c, "sh", "-c", "kill -KILL $(systemctl show --value --property=MainPID leaven-leave.service)")
	time.Sleep(4 * time.Second)
	fake.Set("meta-data/spot/instance-action", fmt.Sprintf(`{"action":"stop","time":%q}`, time.Now().Add(25*time.Second).UTC().Format(time.RFC3339)))
	begun := time.Now()
	r := record(t, root, 30*time.Second)
	if took := time.Since(begun); took > 20*time.Second {
		t.Errorf("the spot notice did not shorten it: %v", took)
	}
	if got := phases(r); got != "drain ok, command ok" || len(r.Notices) != 2 || r.Notices[0].Kind != leave.Rebalance || r.Result != leave.OK {
		t.Errorf("%s: %+v", got, r)
	}
	if text := run(t, c, "cat", "/var/commands"); text != "once" {
		t.Errorf("the command ran as often as %q", text)
	}
	if out := run(t, c, "systemctl", "show", "--value", "--property=NRestarts", "leaven-leave.service"); out != "1" {
		t.Errorf("the service was restarted %s times", out)
	}
}

// testLeaveHook has Auto Scaling terminate an instance with a termination hook. The command hangs, and the action of the hook comes
// late: the hook is completed in time all the same.
func testLeaveHook(t *testing.T, image string) {
	c, fake, cloud, root := leavingGroup(t, image, `  on: [termination]
  lifecycle_hook: bye
  drain: 1s
  deadline: 20s
  command: "trap '' TERM; while :; do sleep 1; done"
`)
	cloud.On("DescribeAutoScalingInstances", func(url.Values) (string, *aws.Error) {
		return "<AutoScalingInstances><member><InstanceId>" + leavingID + "</InstanceId><AutoScalingGroupName>hubs</AutoScalingGroupName></member></AutoScalingInstances>", nil
	})
	tries := 0 // one call at a time
	cloud.On("CompleteLifecycleAction", func(url.Values) (string, *aws.Error) {
		if tries++; tries < 3 {
			return "", &aws.Error{Status: 400, Code: "ValidationError", Message: "No active Lifecycle Action found with instance ID " + leavingID}
		}
		return "", nil
	})
	given := time.Now()
	fake.Set("meta-data/autoscaling/target-lifecycle-state", "Terminated")
	r := record(t, root, 40*time.Second)
	if got := phases(r); got != "drain ok, command failed, hook ok" {
		t.Errorf("%s: %+v", got, r)
	}
	if took := time.Since(given); took > 27*time.Second { // the deadline, and up to 6 s until the notice is seen
		t.Errorf("it took %v", took)
	}
	calls := cloud.Calls()
	const want = "CompleteLifecycleAction AutoScalingGroupName=hubs&InstanceId=" + leavingID + "&LifecycleActionResult=CONTINUE&LifecycleHookName=bye"
	if len(calls) == 0 || calls[len(calls)-1].String() != want {
		t.Errorf("AWS was asked %v, want %s at last", calls, want)
	}
	newBalancer(c, "127.0.0.1:8088").until(t, 503, health.Leaving, "")
}

// testNoNotice shows what is no notice: silence, errors, and words that make no sense.
func testNoNotice(t *testing.T, image string) {
	c, fake, root := leaving(t, image, "  on: [spot, termination]\n  drain: 1s\n")
	fake.Set("meta-data/events/recommendations/rebalance", `{"noticeTime":"2026-11-20T08:22:00Z"}`) // nobody asks for it
	fake.Set("meta-data/spot/instance-action", "<html>Service unavailable</html>")
	fake.Set("meta-data/autoscaling/target-lifecycle-state", "InService")
	time.Sleep(7 * time.Second)
	fake.Fail(1000, 503)
	time.Sleep(6 * time.Second)
	fake.Fail(0, 0)
	if there(t, root, "var/lib/leaven/"+leavingID+"/leave.json") {
		t.Fatal("the instance left without a notice")
	}
	newBalancer(c, "127.0.0.1:8088").until(t, 200, health.OK, "")
	log, err := c.Journal(t.Context(), "--unit=leaven-leave.service")
	if n := strings.Count(log, "cannot look for notices"); err != nil || n < 1 || n > 2 {
		t.Errorf("the journal tells %d times that notices cannot be looked for: %v\n%s", n, err, log)
	}
	// And one is.
	fake.Remove("meta-data/spot/instance-action")
	fake.Set("meta-data/autoscaling/target-lifecycle-state", "Terminated")
	if r := record(t, root, 20*time.Second); phases(r) != "drain ok" || r.Notices[0].Kind != leave.Termination {
		t.Errorf("%+v", r)
	}
}
