package volume

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/leaven-dev/leaven/internal/crashtest"
	"github.com/leaven-dev/leaven/internal/rootfs"
)

// work is what a copy of this program is to do instead of running tests.
type work struct {
	Root string
	Spec Spec
}

const workVariable = "LEAVEN_VOLUME_WORK"

func TestMain(m *testing.M) {
	text := os.Getenv(workVariable)
	if text == "" {
		os.Exit(m.Run())
	}
	var w work
	err := json.Unmarshal([]byte(text), &w)
	if err == nil {
		var root *rootfs.Root
		if root, err = rootfs.Open(w.Root); err == nil {
			os.Unsetenv(workVariable)
			err = New(root, true, nil).Apply(context.Background(), w.Spec)
		}
	}
	if err != nil {
		println(err.Error())
		os.Exit(1)
	}
}

// child is a copy of this program that applies a spec.
func child(t *testing.T, h *Host, s Spec) *exec.Cmd {
	t.Helper()
	text, err := json.Marshal(work{h.Root.Dir(), s})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), workVariable+"="+string(text), "GOMAXPROCS=2")
	return cmd
}

// settled waits until what a killed program had started is through: mkfs or mount go on.
func settled(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	for range 500 {
		err := exec.Command("pgrep", "--runstates", "D,R,S", "--pgroup", strconv.Itoa(cmd.Process.Pid)).Run()
		if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() == 1 {
			return
		}
		if err != nil {
			t.Fatalf("cannot look for processes: %v", err)
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("what it had started does not end")
}

// TestKilled kills Leaven before each call with which it changes a file, on a device that is blank, and runs it again. What comes
// of it is a mounted file system; and what is put on that survives the next run.
func TestKilled(t *testing.T) {
	need(t, "pgrep", "wipefs")
	d, h := attach(t, small), host(t)
	s := spec(Spec{Device: d.path})
	names, err := crashtest.Trace(child(t, h, s))
	if err != nil {
		t.Fatal(err)
	}
	unmount(t, h, "data")
	t.Logf("%d calls: %s", len(names), strings.Join(names, " "))
	if len(names) < 15 {
		t.Fatal("these are too few")
	}
	outcomes := map[string]int{}
	for n := range len(names) {
		d.sh("wipefs -q -a $D; truncate -s 0 " + d.file + "; truncate -s 100M " + d.file + "; blockdev --flushbufs $D")
		h := host(t)
		cmd := child(t, h, s)
		if err := crashtest.KillAt(cmd, n); err != nil && !errors.Is(err, crashtest.ErrKilled) {
			t.Fatal(err)
		}
		settled(t, cmd)
		was := strings.TrimSpace(d.sh("blkid -p -o value -s UUID $D || true"))
		if err := h.Apply(t.Context(), s); err != nil {
			t.Errorf("killed before call %d (%s): %v", n, names[n], err)
			continue
		}
		now := strings.TrimSpace(d.sh("blkid -p -o value -s UUID $D"))
		switch {
		case was == "":
			outcomes["was blank"]++
		case was == now:
			outcomes["was whole"]++
		default:
			t.Errorf("killed before call %d (%s): it was formatted twice", n, names[n])
		}
		if left, _ := os.ReadDir(h.Root.Dir() + recordDir); len(left) > 0 {
			t.Errorf("killed before call %d (%s): a record is left", n, names[n])
		}
		unmount(t, h, "data")
	}
	t.Logf("%v", outcomes)
	if outcomes["was blank"] == 0 || outcomes["was whole"] == 0 {
		t.Error("not all outcomes were seen, so not all was tried")
	}
}

// TestKilledSwapFile does the same while a swap file is made.
func TestKilledSwapFile(t *testing.T) {
	need(t, "mkswap", "pgrep")
	s := spec(Spec{At: "/var/swapfile", Swap: 4 * mib})
	off := func(h *Host) {
		exec.Command("swapoff", h.Root.Dir()+s.At).Run() // it may not be on
	}
	h := host(t)
	names, err := crashtest.Trace(child(t, h, s))
	off(h)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d calls: %s", len(names), strings.Join(names, " "))
	for n := range len(names) {
		h := host(t)
		cmd := child(t, h, s)
		if err := crashtest.KillAt(cmd, n); err != nil && !errors.Is(err, crashtest.ErrKilled) {
			t.Fatal(err)
		}
		settled(t, cmd)
		bring(t, h, s)
		off(h)
		if left, err := filepath.Glob(h.Root.Dir() + "/var/.leaven*"); err != nil || len(left) > 0 {
			t.Errorf("killed before call %d (%s): %q is left", n, names[n], left)
		}
	}
}

// TestKilledMkfs kills mkfs itself before each of its writes. What it leaves is never formatted again; it is taken where it turns
// out to be whole.
func TestKilledMkfs(t *testing.T) {
	need(t, "mkfs.xfs")
	for _, kind := range []string{"ext4", "xfs"} {
		t.Run(kind, func(t *testing.T) {
			d, h := attach(t, large), host(t)
			s := spec(Spec{Device: d.path, FS: kind})
			dev, err := h.kernel.device(strings.TrimPrefix(d.path, "/dev/"))
			if err != nil {
				t.Fatal(err)
			}
			command := func(uuid string) *exec.Cmd {
				args := mkfs(kind, uuid, "", d.path)
				return exec.Command(args[0], args[1:]...)
			}
			names, err := crashtest.Trace(command(newUUID()))
			if err != nil {
				t.Fatal(err)
			}
			outcomes := map[string]int{}
			step := max(1, len(names)/25)
			for n := 0; n < len(names); n += ifElseInt(n+2*step >= len(names), 1, step) {
				d.sh("wipefs -q -a -f $D; truncate -s 0 " + d.file + "; truncate -s 400M " + d.file + "; blockdev --flushbufs $D")
				uuid := newUUID()
				if err := h.begin(dev, kind, uuid); err != nil {
					t.Fatal(err)
				}
				if err := crashtest.KillAt(command(uuid), n); !errors.Is(err, crashtest.ErrKilled) {
					t.Fatalf("before call %d of %d: %v", n, len(names), err)
				}
				wasBlank := d.hash() == blankHash
				before := d.hash()
				err := h.Apply(t.Context(), s)
				now := strings.TrimSpace(d.sh("blkid -p -o value -s UUID $D || true"))
				switch {
				case err == nil && wasBlank:
					outcomes["was blank, is formatted"]++
					unmount(t, h, "data")
				case err == nil && now == uuid:
					outcomes["was whole, is taken"]++
					unmount(t, h, "data")
				case err == nil:
					t.Errorf("mkfs killed before call %d (%s): what it left was formatted", n, names[n])
					unmount(t, h, "data")
				default:
					outcomes["is half made, is refused"]++
					refused(t, err, "holds half a file system: Leaven began to make "+kind+" on it at ", "mkfs."+kind, "make the file system by hand")
					if d.hash() != before {
						t.Errorf("mkfs killed before call %d (%s): something changed", n, names[n])
					}
				}
			}
			t.Logf("%d calls: %v", len(names), outcomes)
			if outcomes["is half made, is refused"] == 0 {
				t.Error("nothing was half made, so nothing was tried")
			}
			// The cure helps.
			d.sh("mkfs." + kind + ifElse(kind == "xfs", " -f", "") + " -q $D </dev/null")
			bring(t, h, s)
			unmount(t, h, "data")
		})
	}
}

// blankHash is that of a device of zeros: of no blocks.
const blankHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func ifElseInt(yes bool, a, b int) int {
	if yes {
		return a
	}
	return b
}
