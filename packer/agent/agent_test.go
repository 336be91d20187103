package agent

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"testing/fstest"
)

func pack(t *testing.T, content string) *fstest.MapFile {
	t.Helper()
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &fstest.MapFile{Data: packed.Bytes()}
}

func TestForPicksTheAgentOfTheMachine(t *testing.T) {
	set := In(fstest.MapFS{
		"leaven-linux-amd64.gz": pack(t, "for amd64"), "leaven-linux-arm64.gz": pack(t, "for arm64"),
		"leaven-agent-linux-amd64.gz": pack(t, "boots amd64"), "leaven-agent-linux-arm64.gz": pack(t, "boots arm64"),
	})
	for machine, want := range map[string]string{
		"x86_64": "for amd64", "amd64": "for amd64", "aarch64": "for arm64", "arm64": "for arm64",
	} {
		got, err := set.For("Linux", machine)
		if err != nil {
			t.Fatalf("%s: %v", machine, err)
		}
		sum := sha256.Sum256([]byte(want))
		if string(got.Binary) != want || string(got.Boot) != strings.Replace(want, "for", "boots", 1) || got.SHA256 != hex.EncodeToString(sum[:]) {
			t.Errorf("%s: got %q with sha256 %s", machine, got.Binary, got.SHA256)
		}
	}
}

func TestForRefusesOtherMachines(t *testing.T) {
	set := In(fstest.MapFS{"leaven-linux-amd64.gz": pack(t, "x")})
	for _, far := range [][2]string{{"Linux", "riscv64"}, {"Darwin", "arm64"}, {"FreeBSD", "amd64"}, {"", ""}} {
		_, err := set.For(far[0], far[1])
		if err == nil || !strings.Contains(err.Error(), far[0]+"/"+far[1]) {
			t.Errorf("%s on %s: error %v does not name the machine", far[0], far[1], err)
		}
	}
}

func TestForNamesTheMakeTargetWhenTheAgentWasNotBuilt(t *testing.T) {
	_, err := In(fstest.MapFS{}).For("Linux", "aarch64")
	missing, ok := errors.AsType[*MissingError](err)
	if !ok {
		t.Fatalf("got %v, want a MissingError", err)
	}
	if missing.Arch != "arm64" || !strings.Contains(err.Error(), "make build") {
		t.Errorf("error %q names neither arm64 nor the make target", err)
	}
}

func TestForRefusesABrokenFile(t *testing.T) {
	whole := pack(t, strings.Repeat("program ", 1000)).Data
	for name, data := range map[string][]byte{
		"not gzip": []byte("plain"), "cut off": whole[:len(whole)-6], "empty": pack(t, "").Data,
	} {
		_, err := In(fstest.MapFS{"leaven-linux-amd64.gz": {Data: data}}).For("Linux", "x86_64")
		if err == nil || !strings.Contains(err.Error(), "leaven-linux-amd64.gz") {
			t.Errorf("%s: error %v does not name the file", name, err)
		}
	}
}

// The embed pattern must match in a clone in which nothing was built yet.
func TestEmbeddedFolderHasItsReadme(t *testing.T) {
	if _, err := embedded.ReadFile("README.md"); err != nil {
		t.Fatal(err)
	}
}
