package firstboot

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestCutOff has runs of one boot crash, one after another. The next one goes on, and the one after the third tells that the instance
// failed, and does nothing else; whoever runs it by hand then begins anew.
func TestCutOff(t *testing.T) {
	c := newCloud(t, "i-00000001")
	c.data = ours + "run: [{name: a-step-of-test-cut-off, command: \"echo x >>" + c.dir + "/ran\", always: true}]\nsignal: {tag: state, command: \"grep -o 'was cut off 3 times' >" + c.dir + "/told || true\"}\n"
	if sum := c.boot("1"); sum.Result != OK {
		t.Fatalf("verdict: %v", sum)
	}
	a := c.agent()
	crash := func(before int) {
		t.Helper()
		if err := saveStage(a.Root, StageRecord{Stage: Provision, Boot: "boot-1", PID: 1 << 22, Result: Running, CutOff: before}); err != nil {
			t.Fatal(err)
		}
	}
	for n, want := range []Result{OK, OK, Failed, OK} {
		if n < 3 {
			crash(n)
		}
		sum := a.Run(t.Context(), Provision)
		if sum.Result != want || want == Failed && (!strings.Contains(sum.String(), "was cut off 3 times in this boot") || !strings.Contains(sum.Cure, "leaven firstboot")) {
			t.Errorf("after %d crashes: %v", n+1, sum)
		}
		if status, err := ReadStatus(a.Root, "test"); err != nil || status.Result != want || status.Verdict != sum.String() {
			t.Errorf("after %d crashes: status %v, %v", n+1, status.Verdict, err)
		}
	}
	if text := read(t, c.dir, "ran"); text != "x\nx\nx\nx\n" {
		t.Errorf("the command ran %d times, want 4", strings.Count(text, "x"))
	}
	if want := []string{"i-00000001 state=ok", "i-00000001 state=failed", "i-00000001 state=ok"}; !slices.Equal(c.tagged, want) {
		t.Errorf("tagged %q, want %q", c.tagged, want)
	}
	// What crashed in another boot does not count.
	crash(2)
	if sum := c.boot("2"); sum.Result != OK {
		t.Errorf("the next boot: %v", sum)
	}
}

// TestEndCommands ends what a step left at work, with what that hides from its environment or detaches, and nothing else.
func TestEndCommands(t *testing.T) {
	const mine = "step-of-test-end-commands"
	dir := t.TempDir()
	start := func(step, script string) *exec.Cmd {
		cmd := exec.Command("/bin/sh", "-c", "cd "+dir+"\n"+script)
		cmd.Env = []string{"PATH=/usr/bin:/bin", stepVariable + "=" + step}
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
		return cmd
	}
	start(mine, "env -i /bin/sleep 60 & echo $! >hidden; setsid sleep 60 & echo $! >detached; echo $$ >shell; mv shell shell.is; wait")
	start("other-"+mine, "echo $$ >other; mv other other.is; exec sleep 60")
	for _, name := range []string{"shell.is", "other.is"} {
		for !exists(t, dir, name) {
			time.Sleep(10 * time.Millisecond)
		}
	}
	time.Sleep(200 * time.Millisecond) // they become the programs that they start
	var said []string
	if err := endCommands(func(step string) bool { return step != mine }, func(text string) { said = append(said, text) }); err != nil {
		t.Fatal(err)
	}
	time.Sleep(200 * time.Millisecond)
	for name, want := range map[string]bool{"shell.is": false, "hidden": false, "detached": false, "other.is": true} {
		if is := works(number(t, filepath.Join(dir, name))); is != want {
			t.Errorf("%s: at work %v, want %v", name, is, want)
		}
	}
	if len(said) != 1 || !strings.Contains(said[0], mine) {
		t.Errorf("it said %q", said)
	}
}

func exists(t *testing.T, dir, name string) bool {
	t.Helper()
	there, err := open(t, dir).Exists("/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return there
}

// works tells a process that runs; a zombie does not.
func works(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}
