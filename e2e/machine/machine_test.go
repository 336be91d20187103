package machine

import (
	"slices"
	"strings"
	"testing"
)

func TestNeedNamesThePackage(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	err := Need("systemd-nspawn", "qemu-img")
	if err == nil || !strings.Contains(err.Error(), "apt-get install systemd-container qemu-utils") {
		t.Errorf("Need with an empty PATH: %v", err)
	}
	if got := Missing(); !slices.Contains(got, "mmdebstrap") || !slices.IsSorted(got) {
		t.Errorf("Missing with an empty PATH: %v", got)
	}
}

func TestNeedRefusesUnlisted(t *testing.T) {
	if err := Need("sh"); err == nil || !strings.Contains(err.Error(), "list") {
		t.Errorf("Need of an unlisted command: %v", err)
	}
}
