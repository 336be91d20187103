package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/leaven-dev/leaven/e2e/nspawn"
	"github.com/leaven-dev/leaven/internal/rootfs"
	"github.com/leaven-dev/leaven/internal/seal"
)

// TestSealAtFirstBoot boots instances of images that their last stage sealed, and reads what the first boot says of the seal: in
// the status and on the console. What was done to the image after it was sealed is done to its tree, as whoever mounts a
// snapshot does it.
func TestSealAtFirstBoot(t *testing.T) {
	built := copyRoot(t, "bookworm")
	install(t, built)
	clean := sealedByItself(t, overlay(t, built), "")
	left := sealedByItself(t, overlay(t, built), "var/tmp/pinned")
	time.Sleep(3 * time.Second) // what is changed within two seconds of the sealing may be of the same shutdown
	for name, test := range map[string]struct {
		image string
		touch func(t *testing.T, root string)
		says  string // empty: it is sealed, and was not touched
	}{
		"sealed": {clean, func(*testing.T, string) {}, ""},
		"no proof": {clean, func(t *testing.T, root string) {
			if err := os.Remove(filepath.Join(root, seal.Path)); err != nil {
				t.Fatal(err)
			}
		}, "the image holds no proof that it was sealed"},
		"broken proof":   {clean, func(t *testing.T, root string) { put(t, root, seal.Path, "{", 0o644) }, "cannot read the proof of sealing"},
		"something left": {left, func(*testing.T, string) {}, "sealing left something behind: tmp (dirty, 1 path)"},
		"new file": {clean, func(t *testing.T, root string) { put(t, root, "etc/sudoers.d/eve", "eve ALL=(ALL) ALL\n", 0o440) },
			"changed after the image was sealed: /etc/sudoers.d, /etc/sudoers.d/eve"},
		"edited file": {clean, func(t *testing.T, root string) { put(t, root, "etc/sudoers.d/README", "eve ALL=(ALL) ALL\n", 0o440) },
			"changed after the image was sealed: /etc/sudoers.d, /etc/sudoers.d/README"}, // the folder by the overlay: it copies it
		"package": {clean, func(t *testing.T, root string) { put(t, root, "usr/bin/backdoor", "#!/bin/sh\n", 0o755) },
			"changed after the image was sealed: /usr/bin"},
		"instance": {clean, func(t *testing.T, root string) {
			c, _ := bootAnyhow(t, nspawn.Config{Root: root, Credentials: instanceID("i-0000000000000000a")})
			if err := c.Poweroff(t.Context()); err != nil {
				t.Fatal(err)
			}
		}, "the image was made from the disk of instance i-0000000000000000a, which had booted since it was sealed"},
	} {
		t.Run(name, func(t *testing.T) {
			root := overlay(t, test.image)
			test.touch(t, root)
			time.Sleep(3 * time.Second) // what is nearer to the sealing or to the boot may be of these
			c, _ := bootAnyhow(t, nspawn.Config{Root: root, Credentials: instanceID("i-0000000000000000b")})
			out, _ := c.Run(t.Context(), "leaven", "status", "--wait", "--output", "json") // its exit status is that of the whole boot
			var status struct {
				Steps []struct{ ID, Result, Message string }
			}
			if err := json.Unmarshal([]byte(out), &status); err != nil {
				t.Fatal(err)
			}
			result, message := "", ""
			for _, s := range status.Steps {
				if s.ID == "image-seal" {
					result, message = s.Result, s.Message
				}
			}
			want, says := "failed", test.says
			if says == "" {
				want, says = "ok", "sealed at "
			}
			if result != want || !strings.HasPrefix(message, says) {
				t.Errorf("the step is %q, %q", result, message)
			}
			if line := "leaven: image-seal: failed: " + test.says; test.says != "" && !strings.Contains(c.Console.Tail(1000), line) {
				t.Errorf("not on the console: %s", line)
			}
		})
	}
}

func instanceID(id string) map[string]string { return map[string]string{"leaven.instance-id": id} }

// sealedByItself boots a system and has it seal itself when it powers off. Where pinned names a file it cannot remove that.
func sealedByItself(t *testing.T, root, pinned string) string {
	t.Helper()
	said := "nothing left"
	c := boot(t, nspawn.Config{Root: root})
	run(t, c, "leaven", "bake", "--root", "/", "--last-stage")
	if pinned != "" {
		said = "leaven: NOT sealed: 1 path left, see " + seal.Path + " in the image"
		put(t, root, pinned, "x", 0o600)
		name := filepath.Join(root, pinned)
		immutable(t, "+i", name)
		t.Cleanup(func() { immutable(t, "-i", name) })
	}
	if err := c.Poweroff(t.Context()); err != nil {
		t.Fatal(err)
	}
	if console := c.Console.Tail(1000); strings.Count(console, "leaven: sealed: ")+strings.Count(console, "leaven: NOT sealed: ") != 1 || !strings.Contains(console, said) {
		t.Errorf("the console has not one line that says %q:\n%s", said, console)
	}
	proofOfTheWhole(t, root, pinned)
	return root
}

// proofOfTheWhole reads the proof: each rule that was used with its result, also what was done before the last stage.
func proofOfTheWhole(t *testing.T, root, pinned string) {
	t.Helper()
	r, err := rootfs.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	proof, err := seal.Read(r)
	if err != nil {
		t.Fatal(err)
	}
	results := map[string]seal.Result{}
	for _, rule := range proof.Rules {
		results[rule.Rule] = rule.Result
	}
	want := map[string]seal.Result{"hostname": seal.Done, "ssh-host-keys": seal.Done, "puppet-state": seal.Clean, "tmp": seal.Clean} // in this order: live, last, neither
	if pinned != "" {
		want["tmp"] = seal.Failed
	}
	for rule, result := range want {
		if results[rule] != result {
			t.Errorf("the proof calls %s %q, not %q", rule, results[rule], result)
		}
	}
	if time.Since(proof.Time) > 5*time.Minute || proof.Version == "" || proof.Catalogue == "" || proof.Stage != "shutdown" || (len(proof.Left) == 0) != (pinned == "") {
		t.Errorf("proof: %+v", proof)
	}
}

func immutable(t *testing.T, how, name string) {
	t.Helper()
	if out, err := exec.Command("chattr", how, name).CombinedOutput(); err != nil {
		t.Errorf("chattr %s %s: %v: %s", how, name, err, out)
	}
}

// overlay is a tree with the content of another, and with its change times, which a copy would not have.
func overlay(t *testing.T, lower string) string {
	t.Helper()
	top := scratch(t)
	for _, name := range []string{"upper", "work", "root"} {
		if err := os.Mkdir(filepath.Join(top, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	root := filepath.Join(top, "root")
	options := "lowerdir=" + lower + ",upperdir=" + filepath.Join(top, "upper") + ",workdir=" + filepath.Join(top, "work")
	if err := syscall.Mount("overlay", root, "overlay", 0, options); err != nil {
		t.Fatalf("cannot mount an overlay: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(root, 0); err != nil {
			t.Error(err)
		}
	})
	return root
}
