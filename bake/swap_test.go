package bake_test

import (
	"bytes"
	"os"
	"os/exec"
	"testing"

	"github.com/leaven-dev/leaven/bake"
)

// A swap file that was in use is wiped; what mkswap wrote stays to the byte.
func TestSwapFiles(t *testing.T) {
	dir := grow(t, map[string]string{"etc/fstab": "/data/swap none swap sw 0 0\nUUID=1 none swap sw 0 0\n", "data/": "", "swap.img": "no swap area\n"})
	c, err := bake.NewCatalogue(bake.Builtin(nil))
	must(t, err)
	o := bake.Options{Only: []string{"swap-files"}}
	for _, name := range []string{"/swapfile", "/data/swap"} {
		must(t, os.WriteFile(dir+name, make([]byte, 3<<20), 0o600))
		if out, err := exec.Command("mkswap", "-U", "0f0e0d0c-0b0a-0908-0706-050403020100", "-L", "label", dir+name).CombinedOutput(); err != nil {
			t.Fatalf("cannot make a swap file (the test needs util-linux): %v: %s", err, out)
		}
	}
	if changes, _ := seal(t, dir, c, o); len(changes) > 0 {
		t.Errorf("swap files that were not used need nothing: %v", changes)
	}
	fresh, err := os.ReadFile(dir + "/swapfile")
	must(t, err)
	for _, name := range []string{"/swapfile", "/data/swap"} {
		f, err := os.OpenFile(dir+name, os.O_RDWR, 0)
		must(t, err)
		_, err = f.WriteAt([]byte("a page of memory"), 8192)
		must(t, err)
		_, err = f.WriteAt([]byte("another"), 3<<20-100)
		must(t, err)
		must(t, f.Close())
	}
	f, err := os.OpenFile(dir+"/data/swap", os.O_RDWR, 0)
	must(t, err)
	_, err = f.WriteAt([]byte("S1SUSPEND\x00"), 4096-10) // this one slept
	must(t, err)
	must(t, f.Close())
	must(t, os.Truncate(dir+"/data/swap", 1<<40)) // a hole of a terabyte is not written to

	changes, _ := seal(t, dir, c, o)
	for _, name := range []string{"/swapfile", "/data/swap"} {
		if c := changes[name]; c.Result != bake.Done || c.Bytes < 3<<20-4096 {
			t.Errorf("%s: %+v", name, c)
		}
		f, err := os.Open(dir + name)
		must(t, err)
		wiped := make([]byte, len(fresh))
		_, err = f.ReadAt(wiped, 0)
		must(t, err)
		if !bytes.Equal(wiped, fresh) {
			t.Errorf("%s is not as mkswap made it", name)
		}
		f.Close()
	}
	if content(t, dir+"/swap.img") != "no swap area\n" {
		t.Error("a file that is no swap area was changed")
	}
	if again, _ := seal(t, dir, c, o); len(again) > 0 {
		t.Errorf("there is still something to do: %v", again)
	}
}
