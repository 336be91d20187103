package bake_test

import (
	"testing"

	"github.com/leaven-dev/leaven/bake"
)

// What was to go and is still there fails an audit, and what is only to be reported does not, however the rule came to be so.
func TestSeverityFollowsTheSwitch(t *testing.T) {
	dir := grow(t, map[string]string{"srv/x": "x"})
	for name, test := range map[string]struct {
		rule bake.Rule
		o    bake.Options
		want bake.Severity
	}{
		"on":                 {bake.Rule{Action: bake.Delete}, bake.Options{}, bake.Error},
		"on, set to audit":   {bake.Rule{Action: bake.Delete}, bake.Options{Switches: map[string]bake.Default{"ra": bake.AuditOnly}}, bake.Warning},
		"audit":              {bake.Rule{Action: bake.Delete, Default: bake.AuditOnly}, bake.Options{}, bake.Warning},
		"audit, set to on":   {bake.Rule{Action: bake.Delete, Default: bake.AuditOnly}, bake.Options{Switches: map[string]bake.Default{"ra": bake.On}}, bake.Error},
		"audit, asked for":   {bake.Rule{Action: bake.Delete, Default: bake.AuditOnly}, bake.Options{Only: []string{"ra"}}, bake.Error},
		"off, set to audit":  {bake.Rule{Action: bake.Delete, Default: bake.Off}, bake.Options{Switches: map[string]bake.Default{"ra": bake.AuditOnly}}, bake.Warning},
		"warning":            {bake.Rule{Action: bake.Delete, Severity: bake.Warning}, bake.Options{}, bake.Warning},
		"report":             {bake.Rule{Action: bake.Report}, bake.Options{}, bake.Error},
		"report, for audits": {bake.Rule{Action: bake.Report, Default: bake.AuditOnly}, bake.Options{}, bake.Warning},
	} {
		test.rule.Where = []string{"/srv/x"}
		_, p := plan(t, dir, rules(t, test.rule), test.o)
		found := bake.Auditing{}.Findings(p)
		if len(found) != 1 || found[0].Severity != test.want {
			t.Errorf("%s: %+v, want %s", name, found, test.want)
		}
	}
}

// Nobody may be told to remove what no rule removes, such as boot entries.
func TestCureOfWhatIsOnlyReported(t *testing.T) {
	dir := grow(t, map[string]string{"srv/x": "x"})
	for action, want := range map[bake.Action]string{
		bake.Report: "see to it by hand: baking never touches it (made again: m); to accept it use --skip ra",
		bake.Delete: "remove it, or run `leaven bake --only ra`; to accept it use --skip ra",
	} {
		_, p := plan(t, dir, rules(t, bake.Rule{Where: []string{"/srv/x"}, Action: action, Default: bake.AuditOnly}), bake.Options{})
		if found := (bake.Auditing{}).Findings(p); len(found) != 1 || found[0].Fix != want {
			t.Errorf("%s: %+v", action, found)
		}
	}
}
