package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"
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

// Every example of user data in the documents is in order, for the reader and for editors.
func TestExamplesOfUserData(t *testing.T) {
	text, err := os.ReadFile("../../docs/firstboot.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("firstboot.json", schema); err != nil {
		t.Fatal(err)
	}
	editor, err := compiler.Compile("firstboot.json")
	if err != nil {
		t.Fatal(err)
	}
	documents, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	documents = append(documents, "../../README.md")
	found := 0
	for _, name := range documents {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range strings.Split(string(text), "```yaml\n")[1:] {
			block, _, _ = strings.Cut(block, "```")
			indent := block[:len(block)-len(strings.TrimLeft(block, " "))] // that of a list
			block = strings.ReplaceAll(strings.TrimPrefix(block, indent), "\n"+indent, "\n")
			if !strings.HasPrefix(block, "#!/usr/bin/leaven firstboot") && !strings.HasPrefix(block, "health:") {
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
			var document any
			if err := yaml.Unmarshal([]byte(block), &document); err != nil {
				t.Fatal(err)
			}
			if err := editor.Validate(document); err != nil {
				t.Errorf("%s: the schema refuses an example: %v", name, err)
			}
		}
	}
	if found == 0 {
		t.Error("no document has an example")
	}
}
