package qemu

import "testing"

// The table is QEMU 7.2's and 10.0's.
func TestForwardedTo22(t *testing.T) {
	const table = "Hub -1 (net0):\r\n  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ\r\n" +
		"  TCP[ESTABLISHED]  14       127.0.0.1 40001       10.0.2.15    22     0     0\r\n" +
		"  TCP[HOST_FORWARD]  3       127.0.0.1 32855       10.0.2.15    22     0     0\r\n"
	if got, err := forwardedTo22(table); err != nil || got != "127.0.0.1:32855" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := forwardedTo22("Hub -1 (net0):\r\n"); err == nil {
		t.Error("found a port in an empty table")
	}
}
