package provisioner

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/leaven-dev/leaven/packer/agent"
)

func TestPrepareNamesWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		settings map[string]any
		want     string
	}{
		"profile":            {map[string]any{"profile": "--root=/"}, `profile: "--root=/" is no name`},
		"only_rules":         {map[string]any{"only_rules": []string{"logs", ""}}, `only_rules: "" is no name`},
		"skip_rules":         {map[string]any{"skip_rules": []string{"-x"}}, `skip_rules: "-x" is no name`},
		"rule in both":       {map[string]any{"only_rules": []string{"logs"}, "skip_rules": []string{"logs"}}, `skip_rules: "logs" is in only_rules too`},
		"keep_paths":         {map[string]any{"keep_paths": []string{"/srv", "etc/motd"}}, `keep_paths: "etc/motd" is not an absolute path`},
		"keep everything":    {map[string]any{"keep_paths": []string{"/srv/.."}}, `keep_paths: "/srv/.." is the whole image`},
		"keep with dots":     {map[string]any{"keep_paths": []string{"/srv/../etc"}}, `keep_paths: "/srv/../etc" is not a plain path: write "/etc"`},
		"staging_directory":  {map[string]any{"staging_directory": "tmp"}, `staging_directory: "tmp" is not an absolute path`},
		"deadline":           {map[string]any{"deadline": "ten minutes"}, `deadline: "ten minutes" is no duration such as "90s" or "10m"`},
		"deadline of number": {map[string]any{"deadline": 600}, `deadline: "600" is no duration`},
		"short deadline":     {map[string]any{"deadline": "-5s"}, `deadline: -5s is too short`},
		"report":             {map[string]any{"report": "out/"}, `report: "out/" names a folder, not a file`},
		"sudo_password":      {map[string]any{"sudo_password": "two\nlines"}, `sudo_password: holds a line break`},
		"strict":             {map[string]any{"strict": true, "audit": false}, `strict: makes warnings of the audit fail the build, and audit is false`},
		"mistyped setting":   {map[string]any{"skiprules": []string{"logs"}}, `unknown configuration key: '"skiprules"'`},
		"no boolean":         {map[string]any{"install": "perhaps"}, `install`},
	} {
		t.Run(name, func(t *testing.T) {
			err := New("1.0.0", agent.Embedded()).Prepare(c.settings)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v does not say %q", err, c.want)
			}
			if strings.Contains(err.Error(), "two") {
				t.Errorf("the error tells the password: %v", err)
			}
		})
	}
}

func TestPrepareNamesAllThatIsWrong(t *testing.T) {
	err := New("1.0.0", agent.Embedded()).Prepare(map[string]any{"profile": "A B", "deadline": "x", "report": "/"})
	if err == nil {
		t.Fatal("no error")
	}
	for _, setting := range []string{"profile: ", "deadline: ", "report: "} {
		if !strings.Contains(err.Error(), setting) {
			t.Errorf("error does not name %q: %v", setting, err)
		}
	}
}

// Packer calls Prepare again when the build runs; lists must not grow and settings not linger.
func TestPrepareTwice(t *testing.T) {
	p := New("1.0.0", agent.Embedded())
	first := map[string]any{"skip_rules": []string{"logs", "tmp"}, "profile": "<unknown>", "audit": false}
	if err := p.Prepare(first); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := p.Prepare(map[string]any{"skip_rules": []string{"journal"}, "profile": "ami"}); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"journal"}, p.config.SkipRules); diff != "" || p.config.Profile != "ami" || p.config.Audit.False() {
		t.Errorf("after three times: %+v", p.config)
	}
}

// `packer validate` fills in "<unknown>" for what only the build will know. It passes then, and fails when the build runs.
func TestUnknownValues(t *testing.T) {
	for setting, value := range map[string]any{
		"profile": unknown, "only_rules": []string{unknown}, "skip_rules": []string{unknown, "logs"}, "keep_paths": []string{unknown},
		"staging_directory": unknown, "deadline": unknown, "report": unknown, "sudo_password": unknown,
	} {
		p := New("1.0.0", agent.Embedded())
		if err := p.Prepare(map[string]any{setting: value}); err != nil {
			t.Errorf("%s: %v", setting, err)
			continue
		}
		err := p.Provision(t.Context(), nil, nil, nil)
		if err == nil || !strings.Contains(err.Error(), setting+": its value is not known although the build runs") {
			t.Errorf("%s: the build gives %v", setting, err)
		}
	}
}

func TestEverySettingIsOptional(t *testing.T) {
	p := New("1.0.0", agent.Embedded())
	if err := p.Prepare(map[string]any{}); err != nil {
		t.Fatal(err)
	}
	if c := p.config; c.Install.False() || c.LastStage.False() || c.Audit.False() || c.deadline() != defaultDeadline {
		t.Errorf("the defaults are %+v", c)
	}
}
