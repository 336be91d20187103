package writelog

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// TestReplay records with QEMU's own program.
func TestReplay(t *testing.T) {
	dir := t.TempDir()
	disk, name := filepath.Join(dir, "disk"), filepath.Join(dir, "log")
	for _, file := range []string{disk, name} {
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const size = 64 << 10
	if err := os.Truncate(disk, size); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("qemu-io", "--image-opts", "driver=blklogwrites,file.driver=file,file.filename="+disk+",log.driver=file,log.filename="+name,
		"-c", "write -P 1 0 8k", "-c", "flush", "-c", "write -P 2 4k 8k", "-c", "write -z 0 4k", "-c", "flush").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	l, err := Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if flushes := l.Flushes(0, l.Len()); len(flushes) < 2 || !slices.Equal(flushes[:2], []int{1, 4}) {
		t.Fatalf("flushes at %v of %d", flushes, l.Len())
	}
	at := func(before int, luck *rand.Rand) []byte {
		f, err := os.Create(filepath.Join(dir, "replayed"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := f.Truncate(size); err != nil {
			t.Fatal(err)
		}
		if err := l.Replay(f, before, luck); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	whole, err := os.ReadFile(disk)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(at(l.Len(), nil), whole) {
		t.Error("at the end, the disk is another")
	}
	luck := rand.New(rand.NewPCG(1, 1))
	if !bytes.Equal(at(5, luck), whole) {
		t.Error("what was flushed got lost")
	}
	seen := map[string]bool{}
	for range 50 {
		data := at(4, luck)
		for i := 512; i <= size; i += 512 {
			if sector := data[i-512 : i]; bytes.Count(sector, sector[:1]) != 512 {
				t.Fatalf("sector %d is not whole", i/512-1)
			}
		}
		if data[12<<10] != 0 || data[0] == 2 {
			t.Fatal("what nobody wrote is there")
		}
		seen[string(data)] = true
	}
	if len(seen) < 10 {
		t.Errorf("only %d outcomes of 50 cuts between two flushes", len(seen))
	}
}

func TestNoLog(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(name, make([]byte, 4096), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(name); err == nil {
		t.Error("zeros are a log")
	}
}
