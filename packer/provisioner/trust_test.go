package provisioner

import (
	"slices"
	"strings"
	"testing"

	"github.com/leaven-dev/leaven/bake/report"
	"github.com/leaven-dev/leaven/bake/wire"
	"github.com/leaven-dev/leaven/packer/internal/rehearsal"
)

// disarmed is the call that takes the last stage back.
const disarmed = "bake --root / --disarm --deadline 90s"

// An exit status of 0 proves nothing: the SSH communicator reports it for sessions that broke off.
func TestOnlyAWholeRunIsBelieved(t *testing.T) {
	zero := 0
	otherVersion := `the agent is version "0.0.9" and the plugin "` + rehearsal.Version + `": build both with ` + "`make build`"
	for name, c := range map[string]struct {
		act  rehearsal.Act
		want string
	}{
		"no end record, status 0":          {rehearsal.Act{NoEnd: true}, "stop before the end record (exit status 0)"},
		"end record of another run":        {rehearsal.Act{EndNonce: "earlier"}, "the end record carries another run's nonce"},
		"begin record of another run":      {rehearsal.Act{BeginNonce: "earlier"}, "its begin record carries another run's nonce"},
		"no begin record":                  {rehearsal.Act{NoBegin: true}, "it ended without a begin record"},
		"records before begin":             {rehearsal.Act{NoBegin: true, Records: []wire.Record{change("r", "/p", report.Delete, 1)}}, "it spoke before its begin record"},
		"end record 1, status 0":           {rehearsal.Act{Exit: 1, Status: &zero}, "it said that it exits with 1 and exited with 0"},
		"another version than the plugin":  {rehearsal.Act{Version: "0.0.9"}, otherVersion},
		"another version, and still going": {rehearsal.Act{Version: "0.0.9", Hang: true}, otherVersion},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBuild(t, map[string]rehearsal.Act{"bake": c.act})
			report := b.fails(t, "cannot tell how `leaven bake` ended", c.want)
			if got := b.calls(t); len(got) != 3 || got[2] != disarmed {
				t.Errorf("went on after a run that was not whole: %q", got)
			}
			if report.Runs[1].Exit != nil {
				t.Errorf("the report gives exit status %d", *report.Runs[1].Exit)
			}
		})
	}
}

func TestAFailedRunFailsTheBuild(t *testing.T) {
	failed := change("ssh-host-keys", "/etc/ssh/ssh_host_rsa_key", report.Delete, 0)
	failed.Change.Result, failed.Change.Message = report.Failed, "read-only file system"
	refused := change("ssh-host-keys", "/etc/ssh/ssh_host_rsa_key", report.Delete, 0)
	refused.Change.Result, refused.Change.Message = report.Refused, "nothing makes it again"
	dirty := finding("logs", "/var/log/syslog", report.Error, report.Dirty)
	warning := finding("accounts", "/etc/shadow", report.Warning, report.Dirty)
	unseen := finding("tmp", "/var/tmp/x", report.Warning, report.Unknown)
	for name, c := range map[string]struct {
		command string
		act     rehearsal.Act
		strict  bool
		want    []string
		shown   string
	}{
		"install fails": {
			command: "install", act: rehearsal.Act{Exit: 1, Error: "cannot write /usr/bin/leaven: no space left on device"},
			want: []string{"leaven could not be installed into it: cannot write /usr/bin/leaven: no space left on device"},
		},
		"sealing fails": {
			command: "bake", act: rehearsal.Act{Exit: 1, Error: "1 thing could not be removed from /", Records: []wire.Record{failed}},
			want:  []string{"not all that must go is gone: 1 thing could not be removed from /", "ssh-host-keys: /etc/ssh/ssh_host_rsa_key: read-only file system"},
			shown: "  ssh-host-keys: cannot delete /etc/ssh/ssh_host_rsa_key: read-only file system\n",
		},
		"sealing fails without a word": {
			command: "bake", act: rehearsal.Act{Exit: 1}, want: []string{"not all that must go is gone (exit status 1)"},
		},
		"a failed change and a verdict of 0": {
			command: "bake", act: rehearsal.Act{Records: []wire.Record{failed}}, want: []string{"read-only file system"},
		},
		"something is left on purpose": {
			command: "bake", act: rehearsal.Act{Records: []wire.Record{refused}}, want: []string{"nothing makes it again"},
			shown: "  ssh-host-keys: left in place: /etc/ssh/ssh_host_rsa_key: nothing makes it again\n",
		},
		"sealing cannot look": {
			command: "bake", act: rehearsal.Act{Exit: 2, Error: "1 place in / could not be looked at", Records: []wire.Record{unseen}},
			want:  []string{"`leaven bake` cannot tell: 1 place in / could not be looked at", "tmp: /var/tmp/x"},
			shown: "  cannot tell: tmp: /var/tmp/x: it is there\n",
		},
		"the audit finds something": {
			command: "audit", act: rehearsal.Act{Exit: 1, Records: []wire.Record{dirty}},
			want:  []string{"the audit found what must not be in it", "logs: /var/log/syslog"},
			shown: "  error: logs: /var/log/syslog: it is there\n    fix: remove it\n",
		},
		"a finding and a verdict of 0":  {command: "audit", act: rehearsal.Act{Records: []wire.Record{dirty}}, want: []string{"logs: /var/log/syslog"}},
		"an unknown and a verdict of 0": {command: "audit", act: rehearsal.Act{Records: []wire.Record{unseen}}, want: []string{"tmp: /var/tmp/x"}},
		"the audit cannot tell": {
			command: "audit", act: rehearsal.Act{Exit: 2, Error: "cannot read /etc/shadow"}, want: []string{"`leaven audit` cannot tell: cannot read /etc/shadow"},
		},
		"a warning where warnings fail": {command: "audit", strict: true, act: rehearsal.Act{Records: []wire.Record{warning}}, want: []string{"accounts: /etc/shadow"}},
		"the agent does not start at all": {
			command: "install", act: rehearsal.Act{NoBegin: true, NoEnd: true, Exit: 126}, want: []string{"cannot tell how `leaven install` ended", "exit status 126"},
		},
		"more than the error can tell": {
			command: "audit", act: rehearsal.Act{Exit: 1, Records: slices.Repeat([]wire.Record{dirty}, 9)}, want: []string{"and 6 more"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBuild(t, map[string]rehearsal.Act{c.command: c.act})
			b.settings["strict"] = c.strict
			report := b.fails(t, c.want...)
			if !strings.Contains(b.ui.Errors(), c.shown) {
				t.Errorf("not shown as an error: %q\n%s", c.shown, b.ui.Errors())
			}
			calls := b.calls(t)
			if c.command != "install" { // then the last stage may be armed
				if calls[len(calls)-1] != disarmed {
					t.Errorf("the last stage is not taken back: %q", calls)
				}
				calls = calls[:len(calls)-1]
			}
			if last := calls[len(calls)-1]; !strings.HasPrefix(last, c.command+" ") || strings.Contains(last, "--disarm") {
				t.Errorf("went on to %s", last)
			}
			if report.LastStage {
				t.Error("the report says that the last stage is armed")
			}
		})
	}
}
