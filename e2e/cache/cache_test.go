package cache

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestEntryIsMadeOnce(t *testing.T) {
	t.Setenv("LEAVEN_CACHE", t.TempDir())
	var made atomic.Int32
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			path, err := Entry(t.Context(), "thing", func(path string) error {
				made.Add(1)
				time.Sleep(50 * time.Millisecond) // let the others come
				return os.WriteFile(path, []byte("whole"), 0o644)
			})
			if err != nil {
				t.Error(err)
			}
			if got, _ := os.ReadFile(path); string(got) != "whole" {
				t.Errorf("entry holds %q", got)
			}
		})
	}
	wg.Wait()
	if made.Load() != 1 {
		t.Errorf("made %d times", made.Load())
	}
}

func TestEntryLeavesNothingOnFailure(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("LEAVEN_CACHE", dir)
	boom := errors.New("boom")
	_, err := Entry(t.Context(), "thing", func(path string) error {
		if err := os.WriteFile(path, []byte("half"), 0o644); err != nil {
			t.Fatal(err)
		}
		return boom
	})
	if !errors.Is(err, boom) {
		t.Errorf("error is %v", err)
	}
	for _, name := range []string{"thing", "thing.part"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			t.Errorf("%s is left", name)
		}
	}
}

func TestEntryGivesUpWaiting(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("LEAVEN_CACHE", dir)
	held, err := lock(t.Context(), filepath.Join(dir, "thing.lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err = Entry(ctx, "thing", func(string) error { t.Error("made without the lock"); return nil })
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error is %v", err)
	}
}

func TestToolNamesTheCure(t *testing.T) {
	t.Setenv("LEAVEN_CACHE", t.TempDir())
	if _, err := Tool("packer"); err == nil || !strings.Contains(err.Error(), "make tools") {
		t.Errorf("error is %v", err)
	}
}

func TestScratchGoesAway(t *testing.T) {
	t.Setenv("LEAVEN_CACHE", t.TempDir())
	s, err := NewScratch()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(s.Path, "a/b"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(s.Path); err == nil {
		t.Errorf("%s is left", s.Path)
	}
}
