package secrets

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// systemFiles reads real files of this machine, up to limit bytes in all; the benchmarks say how much they found.
func systemFiles(b *testing.B, limit int, match func(path string) bool, dirs ...string) (files map[string][]byte, size int64) {
	b.Helper()
	files = map[string][]byte{}
	for _, dir := range dirs {
		filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil || !e.Type().IsRegular() || !match(path) {
				return nil
			}
			content, err := os.ReadFile(path)
			if err != nil || size+int64(len(content)) > int64(limit) {
				return nil
			}
			files[path] = content
			size += int64(len(content))
			return nil
		})
	}
	if size == 0 {
		b.Fatalf("no files in %v to measure with", dirs)
	}
	return files, size
}

func benchmark(b *testing.B, files map[string][]byte, size int64) {
	s := newTestScanner(b)
	b.SetBytes(size)
	b.ReportAllocs()
	hits, start := 0, cpuTime(b)
	for b.Loop() {
		hits = 0
		for path, content := range files {
			found, err := s.Scan(path, bytes.NewReader(content), int64(len(content)))
			if err != nil {
				b.Fatal(err)
			}
			hits += len(found)
		}
	}
	b.ReportMetric(float64(size)*float64(b.N)/1e6/(cpuTime(b)-start), "MB/cpu-s")
	b.ReportMetric(float64(len(files)), "files")
	b.ReportMetric(float64(hits), "hits")
}

// cpuTime is what the process has used, in seconds. Unlike the time on the clock it tells what other work on the machine
// does not blur.
func cpuTime(b *testing.B) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

func anyFile(string) bool { return true }

func BenchmarkScanPrograms(b *testing.B) {
	files, size := systemFiles(b, 64<<20, anyFile, "/usr/bin", "/usr/sbin")
	benchmark(b, files, size)
}

func BenchmarkScanLibraries(b *testing.B) {
	files, size := systemFiles(b, 64<<20, func(p string) bool { return filepath.Ext(p) != ".gz" }, "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu")
	benchmark(b, files, size)
}

func BenchmarkScanText(b *testing.B) {
	files, size := systemFiles(b, 64<<20, func(p string) bool { return filepath.Ext(p) != ".gz" }, "/etc", "/usr/share/perl", "/usr/include", "/usr/lib/python3", "/var/lib/dpkg/info")
	benchmark(b, files, size)
}

func BenchmarkScanCompressed(b *testing.B) {
	files, size := systemFiles(b, 16<<20, func(p string) bool { return filepath.Ext(p) == ".gz" }, "/usr/share")
	benchmark(b, files, size)
}

// What the search costs before anything is found.
func BenchmarkScanNoise(b *testing.B) {
	content := newDraw(1).noise(32 << 20)
	benchmark(b, map[string][]byte{"/opt/noise": content}, int64(len(content)))
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		if _, err := New(Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
