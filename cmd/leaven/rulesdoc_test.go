package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

func TestRulesDocument(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if code := Main([]string{"rules", "--output", "markdown"}, strings.NewReader(""), &stdout, &stderr); code != 0 {
		t.Fatalf("exit %d: %s", code, stderr.String())
	}
	written, err := os.ReadFile("../../docs/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(written, stdout.Bytes()) {
		t.Error("docs/rules.md is not what the catalogue says: go generate ./cmd/leaven")
	}
}
