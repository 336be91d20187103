package provisioner

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"

	"github.com/leaven-dev/leaven/packer/internal/rehearsal"
)

// A machine that lives on after its build has failed must not be sealed by its next shutdown.
func TestTheLastStageIsTakenBack(t *testing.T) {
	for name, c := range map[string]struct {
		commands map[string]rehearsal.Act
		settings map[string]any
		want     bool
	}{
		"the audit fails":           {commands: map[string]rehearsal.Act{"audit": {Exit: 1}}, want: true},
		"the agent was killed":      {commands: map[string]rehearsal.Act{"bake": {NoEnd: true, Exit: 137}}, want: true},
		"a contradiction":           {commands: map[string]rehearsal.Act{"audit": {NoEnd: true}}, want: true},
		"no last stage":             {commands: map[string]rehearsal.Act{"audit": {Exit: 1}}, settings: map[string]any{"last_stage": false}},
		"it fails before":           {commands: map[string]rehearsal.Act{"install": {Exit: 1}}},
		"it only takes a baseline":  {commands: map[string]rehearsal.Act{"baseline": {Exit: 1}}, settings: map[string]any{"baseline": "take", "report": ""}},
		"all goes well, and nobody": {},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBuild(t, c.commands)
			for key, value := range c.settings {
				b.settings[key] = value
			}
			err := b.run(t)
			if (err == nil) != (c.commands == nil) {
				t.Fatalf("the build ends with %v", err)
			}
			if got := slices.Contains(b.calls(t), disarmed); got != c.want {
				t.Errorf("taken back: %v; %q", got, b.calls(t))
			}
		})
	}
}

// One that cannot be taken back any more is at least named.
func TestALastStageThatStaysIsNamed(t *testing.T) {
	const named = "the last stage may still be armed, and then seals the machine when it shuts down: `leaven bake --disarm` there takes it back"
	t.Run("it cannot be disarmed", func(t *testing.T) {
		b := newBuild(t, map[string]rehearsal.Act{"audit": {Exit: 1}, "disarm": {Exit: 1}})
		if report := b.fails(t, named, "the agent did not take the last stage back"); !report.LastStage {
			t.Error("the report says that it is not armed")
		}
	})
	t.Run("the report has no place", func(t *testing.T) {
		b := newBuild(t, nil)
		b.comm.Before = func(cmd *packersdk.RemoteCmd) (int, bool) {
			if strings.Contains(cmd.Command, " audit ") {
				os.Mkdir(b.report, 0o700)
			}
			return 0, false
		}
		if err := b.run(t); err == nil || !strings.Contains(err.Error(), named) {
			t.Error(err)
		}
	})
}

func TestCancellingTakesTheLastStageBack(t *testing.T) {
	b := newBuild(t, map[string]rehearsal.Act{"audit": {Hang: true}})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	b.ctx = ctx
	go func() {
		defer cancel()
		b.await(t, 3)
	}()
	report := b.fails(t, "context canceled")
	if calls := b.calls(t); calls[len(calls)-1] != disarmed || report.LastStage {
		t.Errorf("last stage armed: %v; %q", report.LastStage, calls)
	}
}
