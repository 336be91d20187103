package provisioner

import (
	"maps"
	"os"
	"path/filepath"
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
			{Type: wire.Note, Note: "the last stage is armed"},
			finding("journal", "/var/log/journal/a", report.Error, report.Pending),
			finding("accounts", "/etc/shadow", report.Warning, report.Dirty),
			finding("authorized-keys", "/root/.ssh/authorized_keys", report.Error, report.Pending),
			finding("journal", "/var/log/journal/b", report.Error, report.Pending),
		}, Catalogue: "0123456789ab"},
	})
	if err := b.run(t); err != nil {
		t.Fatalf("%v\n%s", err, b.ui.Output())
	}
	want := []string{
		"install --root / --output jsonl",
		"bake --root / --output jsonl --deadline 10m0s --keep STAGED --stage live --last-stage",
		"audit --root / --output jsonl --deadline 10m0s --keep STAGED",
	}
	if diff := cmp.Diff(want, b.calls(t)); diff != "" {
		t.Errorf("the agent's runs (-want +got):\n%s", diff)
	}
	for _, line := range []string{
		"  ssh-host-keys: 4 deleted, 3.0 KiB: /etc/ssh/ssh_host_rsa_key, /etc/ssh/ssh_host_rsa_key.pub, /etc/ssh/ssh_host_ecdsa_key and 1 more\n",
		"  logs: 1 truncated, 1 deleted, 100 B: /var/log/syslog, /var/log/old.1.gz\n",
		"  note: the last stage is armed\n",
		"  goes at shutdown, when the last stage runs:\n    journal (2): /var/log/journal/a, /var/log/journal/b\n    authorized-keys (1): /root/.ssh/authorized_keys\n",
		"  warning: accounts: /etc/shadow: it is there\n    fix: remove it\n",
		"leaven: sealed: 6 changes by 2 rules, 3.1 KiB gone; audit clean; 1 warning; 3 to go at shutdown; ",
	} {
		if !strings.Contains(b.ui.Output(), line) {
			t.Errorf("output lacks %q:\n%s", line, b.ui.Output())
		}
	}
	if n := strings.Count(b.ui.Output(), "note: the last stage is armed"); n != 1 {
		t.Errorf("one note is shown %d times", n)
	}
	if b.ui.Errors() != "" {
		t.Errorf("shown as errors:\n%s", b.ui.Errors())
	}
	report := b.readReport(t)
	if !report.Sealed || report.Error != "" || report.Version != rehearsal.Version || len(report.Agent) != 64 || len(report.Runs) != 3 {
		t.Errorf("report: %+v", report)
	}
	if !report.LastStage || report.Runs[2].Catalogue != "0123456789ab" {
		t.Errorf("last stage %v, catalogue %q in the report", report.LastStage, report.Runs[2].Catalogue)
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
	file := filepath.Join(t.TempDir(), "bake.yaml")
	text := "profile: base\nsalt: 0011223344556677\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		settings map[string]any
		want     []string
	}{
		"choices": {
			map[string]any{
				"profile": "marketplace", "skip_rules": []string{"logs", "tmp"}, "only_rules": []string{"journal"},
				"keep_paths": []string{"/srv/it's here"}, "install": false, "last_stage": false, "strict": true, "deadline": "90s",
			},
			[]string{
				"bake --root / --output jsonl --deadline 1m30s --profile marketplace --skip logs --skip tmp --only journal --keep /srv/it's here --keep STAGED --stage all",
				"audit --root / --output jsonl --deadline 1m30s --profile marketplace --skip logs --skip tmp --only journal --keep /srv/it's here --keep STAGED --strict",
			},
		},
		"all the rest": {
			map[string]any{
				"rules": map[string]string{"tmp": "off", "user-crontabs": "on", "acme-cache": "audit"}, "vendor_rules": []string{"acme-cache"},
				"cross_mounts": []string{"/data"}, "config": file, "baseline": "use", "install": false, "overwrite": true, "mkswap": true,
				"zero_free": true, "full": true,
				"allow": []map[string]any{{"rule": "private-key", "path": "/etc/a,b", "hash": "0123456789ab", "why": "made anew"}, {"path": "/srv"}},
			},
			[]string{
				"bake --root / --output jsonl --deadline 10m0s --config STAGED/bake.yaml --cross /data --rule acme-cache=audit --rule tmp=off --rule user-crontabs=on --rule swap-files=on " +
					"--keep STAGED --stage live --last-stage --overwrite --zero-free",
				"audit --root / --output jsonl --deadline 10m0s --config STAGED/bake.yaml --cross /data --rule acme-cache=audit --rule tmp=off --rule user-crontabs=on --rule swap-files=on " +
					"--keep STAGED --allow rule=private-key,hash=0123456789ab,path=/etc/a,b --allow path=/srv --baseline --full",
			},
		},
		"a baseline": {
			map[string]any{"baseline": "take", "config": file, "cross_mounts": []string{"/data"}, "report": ""},
			[]string{"bake --root / --output jsonl --deadline 10m0s --config STAGED/bake.yaml --cross /data --baseline"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBuild(t, nil)
			maps.Copy(b.settings, c.settings)
			if err := b.run(t); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, b.calls(t)); diff != "" {
				t.Errorf("the agent's runs (-want +got):\n%s", diff)
			}
			for _, entry := range rehearsal.Entries(t, b.log) {
				if c.settings["config"] != nil && entry.Settings != text {
					t.Errorf("the settings that came over: %q", entry.Settings)
				}
			}
		})
	}
}

func TestMountsReachTheAgent(t *testing.T) {
	file := filepath.Join(t.TempDir(), "hub.yaml")
	text := "mounts: []\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	b := newBuild(t, map[string]rehearsal.Act{"mounts": {Records: []wire.Record{{Type: wire.Note, Note: "add to fstab: a line"}}}})
	b.settings["mounts"] = file
	if err := b.run(t); err != nil {
		t.Fatal(err)
	}
	calls := b.calls(t)
	if want := "mounts apply --root / --output jsonl --no-mount --config STAGED/mounts.yaml"; len(calls) != 4 || calls[1] != want || rehearsal.Entries(t, b.log)[1].Settings != text {
		t.Errorf("the agent's runs are %q, want %q as the second", calls, want)
	}
	if !strings.Contains(b.ui.Output(), "add to fstab: a line") {
		t.Errorf("what was written is not shown:\n%s", b.ui.Output())
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
