package timeline

import (
	"time"

	"github.com/leaven-dev/leaven/firstboot"
)

// kernel is when the kernel of the boots below started.
var kernel = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

func at(uptime float64) time.Time {
	return kernel.Add(time.Duration(uptime * float64(time.Second)))
}

// boot makes the records of a boot as the agent does.
type boot struct {
	Data
}

func newBoot(result firstboot.Result, verdict string) *boot {
	return &boot{Data{Status: firstboot.Status{
		Version: "v1.0.0", Result: result, Verdict: verdict,
		Instance: firstboot.Instance{ID: "i-0123456789abcdef0", Source: firstboot.FromDMI},
	}}}
}

// stage adds a stage. One that has no end runs.
func (b *boot) stage(stage firstboot.Stage, result firstboot.Result, begin, end float64) {
	r := firstboot.StageRecord{Stage: stage, Boot: "boot-1", Started: at(begin), Uptime: begin, Result: result}
	if end > 0 {
		r.Ended, r.Seconds = at(end), end-begin
	}
	b.Status.Stages = append(b.Status.Stages, r)
}

// step adds a step that was applied, or tried to be. One that has no end runs.
func (b *boot) step(id string, policy firstboot.Policy, result firstboot.Result, begin, end float64, message, cure string) {
	r := b.record(id, policy, result, begin, message, cure)
	r.Started, r.Changed = at(begin), true
	if end > 0 {
		r.Ended, r.Seconds, r.Look = at(end), end-begin, end-begin
	}
	if result == firstboot.OK {
		r.Done = r.Ended
	}
}

// looked adds a step that was so already when it was looked at first.
func (b *boot) looked(id string, begin, end float64) {
	r := b.record(id, firstboot.Required, firstboot.OK, begin, "", "")
	r.Started, r.Ended, r.Done, r.Seconds, r.Look = at(begin), at(end), at(end), end-begin, end-begin
}

// before adds a step that an earlier boot did.
func (b *boot) before(id string, begin float64) {
	r := b.record(id, firstboot.Required, firstboot.OK, begin, "", "")
	r.Started, r.Ended, r.Done, r.Seconds, r.Look = at(-90000), at(-89999), at(-89999), 1, 0.001
}

// record adds the record of a step to the stage that was added last.
func (b *boot) record(id string, policy firstboot.Policy, result firstboot.Result, begin float64, message, cure string) *firstboot.StepRecord {
	b.Status.Steps = append(b.Status.Steps, firstboot.StepRecord{
		ID: id, Stage: b.Status.Stages[len(b.Status.Stages)-1].Stage, Title: "what " + id + " is for", Policy: policy,
		Boot: "boot-1", Uptime: begin, Result: result, Message: message, Cure: cure,
	})
	return &b.Status.Steps[len(b.Status.Steps)-1]
}

// blocked and waiting add steps that did not run.
func (b *boot) blocked(id string, begin float64, message string) {
	b.record(id, firstboot.Required, firstboot.Blocked, begin, message, "")
}

func (b *boot) waiting(id string) {
	b.record(id, firstboot.Required, firstboot.Waiting, 0, "", "").Boot = ""
}

