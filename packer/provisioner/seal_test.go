package provisioner

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/leaven-dev/leaven/bake/report"
	"github.com/leaven-dev/leaven/bake/wire"
	"github.com/leaven-dev/leaven/packer/internal/rehearsal"
)

func TestSealsAndReports(t *testing.T) {
	b := newBuild(t, map[string]rehearsal.Act{
		"bake": {Records: []wire.Record{
			change("ssh-host-keys", "/etc/ssh/ssh_host_rsa_key", report.Delete, 2048),
			change("ssh-host-keys", "/etc/ssh/ssh_host_rsa_key.pub", report.Delete, 500),
			{Type: wire.Beat},
			change("ssh-host-keys", "/etc/ssh/ssh_host_ecdsa_key", report.Delete, 500),
			change("ssh-host-keys", "/etc/ssh/ssh_host_ecdsa_key.pub", report.Delete, 24),
			change("logs", "/var/log/syslog", report.Truncate, 100),
			change("logs", "/var/log/old.1.gz", report.Delete, 0),
			{Type: wire.Note, Note: "the last stage is armed"},
		}},
		"audit": {Records: []wire.Record{
			finding("journal", "/var/log/journal/a", report.Error, report.Pending),
			finding("accounts", "/etc/shadow", report.Warning, report.Dirty),
		}},
	})
	if err := b.run(t); err != nil {
		t.Fatalf("%v\n%s", err, b.ui.Output())
	}
	want := []string{
		"install --root / --output jsonl",
		"bake --root / --output jsonl --stage live --deadline 10m0s --keep STAGED --last-stage",
		"audit --root / --output jsonl --deadline 10m0s --keep STAGED",
	}
	if diff := cmp.Diff(want, b.calls(t)); diff != "" {
		t.Errorf("the agent's runs (-want +got):\n%s", diff)
	}
	for _, line := range []string{
		"  ssh-host-keys: 4 deleted, 3.0 KiB: /etc/ssh/ssh_host_rsa_key, /etc/ssh/ssh_host_rsa_key.pub, /etc/ssh/ssh_host_ecdsa_key and 1 more\n",
		"  logs: 1 truncated, 1 deleted, 100 B: /var/log/syslog, /var/log/old.1.gz\n",
		"  note: the last stage is armed\n",
		"  journal: 1 left for the last stage at shutdown: /var/log/journal/a\n",
		"  warning: accounts: /etc/shadow: it is there\n    fix: remove it\n",
		"leaven: sealed: 6 changes by 2 rules, 3.1 KiB gone; audit clean; 1 warning; 1 left for the last stage at shutdown; ",
	} {
		if !strings.Contains(b.ui.Output(), line) {
			t.Errorf("output lacks %q:\n%s", line, b.ui.Output())
		}
	}
	if b.ui.Errors() != "" {
		t.Errorf("shown as errors:\n%s", b.ui.Errors())
	}
	report := b.readReport(t)
	if !report.Sealed || report.Error != "" || report.Version != rehearsal.Version || len(report.Agent) != 64 || len(report.Runs) != 3 {
		t.Errorf("report: %+v", report)
	}
	if run := report.Runs[1]; run.Command != "bake" || *run.Exit != 0 || len(run.Changes) != 6 || len(run.Notes) != 1 {
		t.Errorf("bake in the report: %+v", run)
	}
	for _, entry := range rehearsal.Entries(t, b.log) {
		if entry.Mode != "-rwx------" || entry.Stdin != "" {
			t.Errorf("the agent ran with mode %s and could read %q", entry.Mode, entry.Stdin)
		}
	}
}

func TestEachRunHasANonceOfItsOwn(t *testing.T) {
	b := newBuild(t, nil)
	if err := b.run(t); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, entry := range rehearsal.Entries(t, b.log) {
		nonce := entry.Args[slices.Index(entry.Args, "--nonce")+1]
		if len(nonce) < 20 || seen[nonce] {
			t.Errorf("nonce %q is short or was used before", nonce)
		}
		seen[nonce] = true
	}
	if len(seen) != 3 {
		t.Errorf("%d runs", len(seen))
	}
}

func TestSettingsReachTheAgent(t *testing.T) {
	b := newBuild(t, nil)
	for key, value := range map[string]any{
		"profile": "marketplace", "skip_rules": []string{"logs", "tmp"}, "only_rules": []string{"journal"},
		"keep_paths": []string{"/srv/it's here"}, "install": false, "last_stage": false, "strict": true, "deadline": "90s",
	} {
		b.settings[key] = value
	}
	if err := b.run(t); err != nil {
		t.Fatal(err)
	}
	shared := "--deadline 1m30s --profile marketplace --skip logs --skip tmp --only journal --keep /srv/it's here --keep STAGED"
	want := []string{"bake --root / --output jsonl --stage all " + shared, "audit --root / --output jsonl " + shared + " --strict"}
	if diff := cmp.Diff(want, b.calls(t)); diff != "" {
		t.Errorf("the agent's runs (-want +got):\n%s", diff)
	}
}

func TestAuditCanBeLeftOut(t *testing.T) {
	b := newBuild(t, nil)
	b.settings["audit"] = false
	if err := b.run(t); err != nil {
		t.Fatal(err)
	}
	if calls := b.calls(t); len(calls) != 2 || strings.Contains(b.ui.Output(), "audit clean") || !strings.Contains(b.ui.Output(), "not audited") {
		t.Errorf("calls %q, output:\n%s", calls, b.ui.Output())
	}
}
