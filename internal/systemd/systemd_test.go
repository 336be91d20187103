package systemd

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestStatus(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	t.Setenv("NOTIFY_SOCKET", socket)
	if err := Status("two\nlines"); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 100)
	n, err := conn.Read(buf)
	if err != nil || string(buf[:n]) != "STATUS=two lines" {
		t.Errorf("systemd was told %q, %v", buf[:n], err)
	}
	conn.Close()
	if err := Status("x"); err == nil || !strings.Contains(err.Error(), "cannot tell systemd") {
		t.Errorf("error is %v", err)
	}
	t.Setenv("NOTIFY_SOCKET", "")
	if err := Status("x"); err != nil {
		t.Errorf("outside of a unit: %v", err)
	}
}

// TestPending uses a systemctl that prints what the real one (252) prints. The boots in e2e ask the real one.
func TestPending(t *testing.T) {
	for text, want := range map[string]bool{
		"ActiveState=inactive": false, "ActiveState=active": false, "ActiveState=failed": false,
		"ActiveState=activating\\nJob=42": true, "ActiveState=inactive\\nJob=42": true, "Job=7\\nActiveState=failed": true,
	} {
		bin := t.TempDir()
		script := "#!/bin/sh\n[ \"$*\" = 'show --property=ActiveState,Job a.service' ] || exit 9\nprintf '" + text + "\\n'\n"
		if err := os.WriteFile(filepath.Join(bin, "systemctl"), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
		t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
		if got, err := Pending(context.Background(), "a.service"); err != nil || got != want {
			t.Errorf("%q is %v, %v; want %v", text, got, err, want)
		}
	}
}
