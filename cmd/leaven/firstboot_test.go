package main

import (
	"io"
	"net"
	"path/filepath"
	"testing"

	"github.com/leaven-dev/leaven/internal/journal"
)

// TestWhatCommandsPrintIsNoStatus listens as systemd does: everybody may ask it for a unit's status, and what a user's command
// prints may be secret.
func TestWhatCommandsPrintIsNoStatus(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	t.Setenv("NOTIFY_SOCKET", socket)
	p := &program{stdout: io.Discard, stderr: io.Discard}
	p.log(journal.Entry{Message: "join: the token is 123", Step: "join", Output: true})
	p.log(journal.Entry{Message: "join: ok", Step: "join"})
	buf := make([]byte, 100)
	n, err := conn.Read(buf)
	if err != nil || string(buf[:n]) != "STATUS=join: ok" {
		t.Errorf("systemd was told %q, %v", buf[:n], err)
	}
}
