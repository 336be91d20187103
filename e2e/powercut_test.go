package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/leaven-dev/leaven/e2e/debroot"
	"github.com/leaven-dev/leaven/e2e/guard"
	"github.com/leaven-dev/leaven/e2e/imds"
	"github.com/leaven-dev/leaven/e2e/nspawn"
	"github.com/leaven-dev/leaven/e2e/qemu"
	"github.com/leaven-dev/leaven/e2e/sshclient"
	"github.com/leaven-dev/leaven/e2e/writelog"
	"github.com/leaven-dev/leaven/firstboot"
)

// TestPowerCut cuts the power at many moments of one first boot, identity and provisioning, and boots again. The first boot runs
// once, in a virtual machine whose disk records all that is written and flushed; each moment is a disk made from the recording. At
// every other moment the disk has lost a part of what it was not asked to flush, so that this shows that everything is synced in the
// right order, and what is said to be done is done.
//
// The next boot is in a container, with the same instance id, because that takes seconds; at the first and the last moment, and one in
// the middle, it is in a virtual machine.
func TestPowerCut(t *testing.T) {
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

// cut makes the disk as it was at a moment, and boots from it.
func (h *history) cut(t *testing.T, moment int, luck *rand.Rand, virtual bool) {
	dir := scratch(t)
	raw := filepath.Join(dir, "raw")
	if out, err := exec.CommandContext(t.Context(), "cp", "--reflink=auto", "--sparse=always", h.raw, raw).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	disk, err := os.OpenFile(raw, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(h.log.Replay(disk, moment, luck), disk.Close()); err != nil {
		t.Fatal(err)
	}
	root, unmount := mountRaw(t, raw, dir)
	before := h.look(t, root)
	t.Logf("cut before write %d: %d host keys of the image and %d new ones, %q done, %v", moment, len(before.baked), len(before.own), before.done, before.runs)
	if len(before.baked) > 0 && !before.state.Done.IsZero() {
		t.Errorf("keys of the image are left, and host-keys is done")
	}
	var shown []string
	if virtual {
		unmount()
		shown = h.again(t, raw, dir)
		root, unmount = mountRaw(t, raw, dir)
	} else {
		put(t, root, "etc/resolv.conf", "nameserver 10.9.0.1\n", 0o644) // dhclient, which is not here, may have been cut off at it
		v := newVPC(t)
		v.up()
		v.metadata(cutID, h.userData)
		c := begin(t, nspawn.Config{Root: root, Credentials: map[string]string{"leaven.instance-id": cutID}, Network: v.instance.Path()})
		if s := statusOf(t, c); s.Result != firstboot.OK {
			t.Errorf("the next boot: %s", s.Verdict)
		}
		shown = scan(t, c)
		off(t, c)
	}
	after := h.look(t, root)
	if len(shown) != 2 || share(shown, h.baked) {
		t.Errorf("sshd shows %q, want an ECDSA and an Ed25519 key, none of the image's", shown)
	}
	if len(after.baked) > 0 || !slices.Equal(after.own, shown) {
		t.Errorf("in /etc/ssh are %d keys of the image and %q; sshd shows %q", len(after.baked), after.own, shown)
	}
	for _, key := range before.own {
		if !slices.Contains(shown, key) {
			t.Errorf("%q was published before the cut and changed", key)
		}
	}
	for _, name := range cutSteps {
		want := before.runs[name] + 1
		if slices.Contains(before.done, name) {
			want--
		}
		if after.runs[name] != want || !slices.Contains(after.done, name) {
			t.Errorf("step %s ran %d times before the cut, done %v, and %d times in all", name, before.runs[name], want == before.runs[name], after.runs[name])
		}
	}
	if len(after.left) > 0 {
		t.Errorf("left behind: %q", after.left)
	}
	unmount()
}

// sight is what is on a disk on which nothing runs.
type sight struct {
	baked, own []string             // host keys
	state      firstboot.StepRecord // of the step host-keys
	done       []string             // of the steps of user data
	runs       map[string]int       // how often each has run
	left       []string             // of files that were being written
}

func (h *history) look(t *testing.T, root string) sight {
	t.Helper()
	s := sight{runs: map[string]int{}}
	// A key that is being published may be there without its other half, but never in parts.
	for _, key := range publicKeys(t, root) {
		if slices.Contains(h.baked, key) {
			s.baked = append(s.baked, key)
		} else {
			s.own = append(s.own, key)
		}
	}
	var state firstboot.State
	text, err := os.ReadFile(filepath.Join(root, "var/lib/leaven", cutID, "state.json"))
	if err == nil {
		err = json.Unmarshal(text, &state)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the records are damaged: %v\n%s", err, text)
	}
	for _, rec := range state.Steps {
		if rec.ID == "host-keys" {
			s.state = rec
		}
		if slices.Contains(cutSteps, rec.ID) && !rec.Done.IsZero() {
			s.done = append(s.done, rec.ID)
		}
	}
	for _, name := range cutSteps {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		s.runs[name] = strings.Count(string(text), "x")
	}
	for _, dir := range []string{"etc", "etc/ssh", "var/lib/leaven", "var/lib/leaven/" + cutID} {
		entries, err := os.ReadDir(filepath.Join(root, dir))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), ".leaven-") {
				s.left = append(s.left, filepath.Join(dir, e.Name()))
			}
		}
	}
	return s
}

