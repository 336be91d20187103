package provisioner

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/leaven-dev/leaven/packer/agent"
)

func TestPrepareNamesWhatIsWrong(t *testing.T) {
	wrong, saltless := filepath.Join(t.TempDir(), "wrong.yaml"), filepath.Join(t.TempDir(), "bake.yaml")
	for file, text := range map[string]string{wrong: "profiel: ami\nrules:\n  tpm: off\n", saltless: "profile: ami\n"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		settings map[string]any
		want     string
	}{
		"profile":            {map[string]any{"profile": "--root=/"}, `profile: there is no profile "--root=/": take one of ami, marketplace, base`},
		"only_rules":         {map[string]any{"only_rules": []string{"logs", ""}}, `only_rules: there is no rule ""`},
		"skip_rules":         {map[string]any{"skip_rules": []string{"-x"}}, `skip_rules: there is no rule "-x"`},
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
		"strict":             {map[string]any{"strict": true, "audit": false}, `strict: is about the audit, and audit is false`},
		"mistyped rule":      {map[string]any{"skip_rules": []string{"tpm"}}, `there is no rule "tpm" (did you mean "tmp"?): ` + "`leaven rules`" + ` lists them; what a vendor's file in the image adds must be in vendor_rules`},
		"vendor_rules":       {map[string]any{"vendor_rules": []string{"Acme Cache"}}, `vendor_rules: "Acme Cache" is no rule's id`},
		"rules":              {map[string]any{"rules": map[string]string{"tmpp": "off"}}, `rules: there is no rule "tmpp" (did you mean "tmp"?)`},
		"no switch":          {map[string]any{"rules": map[string]string{"tmp": "no"}}, `rules: a rule can be set to on, off or audit, not to "no"`},
		"check switched on":  {map[string]any{"rules": map[string]string{"private-key": "on"}}, `rules: private-key is a check of the audit: it can only be set to off`},
		"switched, skipped":  {map[string]any{"rules": map[string]string{"tmp": "on"}, "skip_rules": []string{"tmp"}}, `rules: "tmp" is in skip_rules too`},
		"off and only":       {map[string]any{"rules": map[string]string{"tmp": "off"}, "only_rules": []string{"tmp"}}, `rules: "tmp" is off here and in only_rules too`},
		"mkswap":             {map[string]any{"rules": map[string]string{"swap-files": "off"}, "mkswap": true}, `mkswap: switches the rule swap-files on, which is switched off too`},
		"cross_mounts":       {map[string]any{"cross_mounts": []string{"data"}}, `cross_mounts: "data" is not an absolute path`},
		"config":             {map[string]any{"config": "/nowhere/bake.yaml"}, `config: cannot read the settings in /nowhere/bake.yaml: `},
		"mounts":             {map[string]any{"mounts": "/nowhere/hub.yaml"}, `mounts: cannot read the mounts in /nowhere/hub.yaml: `},
		"config is a folder": {map[string]any{"config": "/"}, `config: cannot read the settings in /: not a plain file`},
		"config is wrong":    {map[string]any{"config": wrong}, wrong + `:1:1: unknown key "profiel" (did you mean "profile"?)` + "\n" + wrong + `:3:3: there is no rule "tpm" (did you mean "tmp"?)`},
		"baseline":           {map[string]any{"baseline": "yes"}, `baseline: "yes": write "take" in a block at the build's start, and "use" in the block that seals`},
		"baseline, no audit": {map[string]any{"baseline": "use", "audit": false}, `baseline: is about the audit, and audit is false`},
		"baseline at once":   {map[string]any{"baseline": "use", "last_stage": false}, `baseline: the last stage takes it out of the image again, and last_stage is false`},
		"baseline and more":  {map[string]any{"baseline": "take", "install": true}, `install: has no place beside baseline = "take", which seals nothing: set it in the block that seals`},
		"baseline, report":   {map[string]any{"baseline": "take", "report": "r.json"}, `report: has no place beside baseline = "take"`},
		"full":               {map[string]any{"full": true, "audit": false}, `full: is about the audit, and audit is false`},
		"allow nothing":      {map[string]any{"allow": []map[string]any{{"path": "/srv"}, {"why": "because"}}}, `allow: block 2: an entry of the allow list is empty: give a rule, a path or a hash`},
		"allow no rule":      {map[string]any{"allow": []map[string]any{{"rule": "privat-key"}}}, `allow: block 1: the allow list names the rule "privat-key", which does not exist`},
		"allow by hash":      {map[string]any{"allow": []map[string]any{{"hash": "0123456789ab"}}, "config": saltless}, `the allow list has the hash "0123456789ab", but no salt is set`},
		"allow a relative":   {map[string]any{"allow": []map[string]any{{"path": "srv"}}}, `the allow list names the path "srv": write an absolute one`},
		"allow two at once":  {map[string]any{"allow": []map[string]any{{"path": "/srv,rule=tmp"}}}, `allow: block 1: path: holds what the agent's command line cannot`},
		"mistyped in allow":  {map[string]any{"allow": []map[string]any{{"paht": "/srv"}}}, `paht`},
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
		"staging_directory": unknown, "deadline": unknown, "report": unknown, "sudo_password": unknown, "config": unknown, "mounts": unknown, "baseline": unknown,
		"vendor_rules": []string{unknown}, "cross_mounts": []string{unknown}, "rules": map[string]string{"tmp": unknown},
		"allow": []map[string]any{{"path": unknown}},
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
