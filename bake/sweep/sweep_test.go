package sweep

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// visits goes through a tree and returns "path=content" of what was visited, and the paths that failed.
func visits(t *testing.T, dir string, enter func(string) bool) (seen, failed []string) {
	t.Helper()
	root, err := rootfs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	var mu sync.Mutex
	s := Sweep{
		Root: root, Enter: enter, Want: func(name string, _ fs.FileInfo) bool { return !strings.HasSuffix(name, ".unwanted") },
		Visit: func(f File) {
			data, err := io.ReadAll(f.Content())
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			seen = append(seen, f.Path+"="+string(data))
		},
		Fail: func(name string, err error) {
			mu.Lock()
			defer mu.Unlock()
			failed = append(failed, name)
		},
	}
	if err := s.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	slices.Sort(seen)
	return seen, failed
}

func everywhere(string) bool { return true }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	full := filepath.Join(dir, name)
	must(t, os.MkdirAll(filepath.Dir(full), 0o755))
	must(t, os.WriteFile(full, []byte(content), 0o600))
}

func TestVisitsFilesAndNothingElse(t *testing.T) {
	outside := t.TempDir()
	write(t, outside, "canary", "outside")
	dir := t.TempDir()
	write(t, dir, "etc/a", "1")
	write(t, dir, "b.unwanted", "2")
	write(t, dir, "empty", "")
	write(t, dir, "mnt/c", "3")
	write(t, dir, "odd\xff\nname", "4")
	must(t, os.Link(dir+"/etc/a", dir+"/second"))
	must(t, os.Symlink(outside, dir+"/out"))
	must(t, os.Symlink(outside+"/canary", dir+"/etc/canary"))
	must(t, os.Symlink("..", dir+"/etc/up"))
	must(t, syscall.Mkfifo(dir+"/fifo", 0o600))
	must(t, syscall.Mknod(dir+"/disk", syscall.S_IFBLK|0o600, 7<<8))
	socket, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	must(t, err)
	defer syscall.Close(socket)
	must(t, syscall.Bind(socket, &syscall.SockaddrUnix{Name: dir + "/socket"}))
	seen, failed := visits(t, dir, func(name string) bool { return name != "/mnt" })
	want := []string{"/etc/a=1", "/odd\xff\nname=4", "/second=1"}
	if diff := cmp.Diff(want, seen); diff != "" || len(failed) > 0 {
		t.Errorf("failed %q, (-want +got)\n%s", failed, diff)
	}
}

// A path longer than PATH_MAX is reached one name at a time.
func TestDeepFolders(t *testing.T) {
	dir := t.TempDir()
	name := strings.Repeat("d", 200)
	at, err := os.OpenRoot(dir)
	must(t, err)
	for range 60 { // 12,000 bytes of path
		must(t, at.Mkdir(name, 0o700))
		next, err := at.OpenRoot(name)
		must(t, err)
		at.Close()
		at = next
	}
	must(t, at.WriteFile("bottom", []byte("x"), 0o600))
	at.Close()
	seen, failed := visits(t, dir, everywhere)
	if len(seen) != 1 || !strings.HasSuffix(seen[0], "/bottom=x") || len(failed) > 0 {
		t.Errorf("saw %d files, failed %d", len(seen), len(failed))
	}
}

// A sparse file of a terabyte is read in no time, and what it holds is found.
func TestSparseFile(t *testing.T) {
	dir := t.TempDir()
	f, err := os.Create(dir + "/sparse")
	must(t, err)
	defer f.Close()
	const size = 1 << 40
	must(t, f.Truncate(size))
	for _, at := range []int64{0, 500 << 30, size - 6} {
		_, err = f.WriteAt([]byte("needle"), at)
		must(t, err)
	}
	root, err := rootfs.Open(dir)
	must(t, err)
	defer root.Close()
	start, needles, total := time.Now(), 0, int64(0)
	s := Sweep{
		Root: root, Enter: everywhere, Want: func(string, fs.FileInfo) bool { return true }, Fail: func(name string, err error) { t.Errorf("%s: %v", name, err) },
		Visit: func(f File) {
			r, buffer, tail := f.Content(), make([]byte, 1<<20), ""
			for {
				n, err := r.Read(buffer)
				total += int64(n)
				text := tail + string(buffer[:n])
				needles += strings.Count(text, "needle")
				tail = text[max(0, len(text)-5):]
				if err == io.EOF {
					return
				}
				must(t, err)
			}
		},
	}
	must(t, s.Run(context.Background()))
	if took := time.Since(start); needles != 3 || total > 2*maxZeros || took > 30*time.Second {
		t.Errorf("%d needles in %d bytes, %v", needles, total, took)
	}
}

// Short holes are the zeros that they stand for: archives have some.
func TestShortHoles(t *testing.T) {
	dir := t.TempDir()
	f, err := os.Create(dir + "/holes")
	must(t, err)
	defer f.Close()
	want := make([]byte, 3<<20)
	for _, at := range []int64{1 << 20, 2<<20 + 77} {
		copy(want[at:], "data")
		_, err = f.WriteAt([]byte("data"), at)
		must(t, err)
	}
	must(t, f.Truncate(3<<20))
	info, err := f.Stat()
	must(t, err)
	for _, spare := range []int64{0, maxZeros} {
		r := &sparse{file: File{File: f, Info: info}, size: info.Size(), spare: spare}
		got, err := io.ReadAll(r)
		must(t, err)
		if spare > 0 && string(got) != string(want) {
			t.Error("the content differs from what read(2) gives")
		}
		if n := strings.Count(string(got), "data"); n != 2 || spare == 0 && len(got) > 1<<20 {
			t.Errorf("%d of 2 data in %d bytes", n, len(got))
		}
	}
}

func TestContextEndsTheSweep(t *testing.T) {
	dir := t.TempDir()
	for i := range 200 {
		write(t, dir, string(rune('a'+i%26))+strings.Repeat("x", i), "x")
	}
	root, err := rootfs.Open(dir)
	must(t, err)
	defer root.Close()
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(context.Background())
	seen := 0
	var mu sync.Mutex
	s := Sweep{Root: root, Enter: everywhere, Want: func(string, fs.FileInfo) bool { return true }, Fail: func(string, error) {},
		Visit: func(File) { mu.Lock(); seen++; mu.Unlock(); cancel(why) }}
	if err := s.Run(ctx); !errors.Is(err, why) || seen > 100 {
		t.Errorf("%v after %d files", err, seen)
	}
}

// A log that grows while it is read must not keep the sweep for ever.
func TestGrowingFile(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "log", "first")
	root, err := rootfs.Open(dir)
	must(t, err)
	defer root.Close()
	s := Sweep{Root: root, Enter: everywhere, Want: func(string, fs.FileInfo) bool { return true }, Fail: func(string, error) {},
		Visit: func(f File) {
			write(t, dir, "log", "first and more")
			if data, err := io.ReadAll(f.Content()); err != nil || string(data) != "first" {
				t.Errorf("read %q, %v", data, err)
			}
		}}
	must(t, s.Run(context.Background()))
}
