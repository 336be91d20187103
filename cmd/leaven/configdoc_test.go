package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestConfigDocuments(t *testing.T) {
	for name, args := range map[string][]string{
		"config.md":             {"config", "schema", "--output", "markdown"},
		"firstboot.schema.json": {"config", "schema"},
	} {
		var stdout, stderr bytes.Buffer
		if code := Main(args, strings.NewReader(""), &stdout, &stderr); code != 0 {
			t.Fatalf("exit %d: %s", code, stderr.String())
		}
		written, err := os.ReadFile(filepath.Join("../../docs", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(written, stdout.Bytes()) {
			t.Errorf("docs/%s is not what the program says: go generate ./cmd/leaven", name)
		}
	}
}

// Every example of user data in the documents is in order.
func TestExamplesOfUserData(t *testing.T) {
	documents, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, name := range documents {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range strings.Split(string(text), "```yaml\n")[1:] {
			block, _, _ = strings.Cut(block, "```")
			if !strings.HasPrefix(block, "#!/usr/bin/leaven firstboot") {
				continue
			}
			found++
			file := filepath.Join(t.TempDir(), filepath.Base(name)+".yaml")
			if err := os.WriteFile(file, []byte(block), 0o644); err != nil {
				t.Fatal(err)
			}
			var stdout, stderr bytes.Buffer
			// A tree without configuration of its own.
			if code := Main([]string{"config", "check", "--root", t.TempDir(), file}, strings.NewReader(""), &stdout, &stderr); code != 0 {
				t.Errorf("%s: %s", name, stderr.String())
			}
		}
	}
	if found == 0 {
		t.Error("no document has an example")
	}
}
