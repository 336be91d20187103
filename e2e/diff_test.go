package e2e

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// snapshot is what a tree holds: for each path its kind, size, and time of last change.
func snapshot(t *testing.T, root string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		fi, err := e.Info()
		if err != nil {
			return err
		}
		text := fi.Mode().Type().String()
		if fi.Mode().IsRegular() {
			text = fmt.Sprintf("%d bytes of %s", fi.Size(), fi.ModTime().Format("15:04:05.000"))
		}
		all[strings.TrimPrefix(path, root)] = text
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// difference lists what became of a tree between two snapshots.
func difference(before, after map[string]string) (lines []string) {
	for _, path := range slices.Sorted(maps.Keys(before)) {
		switch now, there := after[path]; {
		case !there:
			lines = append(lines, "- "+path)
		case now != before[path]:
			lines = append(lines, "~ "+path+": "+before[path]+" → "+now)
		}
	}
	for _, path := range slices.Sorted(maps.Keys(after)) {
		if _, was := before[path]; !was {
			lines = append(lines, "+ "+path)
		}
	}
	return lines
}

// writtenAfter lists the files of a tree that changed, in content or name, after a file in it was written for the last time.
func writtenAfter(t *testing.T, root, mark string) (paths []string) {
	t.Helper()
	last := changed(t, filepath.Join(root, mark))
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && path != filepath.Join(root, mark) && changed(t, path) > last {
			paths = append(paths, strings.TrimPrefix(path, root))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// changed is a file's ctime in nanoseconds.
func changed(t *testing.T, path string) int64 {
	t.Helper()
	fi, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return fi.Sys().(*syscall.Stat_t).Ctim.Nano()
}
