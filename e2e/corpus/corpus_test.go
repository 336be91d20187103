package corpus

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/leaven-dev/leaven/bake"
)

var program string // the agent under test

func TestMain(m *testing.M) {
	if os.Geteuid() != 0 {
		fmt.Fprintln(os.Stderr, "this test needs root: it gives files to other users and mounts file systems")
		os.Exit(1)
	}
	os.Exit(withProgram(m.Run))
}

// withProgram builds the agent. It is tested from outside: what it prints and exits with is a contract too.
func withProgram(run func() int) int {
	bin, err := os.MkdirTemp("", "corpus")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(bin)
	program = filepath.Join(bin, "leaven")
	if out, err := exec.Command("go", "build", "-o", program, "github.com/leaven-dev/leaven/cmd/leaven").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "cannot build the agent: %v\n%s", err, out)
		return 1
	}
	return run()
}

// leaven runs the agent on a tree and returns its exit status; its report goes into v.
func leaven(t *testing.T, v any, command, root string, args ...string) int {
	t.Helper()
	cmd := exec.Command(program, append([]string{command, "--root", root, "--output", "json"}, args...)...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		t.Fatal(err)
	} else if ok && len(out) == 0 {
		t.Fatalf("leaven %s exits with %d and prints nothing: %s", command, exit.ExitCode(), stderr.String())
	}
	if err := json.Unmarshal(out, v); err != nil {
		t.Fatalf("leaven %s prints no JSON: %v\n%s", command, err, out)
	}
	return cmd.ProcessState.ExitCode()
}

// plant makes a tree with the whole corpus.
func plant(t *testing.T) (root string, w *Witness) {
	t.Helper()
	root = filepath.Join(t.TempDir(), "root")
	for _, items := range [][]Item{Base(), Items()} {
		if err := Plant(root, items); err != nil {
			t.Fatal(err)
		}
	}
	w, err := See(root, Items())
	if err != nil {
		t.Fatal(err)
	}
	return root, w
}

func TestCorpus(t *testing.T) {
	root, w := plant(t)
	canary := newCanary(t, root)

	var before bake.AuditReport
	if code := leaven(t, &before, "audit", root); code != 1 {
		t.Errorf("audit exits with %d before baking", code)
	}
	for _, missed := range unlisted(before, Items()) {
		t.Errorf("audit does not list %s", missed)
	}
	if faults := w.changed(); len(faults) > 0 {
		t.Errorf("audit changed the tree:\n%s", strings.Join(faults, "\n"))
	}

	var report bake.BakeReport
	if code := leaven(t, &report, "bake", root); code != 0 {
		t.Errorf("bake exits with %d", code)
		for _, c := range report.Changes {
			if c.Result != bake.Done {
				t.Errorf("%s: %s: %s", c.Path, c.Result, c.Message)
			}
		}
		for _, f := range report.Unknown {
			t.Errorf("unknown: %s: %s", f.Path, f.Message)
		}
	}
	for _, fault := range w.Faults() {
		t.Error(fault)
	}
	canary.check(t)

	var again bake.BakeReport
	if code := leaven(t, &again, "bake", root); code != 0 || len(again.Changes) > 0 {
		t.Errorf("the second bake exits with %d and has something to do: %+v", code, again.Changes)
	}
	var after bake.AuditReport
	if code := leaven(t, &after, "audit", root); code != 0 {
		t.Errorf("audit exits with %d after baking", code)
		for _, f := range after.Findings {
			if f.Severity == bake.Error {
				t.Errorf("%s: %s: %s", f.Rule, f.Path, f.Message)
			}
		}
	}
	counts := map[Fate]int{}
	for _, it := range Items() {
		counts[it.Fate]++
	}
	t.Logf("%d planted: %d to be removed, %d to be cleared, %d to be reset, %d to be kept", len(Items()), counts[Removed], counts[Cleared], counts[Reset], counts[Kept])
}

// unlisted returns what an audit of the unclean tree did not list, neither by itself nor by a folder that it lies in.
func unlisted(r bake.AuditReport, items []Item) []string {
	listed := map[string]bool{}
	for _, f := range r.Findings {
		listed[f.Path] = true
	}
	var missed []string
	for _, it := range items {
		if it.Fate == Kept {
			continue
		}
		found := false
		for at := it.Path; at != "/" && !found; at = path.Dir(at) {
			found = listed[bake.Quote(at)]
		}
		if !found {
			missed = append(missed, it.Path)
		}
	}
	slices.Sort(missed)
	return missed
}

// changed lists what is not as it was planted.
func (w *Witness) changed() []string {
	same := &Witness{dir: w.dir, infos: w.infos}
	for _, it := range w.items {
		it.Fate = Kept
		same.items = append(same.items, it)
	}
	return same.Faults()
}
