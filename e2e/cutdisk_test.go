package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leaven-dev/leaven/e2e/imds"
	"github.com/leaven-dev/leaven/e2e/nspawn"
	"github.com/leaven-dev/leaven/e2e/qemu"
	"github.com/leaven-dev/leaven/e2e/sshclient"
	"github.com/leaven-dev/leaven/firstboot"
)

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
		Network: v.instance.Path(), Logins: []sshclient.Login{{User: "admin", Key: key.Authorized}}})
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
