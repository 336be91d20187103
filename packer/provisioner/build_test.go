package provisioner

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leaven-dev/leaven/bake/report"
	"github.com/leaven-dev/leaven/bake/wire"
	"github.com/leaven-dev/leaven/packer/agent"
	"github.com/leaven-dev/leaven/packer/internal/rehearsal"
)

// A build is one Provision on this machine with the stand-in as its agent.
type build struct {
	script   rehearsal.Script
	settings map[string]any
	comm     rehearsal.Local
	ui       rehearsal.Ui
	ctx      context.Context
	agents   agent.Set

	staging, log, report string
}

func newBuild(t *testing.T, commands map[string]rehearsal.Act) *build {
	t.Helper()
	dir := t.TempDir()
	b := &build{
		ctx: t.Context(), staging: filepath.Join(dir, "staging"), log: filepath.Join(dir, "log"), report: filepath.Join(dir, "report.json"),
	}
	if err := os.Mkdir(b.staging, 0o700); err != nil {
		t.Fatal(err)
	}
	b.script = rehearsal.Script{Log: b.log, Commands: commands}
	b.settings = map[string]any{"staging_directory": b.staging, "report": b.report}
	return b
}

// run provisions, and checks what must hold however it ends: nothing runs, nothing is left, the report is private.
func (b *build) run(t *testing.T) error {
	t.Helper()
	if b.agents == (agent.Set{}) {
		b.agents = agent.In(os.DirFS(rehearsal.Agents(t, b.script)))
	}
	p := New(rehearsal.Version, b.agents)
	if err := p.Prepare(b.settings); err != nil {
		t.Fatal(err)
	}
	err := p.Provision(b.ctx, &b.ui, &b.comm, nil)
	left, readErr := os.ReadDir(b.staging)
	if readErr != nil || len(left) > 0 {
		t.Errorf("left in the staging folder: %v, %v", left, readErr)
	}
	for _, entry := range rehearsal.Entries(t, b.log) {
		if running(entry) {
			t.Errorf("process %d still runs %s", entry.PID, entry.Exe)
		}
	}
	if info, statErr := os.Stat(b.report); statErr == nil && !info.IsDir() && info.Mode() != 0o600 {
		t.Errorf("the report has mode %v", info.Mode())
	}
	return err
}

func running(entry rehearsal.Entry) bool {
	exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", entry.PID))
	return err == nil && strings.HasPrefix(exe, entry.Exe)
}

// fails runs a build that must fail, with each of words in the error, and returns its report.
func (b *build) fails(t *testing.T, words ...string) Report {
	t.Helper()
	err := b.run(t)
	if err == nil {
		t.Fatalf("the build went well; output:\n%s", b.ui.Output())
	}
	for _, word := range append(words, "leaven: the image is not sealed: ") {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("error does not say %q: %v", word, err)
		}
	}
	report := b.readReport(t)
	if report.Sealed || report.Error == "" {
		t.Errorf("the report says sealed %v, error %q", report.Sealed, report.Error)
	}
	return report
}

func (b *build) readReport(t *testing.T) Report {
	t.Helper()
	data, err := os.ReadFile(b.report)
	if err != nil {
		t.Fatal(err)
	}
	var report Report
	if err := json.Unmarshal(data, &report); err != nil {
		t.Fatal(err)
	}
	return report
}

// calls are the agent's command lines, without the nonce and with the staging folder's own name left out.
func (b *build) calls(t *testing.T) []string {
	t.Helper()
	var calls []string
	for _, entry := range rehearsal.Entries(t, b.log) {
		args := slices.Clone(entry.Args)
		if i := slices.Index(args, "--nonce"); i >= 0 {
			args = slices.Delete(args, i, i+2)
		}
		calls = append(calls, strings.ReplaceAll(strings.Join(args, " "), filepath.Dir(entry.Exe), "STAGED"))
	}
	return calls
}

// await waits until the stand-in has run this many times.
func (b *build) await(t *testing.T, runs int) []rehearsal.Entry {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if data, _ := os.ReadFile(b.log); strings.Count(string(data), "\n") >= runs {
			return rehearsal.Entries(t, b.log)
		}
	}
	t.Errorf("the stand-in did not run %d times", runs)
	return nil
}

// path puts a folder of programs before the far side's own.
func (b *build) path(t *testing.T, programs map[string]string) {
	t.Helper()
	b.comm.Env = append(b.comm.Env, "PATH="+rehearsal.Programs(t, programs)+":"+os.Getenv("PATH"))
}

func change(rule, path string, action report.Action, bytes int64) wire.Record {
	return wire.Record{Type: wire.Change, Change: &report.Change{Rule: rule, Path: path, Action: action, Bytes: bytes, Result: report.Done}}
}

func finding(rule, path string, severity report.Severity, state report.State) wire.Record {
	return wire.Record{Type: wire.Finding, Finding: &report.Finding{
		Rule: rule, Path: path, Severity: severity, State: state, Message: "it is there", Fix: "remove it",
	}}
}
