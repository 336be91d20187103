package guard

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

func TestCloseUndoesOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "undone")
	g, err := Start(`echo x >>"$1"`, file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(file); err == nil {
		t.Fatal("undone before Close")
	}
	for range 2 {
		if err := g.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if got, _ := os.ReadFile(file); string(got) != "x\n" {
		t.Errorf("undone %q, want once", got)
	}
}

func TestCloseReportsFailure(t *testing.T) {
	g, err := Start(`echo no such thing >&2; false`)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Close(); err == nil {
		t.Error("Close reported success for a failed command")
	}
}

// TestUndoesWhenKilled is why the package exists: the process that started the
// guard is killed and cannot run anything more.
func TestUndoesWhenKilled(t *testing.T) {
	if file := os.Getenv("GUARD_TEST_FILE"); file != "" { // we are the one to be killed
		if _, err := Start(`echo x >>"$1"`, file); err != nil {
			t.Fatal(err)
		}
		os.Stdout.WriteString("ready\n")
		time.Sleep(time.Minute)
	}
	file := filepath.Join(t.TempDir(), "undone")
	cmd := exec.Command(os.Args[0], "-test.run=^TestUndoesWhenKilled$")
	cmd.Env = append(os.Environ(), "GUARD_TEST_FILE="+file)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 6)); err != nil {
		t.Fatal(err)
	}
	cmd.Process.Kill()
	cmd.Wait()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if got, _ := os.ReadFile(file); string(got) == "x\n" {
			return
		}
	}
	t.Error("not undone 10 s after the process was killed")
}
