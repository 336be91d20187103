package acceptance

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/leaven-dev/leaven/bake/report"
	"github.com/leaven-dev/leaven/bake/wire"
	"github.com/leaven-dev/leaven/packer/internal/rehearsal"
)

const (
	first  = "provisioner \"leaven\" {\n  baseline = \"take\"\n  sudo_password = var.sudo_password\n}"
	second = `
    sudo_password = var.sudo_password
    baseline      = "use"
    config        = "bake.yaml"
    overwrite     = true
    rules         = { tmp = "off", acme-cache = "on" }
    vendor_rules  = ["acme-cache"]
    allow {
      rule = "private-key"
      path = "/srv/it's, here"
      why  = "made anew at first boot"
    }`
	bakeYAML = "# ours\nprofile: base\nrules:\n  acme-cache: on\n"
)

// Two blocks in one build, with all kinds of settings, however the far side is reached.
func TestSettingsOverSSH(t *testing.T) {
	there := startServer(t)
	for name, c := range map[string]struct{ user, communicator string }{
		"root":                         {user: "root"},
		"sudo with a password":         {user: "careful"},
		"sudo with password, terminal": {user: "careful", communicator: "ssh_pty = true"},
	} {
		t.Run(name, func(t *testing.T) {
			held := wire.Record{Type: wire.Finding, Finding: &report.Finding{
				Rule: "authorized-keys", Path: "/root/.ssh/authorized_keys", Severity: report.Error, State: report.Pending,
			}}
			s := newSealing(t, there, map[string]rehearsal.Act{
				"baseline": {Records: []wire.Record{{Type: wire.Note, Note: "baseline of / in /var/lib/leaven/baseline: 9 files"}}},
				"audit":    {Records: []wire.Record{held}, Catalogue: "8636b275a4f04595"},
			})
			s.before = first
			if err := os.WriteFile(filepath.Join(s.home, "bake.yaml"), []byte(bakeYAML), 0o600); err != nil {
				t.Fatal(err)
			}
			text, status := s.build(t, s.template(t, c.user, c.communicator, second), "-var", "sudo_password="+password)
			if status != 0 {
				t.Fatalf("status %d:\n%s", status, text)
			}
			for _, line := range []string{
				"leaven: taking a baseline\n", "note: baseline of / in /var/lib/leaven/baseline: 9 files\n",
				"  goes at shutdown, when the last stage runs:\n", "    authorized-keys (1): /root/.ssh/authorized_keys\n", "; audit clean; 1 to go at shutdown; ",
			} {
				if !strings.Contains(text, line) {
					t.Errorf("output lacks %q:\n%s", line, text)
				}
			}
			runs := rehearsal.Entries(t, s.log)
			if len(runs) != 4 {
				t.Fatalf("%d runs", len(runs))
			}
			for i, want := range []string{"--baseline", "", "--rule acme-cache=on --rule tmp=off --stage live --last-stage --overwrite", "--allow rule=private-key,path=/srv/it's, here --baseline"} {
				if args := strings.Join(runs[i].Args, " "); !strings.Contains(args, want) {
					t.Errorf("run %d has %q, not %q", i, args, want)
				}
				if wants := i >= 2; wants != (runs[i].Settings == bakeYAML) {
					t.Errorf("run %d had the settings %q", i, runs[i].Settings)
				}
			}
			r := s.report(t)
			if !r.Sealed || !r.LastStage || r.Packer == "" || r.Settings == nil || len(r.Settings.SHA256) != 64 || len(r.Accepted) != 1 || r.Accepted[0].Why != "made anew at first boot" {
				t.Errorf("report: %+v", r)
			}
			if last := r.Runs[len(r.Runs)-1]; last.Catalogue != "8636b275a4f04595" || !slices.Contains(last.Flags, "--baseline") {
				t.Errorf("the audit in the report: %+v", last)
			}
			s.secret(t, text)
			s.clean(t)
		})
	}
}

// The command that takes back what was armed runs on the far side as everything else does, with sudo and on terminals.
func TestAFailedBuildTakesTheLastStageBack(t *testing.T) {
	there := startServer(t)
	for name, c := range map[string]struct{ user, communicator, settings string }{
		"root":                         {user: "root"},
		"sudo with password, terminal": {user: "careful", communicator: "ssh_pty = true", settings: "sudo_password = var.sudo_password"},
		"on the disk":                  {user: "free", settings: `staging_directory = "/var/tmp"`},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSealing(t, there, map[string]rehearsal.Act{
				"audit": {Exit: 1, Error: "/ is not clean"},
			})
			text, status := s.build(t, s.template(t, c.user, c.communicator, c.settings), "-var", "sudo_password="+password)
			if status == 0 || !strings.Contains(text, "/ is not clean") || !strings.Contains(text, "leaven: taking the last stage back, as the image is not sealed\n") || strings.Contains(text, "may still be armed") {
				t.Errorf("status %d:\n%s", status, text)
			}
			runs := rehearsal.Entries(t, s.log)
			if len(runs) != 4 || !slices.Contains(runs[3].Args, "--disarm") {
				t.Errorf("runs: %+v", runs)
			}
			if r := s.report(t); r.Sealed || r.LastStage {
				t.Errorf("report: %+v", r)
			}
			s.secret(t, text)
			s.clean(t)
		})
	}
}
