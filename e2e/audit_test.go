package e2e

import (
	"encoding/json"
	"os/exec"
	"slices"
	"testing"

	"github.com/leaven-dev/leaven/bake"
)

// TestAuditOfFreshDebian audits roots that nobody used: whatever it says of secrets and accounts there would be false, but
// for what the recipe itself put in.
func TestAuditOfFreshDebian(t *testing.T) {
	for _, suite := range []string{"bookworm", "trixie"} {
		t.Run(suite, func(t *testing.T) {
			dir, checks := copyRoot(t, suite), checkIDs(t)
			for profile, allowed := range map[string][]string{
				"ami":         nil,
				"marketplace": {"sudo-nopasswd", "sshd-password-default"}, // the user "admin", and sshd's own default
			} {
				for _, mode := range []string{"--full=false", "--full"} {
					for _, f := range audited(t, dir, "--profile", profile, mode) {
						if slices.Contains(checks, f.Rule) && !slices.Contains(allowed, f.Rule) || f.State == bake.Unknown {
							t.Errorf("%s %s: %s %s at %s:%d: %s", profile, mode, f.State, f.Rule, f.Path, f.Line, f.Message)
						}
					}
				}
			}
		})
	}
}

// audited returns what an audit of a tree finds.
func audited(t *testing.T, dir string, args ...string) []bake.Finding {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), binary(t, "leaven"), append([]string{"audit", "--root", dir, "--output", "json"}, args...)...).Output()
	var report bake.AuditReport
	if jsonErr := json.Unmarshal(out, &report); jsonErr != nil {
		t.Fatalf("audit: %v: %v\n%s", err, jsonErr, out)
	}
	if len(report.Notes) == 0 || report.Schema != "leaven/audit/1" {
		t.Fatalf("audit: %+v", report)
	}
	return report.Findings
}

// checkIDs lists the audit's own checks: rules of baking find something in every tree that was not sealed.
func checkIDs(t *testing.T) (ids []string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), binary(t, "leaven"), "rules", "--output", "json").Output()
	if err != nil {
		t.Fatal(err)
	}
	var d bake.Description
	if err := json.Unmarshal(out, &d); err != nil {
		t.Fatal(err)
	}
	for _, c := range d.Checks {
		ids = append(ids, c.ID)
	}
	return ids
}
