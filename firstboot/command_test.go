package firstboot

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestCommandsOfAnyKind runs what people write: daemons, what will not end, what asks for a terminal, what talks without an end.
func TestCommandsOfAnyKind(t *testing.T) {
	c := newCloud(t, "i-00000001")
	c.data = ours + `run:
- {name: daemon, command: "echo before; sleep 60 & echo $! >` + c.dir + `/daemon", policy: ignore}
- {name: detached, command: "setsid sleep 60 >/dev/null 2>&1 </dev/null & echo $! >` + c.dir + `/detached", policy: ignore}
- {name: deaf, command: "trap '' TERM; echo $$ >` + c.dir + `/deaf; while :; do sleep 1; done", deadline: 500ms, policy: ignore}
- {name: session, command: "read -r a b c d e sid rest </proc/$$/stat; [ $sid = $$ ]", policy: ignore}
- {name: stdin, command: cat, deadline: 2s, policy: ignore}
- {name: text, command: ": hidden-word; grep -qa hidden-w[o]rd /proc/$$/cmdline", policy: ignore}
- {name: once, command: "echo [$LEAVEN_COMMAND]", policy: ignore}
- {name: home, command: "echo $HOME $USER", user: nobody, environment: {HOME: /elsewhere}, policy: ignore}
- {name: missing, command: [/no/such], policy: ignore}
- {name: plain, command: [` + c.dir + `/etc/hosts], policy: ignore}
- {name: syntax, command: "if", policy: ignore}
- {name: killed, command: "kill -9 $$", policy: ignore}
- {name: noisy, command: "seq 100000; echo the last word", policy: ignore}
- {name: binary, command: "head -c 20000 /dev/zero", policy: ignore}
- {name: assigns, command: "TOKEN=s3cr3t true", policy: ignore}
`
	if sum := c.boot("1"); sum.Result != OK {
		t.Fatalf("verdict: %v", sum)
	}
	for id, want := range map[string]string{
		"daemon": "daemon: ok", "detached": "detached: ok", "deaf": "took longer than 500ms", "session": "session: ok", "stdin": "stdin: ok",
		"text": "exit status 1", "missing": "no such file", "plain": "permission denied", "syntax": "exit status 2", "killed": "signal: killed",
		"noisy": "noisy: ok", "binary": "binary: ok", "assigns": "assigns: ok",
	} {
		if rec := c.step(id); !strings.Contains(rec.String(), want) {
			t.Errorf("step %s: %v, want %q", id, rec, want)
		}
	}
	for _, want := range []string{"daemon: before", "once: []", "home: /elsewhere nobody", "noisy: 1", "noisy: 100000", "noisy: the last word", "noisy: … 97901 lines left out"} {
		if !slices.Contains(c.log, want) {
			t.Errorf("the journal does not have %q", want)
		}
	}
	if len(c.log) > firstLines+lastLines+200 {
		t.Errorf("the journal got %d lines", len(c.log))
	}
	if rec := c.step("assigns"); strings.Contains(rec.Title, "s3cr3t") {
		t.Errorf("the title is %q", rec.Title)
	}
	alive := func(name string) bool {
		pid := number(t, filepath.Join(c.dir, name))
		return !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
	}
	if alive("deaf") {
		t.Error("a command that does not heed SIGTERM outlives its deadline")
	}
	for _, name := range []string{"daemon", "detached"} {
		if !alive(name) {
			t.Errorf("%s was ended", name)
			continue
		}
		if err := syscall.Kill(number(t, filepath.Join(c.dir, name)), syscall.SIGKILL); err != nil {
			t.Error(err)
		}
	}
}

// TestCommandWhoseTimeIsOver is one whose time is over before it was started.
func TestCommandWhoseTimeIsOver(t *testing.T) {
	c := newCloud(t, "i-00000001")
	c.data = ours + "run: [{name: late, command: x, unless: [\"true\"], deadline: 1ns, policy: ignore}]\n"
	c.boot("1")
	if rec := c.step("late"); !strings.Contains(rec.Message, "took longer than 1ns") || strings.Contains(rec.Message, "mistake") {
		t.Errorf("%v", rec)
	}
}

func number(t *testing.T, file string) int {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil {
		t.Fatal(err)
	}
	return n
}