// again boots a disk in a virtual machine, switches it off, and returns what its sshd showed.
func (h *history) again(t *testing.T, raw, dir string) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	v := newVPC(t)
	fake := v.metadata(cutID, h.userData)
	key, err := sshclient.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	disk := filepath.Join(dir, "again.qcow2")
	if out, err := exec.CommandContext(ctx, "qemu-img", "create", "-q", "-f", "qcow2", "-b", raw, "-F", "raw", disk).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	vm := startVM(t, qemu.Config{Disk: disk, Kernel: h.kernel, Initrd: h.initrd, Dir: t.ArtifactDir(), InstanceID: cutID,
		Network: v.instance.Path(), Logins: []qemu.Login{{User: "admin", Key: key.Authorized}}})
	client, err := sshclient.Dial(ctx, vm.SSHAddress(), "admin", key)
	if err != nil {
		t.Fatalf("%v; the last lines of %s:\n%s", err, vm.Console.Path(), vm.Console.Tail(20))
	}
	defer client.Close()
	// Whatever answers before first boot is through must not be the image's either.
	if early := showHostKeys(ctx, t, vm); share(early, h.baked) {
		t.Errorf("sshd shows a host key of the image: %q", early)
	}
	var status firstboot.Status
	text, err := client.Run(ctx, "leaven status --wait --output json")
	if err == nil {
		err = json.Unmarshal([]byte(text), &status)
	}
	if err != nil || status.Result != firstboot.OK || status.Instance.Source != firstboot.FromDMI {
		t.Errorf("the next boot: %v, %v\n%s", status.Verdict, err, text)
	}
	shown := showHostKeys(ctx, t, vm)
	// Somebody else answers as the metadata service. The firmware says who this is, so that nothing changes, and people are told.
	const document = "dynamic/instance-identity/document"
	fake.Set(document, imds.Instance("i-0eeeeeeeeeeeeeeee")[document])
	if text, err := client.Run(ctx, "sudo leaven firstboot 2>&1"); err == nil || !strings.Contains(text, "says that this is i-0eeeeeeeeeeeeeeee, the firmware says "+cutID) {
		t.Errorf("with a metadata service of another instance: %v\n%s", err, text)
	}
	if again := showHostKeys(ctx, t, vm); !slices.Equal(again, shown) {
		t.Errorf("a metadata service of another instance changed the host keys: %q", again)
	}
	if _, err := client.Run(ctx, "sync"); err != nil {
		t.Error(err)
	}
	if err := vm.Kill(); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(ctx, "qemu-img", "commit", "-q", disk).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return shown
}

// mountRaw mounts a file system; its journal is replayed as at the next boot.
func mountRaw(t *testing.T, raw, dir string) (root string, unmount func()) {
	t.Helper()
	root, err := os.MkdirTemp(dir, "root-")
	if err != nil {
		t.Fatal(err)
	}
	undo, err := guard.Start(`if mountpoint -q "$1"; then umount "$1" || umount -l "$1"; fi`, root)
	if err != nil {
		t.Fatal(err)
	}
	unmount = func() {
		if err := undo.Close(); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(unmount)
	if out, err := exec.CommandContext(t.Context(), "mount", "-o", "loop", raw, root).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return root, unmount
}

// pack makes a disk image of a root.
func pack(t *testing.T, root, dir string) string {
	t.Helper()
	raw, image := filepath.Join(dir, "raw"), filepath.Join(dir, "image.qcow2")
	for _, args := range [][]string{
		{"truncate", "-s", fmt.Sprint(debroot.ImageSize), raw},
		{"mke2fs", "-q", "-t", "ext4", "-L", "root", "-d", root, raw},
		{"qemu-img", "convert", "-q", "-f", "raw", "-O", "qcow2", raw, image},
	} {
		if out, err := exec.CommandContext(t.Context(), args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", args[0], err, out)
		}
	}
	if err := os.Remove(raw); err != nil {
		t.Fatal(err)
	}
	return image
}

// startVM starts a virtual machine that ends with the test.
func startVM(t *testing.T, cfg qemu.Config) *qemu.VM {
	t.Helper()
	vm, err := qemu.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := vm.Close(); err != nil {
			t.Error(err)
		}
	})
	return vm
}

// showHostKeys returns the host keys that the machine's SSH server shows, like scan.
func showHostKeys(ctx context.Context, t *testing.T, vm *qemu.VM) []string {
	t.Helper()
	found, err := sshclient.HostKeys(ctx, vm.SSHAddress(), "ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-512")
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, key := range found {
		keys = append(keys, strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key))))
	}
	slices.Sort(keys)
	return keys
}
