package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/leaven-dev/leaven/e2e/debroot"
	"github.com/leaven-dev/leaven/e2e/qemu"
	"github.com/leaven-dev/leaven/e2e/writelog"
)

// TestPowerCut cuts the power at many moments of one first boot, identity and provisioning, and boots again. The first boot runs
// once, in a virtual machine whose disk records all that is written and flushed; each moment is a disk made from the recording. At
// every other moment the disk has lost a part of what it was not asked to flush, so that this shows that everything is synced in the
// right order, and what is said to be done is done.
//
// The next boot is in a container, with the same instance id, because that takes seconds; at the first and the last moment, and one in
// the middle, it is in a virtual machine.
func TestPowerCut(t *testing.T) {
	t.Parallel()
	h := recordFirstBoot(t)
	// A group of its own, so that the recording is there until the last one is through.
	t.Run("at", func(t *testing.T) {
		for i, m := range h.moments {
			t.Run(fmt.Sprintf("%02d", i), func(t *testing.T) {
				t.Parallel()
				var luck *rand.Rand
				if i%2 == 1 {
					luck = rand.New(rand.NewPCG(uint64(i), 0))
				}
				h.cut(t, m, luck, i == 0 || i == len(h.moments)/2 || i == len(h.moments)-1)
			})
		}
	})
}

// history is a first boot that was recorded.
type history struct {
	raw            string // the disk before it
	log            *writelog.Log
	moments        []int // entries of the log, before which the power is cut
	kernel, initrd string
	baked          []string
	userData       string
}

const cutID = "i-0123456789abcdef0"

// The steps of its user data, in their order. Each syncs what it writes, as whoever wants to rely on "done" has to.
var cutSteps = []string{"first", "second", "third"}

// recordFirstBoot runs it, up to its verdict.
func recordFirstBoot(t *testing.T) *history {
	t.Helper()
	pristine, err := debroot.Build(t.Context(), debroot.VM("bookworm"), t.Output())
	if err != nil {
		t.Fatal(err)
	}
	work := scratch(t)
	h := &history{raw: filepath.Join(work, "raw"), userData: shebang + "hostname: cut-${instance.zone}\nrun:\n"}
	for i, name := range cutSteps {
		h.userData += fmt.Sprintf("- {name: %s, command: \"echo x >>/%[1]s && sync /%[1]s /\", after: %v}\n", name, cutSteps[max(0, i-1):i])
	}
	if h.kernel, err = pristine.Kernel(); err != nil {
		t.Fatal(err)
	}
	if h.initrd, err = pristine.Initrd(); err != nil {
		t.Fatal(err)
	}
	root := filepath.Join(work, "root")
	if err := pristine.CopyTo(t.Context(), root); err != nil {
		t.Fatal(err)
	}
	h.baked = publicKeys(t, root)
	install(t, root)
	put(t, root, "etc/leaven/firstboot.yaml", "network: {metadata: \"on\"}\n", 0o644)
	disk, recording := filepath.Join(work, "disk.qcow2"), filepath.Join(work, "writes")
	for _, args := range [][]string{
		{"truncate", "-s", fmt.Sprint(debroot.ImageSize), h.raw},
		{"mke2fs", "-q", "-t", "ext4", "-L", "root", "-d", root, h.raw},
		{"rm", "-rf", "--one-file-system", root},
		{"qemu-img", "create", "-q", "-f", "qcow2", "-b", h.raw, "-F", "raw", disk},
		{"touch", recording},
	} {
		if out, err := exec.CommandContext(t.Context(), args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", args[0], err, out)
		}
	}
	v := newVPC(t)
	v.metadata(cutID, h.userData)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	vm := startVM(t, qemu.Config{Disk: disk, Kernel: h.kernel, Initrd: h.initrd, Dir: t.ArtifactDir(), InstanceID: cutID, Network: v.instance.Path(), WriteLog: recording})
	// seen is how much is recorded when the console says something.
	seen := func(text string) int {
		t.Helper()
		if err := vm.Console.Wait(ctx, text); err != nil {
			t.Fatal(err)
		}
		l, err := writelog.Open(recording)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		return l.Len()
	}
	begin := seen("leaven-identity")
	identity := seen("END SSH HOST KEY KEYS")
	seen("leaven: instance " + cutID + " is up: ")
	time.Sleep(time.Second) // the records are written by then
	if err := vm.Kill(); err != nil {
		t.Fatal(err)
	}
	if h.log, err = writelog.Open(recording); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.log.Close() })
	h.moments = append(moments(t, h.log, begin, identity), moments(t, h.log, identity, h.log.Len())...)
	t.Logf("%d writes and flushes, %d of them in the identity stage and %d later; the power is cut at %v",
		h.log.Len(), identity-begin, h.log.Len()-identity, h.moments)
	return h
}

// moments picks from a part of the recording, before and behind flushes: 17 for each stage, or a half of LEAVEN_POWER_CUTS.
func moments(t *testing.T, l *writelog.Log, from, to int) []int {
	t.Helper()
	n := 17
	if asked := os.Getenv("LEAVEN_POWER_CUTS"); asked != "" {
		all, err := strconv.Atoi(asked)
		if err != nil {
			t.Fatalf("LEAVEN_POWER_CUTS: %v", err)
		}
		n = (all + 1) / 2
	}
	var all []int
	for _, i := range l.Flushes(from, to) {
		all = append(all, i, i+1)
	}
	all = slices.Compact(all)
	if len(all) < 20 {
		t.Fatalf("only %d moments between %d and %d are to be told apart: does nobody sync?", len(all), from, to)
	}
	if n >= len(all) {
		return all
	}
	var list []int
	for i := range n {
		list = append(list, all[i*(len(all)-1)/max(1, n-1)])
	}
	return list
}
