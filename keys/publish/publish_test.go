package publish

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// pool is keys that were made before, since each takes a good part of a second.
var pool = sync.OnceValue(func() []*rsa.PrivateKey {
	var keys []*rsa.PrivateKey
	for range 8 {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		keys = append(keys, key)
	}
	return keys
})

func pair(i int) Pair {
	return Pair{Private: "localhost.priv", Public: "localhost.pub", Bits: 2048, Generate: func(int) (*rsa.PrivateKey, error) { return pool()[i%8], nil }}
}

func open(t *testing.T, dir string) *rootfs.Dir {
	t.Helper()
	root, err := rootfs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	d, err := root.OpenDir("/")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close(); root.Close() })
	return d
}

// files lists a folder.
func files(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestOnce(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir)
	first, made, err := pair(0).Publish(t.Context(), d)
	if err != nil || !made || !first.Equal(pool()[0]) {
		t.Fatalf("made %v: %v", made, err)
	}
	again, made, err := pair(1).Publish(t.Context(), d)
	if err != nil || made || !again.Equal(first) {
		t.Errorf("the second call: made %v, %v", made, err)
	}
	if got := files(t, dir); !slices.Equal(got, []string{"localhost.priv", "localhost.pub"}) {
		t.Errorf("in the folder: %q", got)
	}
	for _, name := range files(t, dir) {
		if fi, err := os.Stat(filepath.Join(dir, name)); err != nil || fi.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, fi.Mode(), err)
		}
	}
	if key, err := pair(0).Read(d); err != nil || !key.Equal(first) {
		t.Errorf("read: %v", err)
	}
}

func TestManyAtOnce(t *testing.T) {
	for round := range 50 {
		dir := t.TempDir()
		var wait sync.WaitGroup
		var mu sync.Mutex
		makers, keys := 0, map[string]bool{}
		for i := range 16 {
			d := open(t, dir)
			wait.Go(func() {
				key, made, err := pair(i).Publish(context.Background(), d)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Errorf("round %d: %v", round, err)
					return
				}
				if made {
					makers++
				}
				keys[key.N.String()] = true
			})
		}
		wait.Wait()
		// Contenders share keys of the pool, so that more than one may take the winner's for his own.
		if len(keys) != 1 || makers < 1 || makers > 2 {
			t.Fatalf("round %d: %d keys, %d made it", round, len(keys), makers)
		}
		if got := files(t, dir); len(got) != 2 {
			t.Fatalf("round %d: in the folder: %q", round, got)
		}
	}
}

// A winner that died between the two links is completed by any other, and its candidates are removed.
func TestHalfDone(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir)
	want, _, err := pair(0).Publish(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "localhost.pub")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, prefix+"x"), []byte("dead"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := pair(1).Read(d); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("half a pair reads as %v", err)
	}
	key, made, err := pair(1).Publish(t.Context(), d)
	if err != nil || made || !key.Equal(want) || len(files(t, dir)) != 2 {
		t.Errorf("made %v, %v, %q", made, err, files(t, dir))
	}
}

func TestRefused(t *testing.T) {
	keyOf := func(t *testing.T, i int) (private, public string) {
		dir := t.TempDir()
		if _, _, err := pair(i).Publish(t.Context(), open(t, dir)); err != nil {
			t.Fatal(err)
		}
		a, errA := os.ReadFile(filepath.Join(dir, "localhost.priv"))
		b, errB := os.ReadFile(filepath.Join(dir, "localhost.pub"))
		if err := errors.Join(errA, errB); err != nil {
			t.Fatal(err)
		}
		return string(a), string(b)
	}
	private, public := keyOf(t, 0)
	_, other := keyOf(t, 1)
	for name, c := range map[string]struct {
		private, public string
		mode            fs.FileMode
		want            string
	}{
		"two keys":          {private, other, 0o600, "it is not the public half"},
		"cut off":           {private[:500], public, 0o600, "not one PEM block"},
		"empty":             {" ", public, 0o600, "not one PEM block"},
		"another format":    {strings.ReplaceAll(private, "RSA PRIVATE", "PRIVATE"), public, 0o600, "not one PEM block"},
		"two blocks":        {private + private, public, 0o600, "not one PEM block"},
		"SPKI":              {private, strings.ReplaceAll(public, "RSA PUBLIC", "PUBLIC"), 0o600, "not one PEM block"},
		"readable by group": {private, public, 0o640, "chmod 600"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, text := range map[string]string{"localhost.priv": c.private, "localhost.pub": c.public} {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(text), c.mode); err != nil {
					t.Fatal(err)
				}
			}
			_, made, err := pair(2).Publish(t.Context(), open(t, dir))
			if made || !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), private[100:150]) {
				t.Errorf("made %v, %v; want %q", made, err, c.want)
			}
			if got, err := os.ReadFile(filepath.Join(dir, "localhost.priv")); err != nil || string(got) != c.private {
				t.Errorf("the private key was changed: %v", err)
			}
			if got, err := os.ReadFile(filepath.Join(dir, "localhost.pub")); err != nil || string(got) != c.public {
				t.Errorf("the public key was changed: %v", err)
			}
		})
	}
	t.Run("public alone", func(t *testing.T) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "localhost.pub"), []byte(public), 0o600); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		if _, _, err := pair(2).Publish(ctx, open(t, dir)); !errors.Is(err, ErrRefused) || len(files(t, dir)) != 1 {
			t.Errorf("%v, %q", err, files(t, dir))
		}
	})
	t.Run("link", func(t *testing.T) {
		dir, elsewhere := t.TempDir(), filepath.Join(t.TempDir(), "key")
		if err := errors.Join(os.WriteFile(elsewhere, []byte(private), 0o600), os.Symlink(elsewhere, filepath.Join(dir, "localhost.priv"))); err != nil {
			t.Fatal(err)
		}
		if _, _, err := pair(2).Publish(t.Context(), open(t, dir)); !errors.Is(err, ErrRefused) {
			t.Errorf("%v", err)
		}
	})
	if _, _, err := (Pair{Private: "../x", Public: "y", Bits: 2048}).Publish(t.Context(), open(t, t.TempDir())); err == nil {
		t.Error("a name that leaves the folder was taken")
	}
	if _, _, err := (Pair{Private: "x", Public: "y", Bits: 1024}).Publish(t.Context(), open(t, t.TempDir())); err == nil {
		t.Error("a key of 1024 bits was made")
	}
}
