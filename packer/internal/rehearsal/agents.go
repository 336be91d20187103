package rehearsal

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// program is the stand-in, built once for a test binary.
var program = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "standin-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "standin")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", file, "github.com/leaven-dev/leaven/packer/internal/rehearsal/standin")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("cannot build the stand-in: %w\n%s", err, text)
	}
	return os.ReadFile(file)
})

// Agents writes a folder of agents, as the plugin embeds one, in which every agent is the stand-in with this script.
func Agents(t testing.TB, script Script) (folder string) {
	t.Helper()
	binaryFile, err := program()
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(script)
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(binaryFile)
	w.Write(text)
	w.Write(binary.BigEndian.AppendUint64(nil, uint64(len(text))))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	folder = t.TempDir()
	for _, arch := range []string{"amd64", "arm64"} {
		for _, name := range []string{"leaven", "leaven-agent"} {
			if err := os.WriteFile(filepath.Join(folder, name+"-linux-"+arch+".gz"), packed.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	return folder
}

// Entries reads the log that the stand-in's runs left.
func Entries(t testing.TB, log string) []Entry {
	t.Helper()
	data, err := os.ReadFile(log)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	var entries []Entry
	for line := range strings.Lines(string(data)) {
		var entry Entry
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatalf("log %s: %v", log, err)
		}
		entries = append(entries, entry)
	}
	return entries
}