// failedBoot has a step of each kind that a boot may end with.
func failedBoot() Data {
	b := newBoot(firstboot.Failed, "instance i-0123456789abcdef0 failed at step mount-masterfiles (/var/cfengine/masterfiles mounted): /var/cfengine/masterfiles is not mounted: mount.nfs4: Connection timed out; let the security group of fs-0123456789abcdef0 admit port 2049 from this instance")
	b.stage(firstboot.Identity, firstboot.OK, 1.912, 2.334)
	b.looked("instance-id", 1.931, 1.934)
	b.looked("host-name", 1.934, 1.935)
	b.step("host-keys", firstboot.Required, firstboot.OK, 1.935, 2.281, "ssh_host_ecdsa_key, ssh_host_ed25519_key", "")
	b.step("console-keys", firstboot.Degrade, firstboot.OK, 2.285, 2.330, "", "")
	b.stage(firstboot.Provision, firstboot.Failed, 5.480, 37.902)
	b.looked("identity", 5.491, 5.492)
	b.step("network", firstboot.Required, firstboot.OK, 5.492, 7.110, "10.0.3.17 on ens5", "")
	b.step("metadata", firstboot.Required, firstboot.OK, 7.112, 12.406, "i-0123456789abcdef0 in eu-west-1b", "")
	b.step("motd-banner", firstboot.Ignore, firstboot.Failed, 5.493, 6.2, "exit status 1: no such file", "")
	b.step("tag", firstboot.Degrade, firstboot.Failed, 12.41, 14.6, "cannot tag the instance: UnauthorizedOperation", "let the role of the instance call ec2:CreateTags")
	b.step("mount-masterfiles", firstboot.Required, firstboot.Failed, 12.41, 37.7, "/var/cfengine/masterfiles is not mounted: mount.nfs4: Connection timed out", "let the security group of fs-0123456789abcdef0 admit port 2049 from this instance")
	b.blocked("cfengine-hub", 37.71, "waits for step mount-masterfiles, which failed")
	b.step("signal", firstboot.Degrade, firstboot.OK, 37.712, 37.896, "told the lifecycle hook: ABANDON", "")
	return b.Data
}

// runningBoot is looked at while it goes on.
func runningBoot() Data {
	b := newBoot(firstboot.Running, "instance i-0123456789abcdef0 is being brought up")
	b.stage(firstboot.Identity, firstboot.OK, 1.9, 2.3)
	b.step("host-keys", firstboot.Required, firstboot.OK, 1.95, 2.25, "", "")
	b.stage(firstboot.Provision, firstboot.Running, 5.5, 0)
	b.looked("identity", 5.51, 5.512)
	b.step("metadata", firstboot.Required, firstboot.Running, 5.52, 0, "", "")
	b.waiting("cfengine-hub")
	b.Uptime = 17.25
	return b.Data
}

// reboot is one in a container: the kernel has run for a week, and nothing was left to do.
func reboot() Data {
	b := newBoot(firstboot.OK, "instance i-0123456789abcdef0 is up: 4 steps done in 0.02 s")
	const week = 604800
	b.stage(firstboot.Identity, firstboot.OK, week+0.5, week+0.513)
	b.before("instance-id", week+0.502)
	b.before("host-keys", week+0.506)
	b.stage(firstboot.Provision, firstboot.OK, week+0.9, week+0.907)
	b.looked("identity", week+0.901, week+0.902)
	b.before("cfengine-hub", week+0.903)
	return b.Data
}

// hostileBoot has names and messages of somebody who wants to get out of the picture.
func hostileBoot() Data {
	b := newBoot(firstboot.Failed, `"><script>alert(1)</script>`)
	b.Status.Instance.ID, b.Status.Version = `x</text></svg><script xmlns="http://www.w3.org/1999/xhtml">`, `]]>&version;`
	b.stage(`<stage onload="x">`, firstboot.Failed, 1, 2)
	b.Status.Stages[0].Message, b.Status.Stages[0].Cure = "]]><!-- \x00\x1b[2J", "<a xlink:href='javascript:x'>"
	b.step(`a"><image href="http://example.com/x.png"/>`, firstboot.Required, firstboot.Failed, 1.1, 1.9, "&lt;\u202e --> <!DOCTYPE x>", "\xff\xfe")
	b.blocked(`<b>'`, 1.95, "waits <for> \"it\"")
	return b.Data
}

// cutOffBoot is one in which the agent was killed.
func cutOffBoot() Data {
	b := newBoot(firstboot.Failed, "instance i-0123456789abcdef0 failed: the identity stage was cut off; run `leaven firstboot`; it goes on where it was")
	b.stage(firstboot.Identity, firstboot.Failed, 1.9, 0)
	b.Status.Stages[0].Message, b.Status.Stages[0].Cure = "the identity stage was cut off", "run `leaven firstboot`; it goes on where it was"
	b.looked("instance-id", 1.91, 1.93)
	b.step("host-keys", firstboot.Required, firstboot.Running, 1.94, 0, "", "")
	b.step("sshd-config", firstboot.Degrade, firstboot.OK, 1.94, 2.2, "", "")
	b.waiting("console-keys")
	b.Uptime = 7200
	return b.Data
}
