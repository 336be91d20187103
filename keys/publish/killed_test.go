package publish

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

const crowd = 16

// rival is a process that contends in one folder after another, until it is killed.
type rival struct {
	cmd  *exec.Cmd
	task io.Writer
	said *bufio.Scanner
}

func newRival(t *testing.T) *rival {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	r := &rival{cmd: exec.Command(self)}
	r.cmd.Env = append(os.Environ(), contendOn+"=1")
	r.cmd.Stderr = os.Stderr
	task, err := r.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	said, err := r.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r.task, r.said = task, bufio.NewScanner(said)
	t.Cleanup(func() { r.kill(); r.cmd.Wait() })
	return r
}

// contend returns what the process said: a key, an error, or "" where it was killed before.
func (r *rival) contend(dir, file string) string {
	if _, err := io.WriteString(r.task, dir+"\t"+file+"\n"); err != nil || !r.said.Scan() {
		return ""
	}
	return r.said.Text()
}

func (r *rival) kill() { r.cmd.Process.Kill() }

// Contenders are killed at any moment. Whatever a contender said before, there is one pair in the end, and it is that one. On a
// local file system; e2e runs this on NFS, where each place is another client's view of one folder.
func TestKilledContenders(t *testing.T) {
	rounds := 20
	if os.Getenv("CI") != "" {
		rounds = 500
	}
	at := []string{t.TempDir()}
	if text := os.Getenv(places); text != "" {
		at = strings.Split(text, ":")
	}
	if text := os.Getenv(roundsKey); text != "" {
		var err error
		if rounds, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	c := &contest{t: t, at: at, files: candidates(t), span: 20 * time.Millisecond}
	for i := range c.rivals {
		c.rivals[i] = newRival(t)
	}
	began := time.Now()
	for round := range rounds {
		c.round(fmt.Sprintf("%d-%d", os.Getpid(), round))
	}
	if c.kills < rounds {
		t.Errorf("only %d were killed in time: this test shows little", c.kills)
	}
	t.Logf("%d rounds of %d in %v, over %d views of the folder: %d were killed, the pair was completed by who came later %d times, longest until seen everywhere %v",
		rounds, crowd, time.Since(began).Round(time.Millisecond), len(at), c.kills, c.completed, c.unseen.Round(time.Millisecond))
}

type contest struct {
	t         *testing.T
	at        []string
	files     []string
	rivals    [crowd]*rival
	span      time.Duration // what a round takes, roughly: they are killed within
	kills     int           // before they had said anything
	completed int           // rounds in which all who could were dead before the pair was whole
	unseen    time.Duration // the longest until one client saw what another one had made
}

func (c *contest) round(name string) {
	t := c.t
	t.Helper()
	if err := os.Mkdir(filepath.Join(c.at[0], name), 0o700); err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	var said [crowd]string
	began := time.Now()
	doomed := map[int]bool{}
	for i, r := range c.rivals {
		if rand.IntN(4) == 0 {
			doomed[i] = true
			time.AfterFunc(rand.N(c.span), r.kill)
		}
		wait.Go(func() { said[i] = r.contend(filepath.Join(c.at[i%len(c.at)], name), c.files[i%len(c.files)]) })
	}
	wait.Wait()
	c.span = (7*c.span + time.Since(began)) / 8

	// Whoever comes later completes what is there.
	view := rand.IntN(len(c.at))
	d := open(t, filepath.Join(c.at[view], name))
	_, err := made(c.files[0]).Read(d)
	if errors.Is(err, fs.ErrNotExist) {
		c.completed++
	}
	key, _, err := made(c.files[view]).Publish(context.Background(), d)
	if err != nil {
		t.Fatalf("round %s: whoever comes later cannot complete it: %v", name, err)
	}
	for i, text := range said {
		switch {
		case text == "" && !doomed[i]:
			t.Fatalf("round %s: a contender ended that nobody killed", name)
		case text == "":
			c.kills++
		case text != key.N.String():
			t.Fatalf("round %s: a contender said %s, and the key that is there is %s", name, text, key.N)
		}
		if doomed[i] {
			c.rivals[i].kill()
			c.rivals[i].cmd.Wait()
			c.rivals[i] = newRival(t)
		}
	}
	for _, place := range c.at {
		c.see(filepath.Join(place, name), name, made(c.files[0]), key.N.String())
	}
	if got := files(t, filepath.Join(c.at[view], name)); len(got) != 2 {
		t.Fatalf("round %s: in the folder: %q", name, got)
	}
}

// see waits until a client sees the pair, which must be the one.
func (c *contest) see(dir, round string, p Pair, want string) {
	c.t.Helper()
	began := time.Now()
	for {
		key, err := p.Read(open(c.t, dir))
		if err == nil && key.N.String() == want {
			break
		}
		if !errors.Is(err, fs.ErrNotExist) || time.Since(began) > unseen {
			c.t.Fatalf("round %s: %s: another pair, or none after %v: %v", round, dir, time.Since(began), err)
		}
		time.Sleep(20 * time.Millisecond)
	}
	c.unseen = max(c.unseen, time.Since(began))
}
