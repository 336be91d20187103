package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// The Packer plugin refuses names that it does not know, so its list must be the catalogue's.
func TestNamesInThePackerPlugin(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if code := Main([]string{"rules", "--output", "names"}, strings.NewReader(""), &stdout, &stderr); code != 0 {
		t.Fatalf("exit %d: %s", code, stderr.String())
	}
	written, err := os.ReadFile("../../packer/catalogue/names.txt")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(written, stdout.Bytes()) {
		t.Error("packer/catalogue/names.txt is not what the catalogue says: go generate ./packer/catalogue")
	}
}
