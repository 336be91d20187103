package firstboot

import (
	"os"
	"strings"
	"testing"
)

func TestStatusOfATree(t *testing.T) {
	dir := instance(t, "i-00000001")
	want := func(result Result, verdict string) {
		t.Helper()
		s, err := ReadStatus(open(t, dir), "test")
		if err != nil {
			t.Fatal(err)
		}
		if s.Result != result || !strings.Contains(s.Verdict, verdict) {
			t.Errorf("status is %q, %q; want %q, %q", s.Result, s.Verdict, result, verdict)
		}
	}
	for _, name := range names(t, dir, "etc/ssh") {
		if strings.HasSuffix(name, "rsa_key.pub") {
			os.Remove(dir + "/" + name) // "baked" is no key, and List says so
		}
	}
	want(NotRun, "has not run")
	runStages(dir, Identity)
	want(Running, "is being brought up")
	runStages(dir, Provision)
	want(OK, "instance i-00000001 is up: ")
	write(t, dir, "etc/machine-id", "uninitialized\n")
	runStages(dir, Identity, Provision)
	want(Degraded, `is up, but degraded at step machine-id (a machine-id of its own): /etc/machine-id holds no id but "uninitialized"; see machine-id(5)`)
}

func TestSummary(t *testing.T) {
	if sum := summarize([]StageRecord{{Seconds: 0.1}, {Seconds: 0.2}}, nil, ""); sum.Seconds != 0.3 {
		t.Errorf("0.1 s and 0.2 s are %v s", sum.Seconds)
	}
	state := &State{Instance: Instance{ID: "i-1"}, Steps: []StepRecord{
		{ID: "old", Boot: "1", Policy: Required, Result: Failed, Message: "of another boot"},
		{ID: "a", Boot: "2", Policy: Required, Result: OK},
		{ID: "b", Title: "bees", Boot: "2", Policy: Degrade, Result: Failed, Message: "no bees", Cure: "get bees"},
		{ID: "c", Title: "sea", Boot: "2", Policy: Required, Result: Blocked, Message: "waits for step d"},
		{ID: "d", Title: "dee", Boot: "2", Policy: Required, Result: Failed, Message: "no dee", Cure: "do this"},
		{ID: "e", Boot: "2", Policy: Ignore, Result: Failed, Message: "never mind"},
	}}
	for _, c := range []struct {
		stages []StageRecord
		steps  int // of the above
		want   string
	}{
		{[]StageRecord{{Result: OK, Seconds: 0.1}, {Result: OK, Seconds: 0.21}}, 2, "instance i-1 is up: 1 step done in 0.31 s"},
		{[]StageRecord{{Result: Degraded}, {Result: OK}}, 3, "instance i-1 is up, but degraded at step b (bees): no bees; get bees"},
		{[]StageRecord{{Result: Degraded}, {Result: Failed}}, 6, "instance i-1 failed at step d (dee): no dee; do this"},
		{[]StageRecord{{Result: Failed, Message: "no disk", Cure: "buy one"}}, 2, "instance i-1 failed: no disk; buy one"},
	} {
		s := *state
		s.Steps = s.Steps[:c.steps]
		if got := summarize(c.stages, &s, "2").String(); got != c.want {
			t.Errorf("verdict is %q, want %q", got, c.want)
		}
	}
}

// What a boot before had in order is not told as the result of one that has not come so far.
func TestOfThisBoot(t *testing.T) {
	steps := []StepRecord{
		{ID: "a", Stage: Identity, Boot: "2", Result: OK},
		{ID: "b", Stage: Provision, Boot: "2", Result: OK},
		{ID: "c", Stage: Provision, Boot: "1", Result: OK, Message: "fine"},
	}
	for name, c := range map[string]struct {
		stages []StageRecord
		want   []Result
	}{
		"at work": {[]StageRecord{{Stage: Identity, Boot: "2", Result: OK}, {Stage: Provision, Boot: "2", Result: Running}}, []Result{OK, OK, Waiting}},
		"begun":   {[]StageRecord{{Stage: Identity, Boot: "2", Result: OK}}, []Result{OK, Waiting, Waiting}},
		"over":    {[]StageRecord{{Stage: Identity, Boot: "2", Result: OK}, {Stage: Provision, Boot: "2", Result: OK}}, []Result{OK, OK, OK}},
	} {
		for i, got := range ofThisBoot(steps, c.stages) {
			if got.Result != c.want[i] || got.Result == Waiting && got.Message != "" {
				t.Errorf("%s: step %s is %s (%q), want %s", name, got.ID, got.Result, got.Message, c.want[i])
			}
		}
	}
	if steps[2].Result != OK {
		t.Error("the records themselves were changed")
	}
}
