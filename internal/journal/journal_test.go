package journal

import (
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// listen puts a journal of our own where the system's is, for this goroutine only: in a mount namespace of its thread.
func listen(t *testing.T) *net.UnixConn {
	t.Helper()
	runtime.LockOSThread() // never unlocked, so the thread ends with the test
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		t.Fatalf("cannot make a mount namespace: %v: run the tests as root", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_PRIVATE|unix.MS_REC, ""); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", "/run", "tmpfs", 0, ""); err != nil {
		t.Fatal(err)
	}
	const socket = "/run/systemd/journal/socket"
	if err := os.MkdirAll(filepath.Dir(socket), 0o755); err != nil {
		t.Fatal(err)
	}
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// receive reads one entry as the journal does (systemd.io/JOURNAL_NATIVE_PROTOCOL): NAME=value, or NAME, the length in eight bytes
// and the value where that has line ends.
func receive(t *testing.T, conn *net.UnixConn) map[string]string {
	t.Helper()
	data := make([]byte, 1<<16)
	n, err := conn.Read(data)
	if err != nil {
		t.Fatal(err)
	}
	entry, rest := map[string]string{}, string(data[:n])
	for rest != "" {
		line, after, _ := strings.Cut(rest, "\n")
		if name, value, simple := strings.Cut(line, "="); simple {
			entry[name], rest = value, after
			continue
		}
		size := binary.LittleEndian.Uint64([]byte(after[:8]))
		entry[line], rest = after[8:8+size], after[8+size+1:]
	}
	return entry
}

func TestSend(t *testing.T) {
	conn := listen(t)
	pid := strconv.Itoa(os.Getpid())
	for _, c := range []struct {
		entry Entry
		want  map[string]string
	}{
		{Entry{Message: "leaven: hello"}, map[string]string{"MESSAGE": "leaven: hello", "PRIORITY": "6"}},
		{
			Entry{ID: StepEnded, Level: Warning, Message: "hub: failed: it said\n_UID=0", Stage: "provision", Step: "hub", Result: "failed", Seconds: 1.25, Instance: "i-00000001"},
			map[string]string{"MESSAGE": "hub: failed: it said\n_UID=0", "PRIORITY": "4", "MESSAGE_ID": StepEnded, "LEAVEN_STAGE": "provision", "LEAVEN_STEP": "hub",
				"LEAVEN_RESULT": "failed", "LEAVEN_SECONDS": "1.25", "LEAVEN_INSTANCE": "i-00000001"},
		},
		{Entry{ID: Verdict, Level: Error, Message: "failed"}, map[string]string{"MESSAGE": "failed", "PRIORITY": "3", "MESSAGE_ID": Verdict}},
	} {
		c.want["SYSLOG_IDENTIFIER"], c.want["SYSLOG_PID"] = "leaven", pid
		if err := Send(c.entry); err != nil {
			t.Fatal(err)
		}
		got := receive(t, conn)
		delete(got, "OBJECT_SYSTEMD_UNIT") // whatever runs the tests
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("the journal got (-want +got):\n%s", diff)
		}
	}
}

func TestAvailable(t *testing.T) {
	conn := listen(t)
	var st unix.Stat_t
	if err := unix.Fstat(1, &st); err != nil {
		t.Fatal(err)
	}
	ours := fmt.Sprintf("%d:%d", st.Dev, st.Ino)
	for stream, want := range map[string]bool{ours: true, "": false, "1:2": false, "nonsense": false} {
		t.Setenv("JOURNAL_STREAM", stream)
		if got := Available(); got != want {
			t.Errorf("with JOURNAL_STREAM=%q, the journal is available: %v", stream, got)
		}
	}
	t.Setenv("JOURNAL_STREAM", ours)
	conn.Close() // removes the socket
	if Available() {
		t.Error("a journal whose socket is gone is available")
	}
	if err := Send(Entry{Message: "lost"}); err == nil {
		t.Error("what nobody received was sent without an error")
	}
}

func TestService(t *testing.T) {
	for cgroup, want := range map[string]string{
		"0::/system.slice/leaven-identity.service\n":       "leaven-identity.service",
		"0::/user.slice/user-1000.slice/session-3.scope\n": "",
		"0::/\n": "",
		"":       "",
		"12:pids:/system.slice/other.service\n1:name=systemd:/system.slice/leaven-firstboot.service\n0::/system.slice\n": "leaven-firstboot.service", // both versions, as on Amazon Linux 2
	} {
		if got := service(cgroup); got != want {
			t.Errorf("service(%q) is %q, want %q", cgroup, got, want)
		}
	}
}
