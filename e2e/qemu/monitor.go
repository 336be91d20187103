package qemu

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// monitor speaks QMP, one JSON object per line; see QEMU's "QMP protocol
// specification".
type monitor struct {
	conn net.Conn
	in   *bufio.Scanner
}

func dialMonitor(socket string) (*monitor, error) {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return nil, fmt.Errorf("cannot reach QEMU's monitor: %w", err)
	}
	m := &monitor{conn: conn, in: bufio.NewScanner(conn)}
	if _, err := m.execute("qmp_capabilities", nil); err != nil { // leaves the greeting mode
		conn.Close()
		return nil, err
	}
	return m, nil
}

func (m *monitor) Close() error { return m.conn.Close() }

// execute sends a command and returns what it returned; events that come in
// between are passed over.
func (m *monitor) execute(command string, arguments any) (json.RawMessage, error) {
	m.conn.SetDeadline(time.Now().Add(10 * time.Second))
	request := map[string]any{"execute": command}
	if arguments != nil {
		request["arguments"] = arguments
	}
	if err := json.NewEncoder(m.conn).Encode(request); err != nil {
		return nil, fmt.Errorf("cannot send %s to QEMU's monitor: %w", command, err)
	}
	for m.in.Scan() {
		var reply struct {
			Return json.RawMessage
			Error  *struct{ Desc string }
		}
		if err := json.Unmarshal(m.in.Bytes(), &reply); err != nil {
			return nil, fmt.Errorf("cannot read the answer of QEMU's monitor: %w", err)
		}
		switch {
		case reply.Error != nil:
			return nil, fmt.Errorf("QEMU's monitor refuses %s: %s", command, reply.Error.Desc)
		case reply.Return != nil:
			return reply.Return, nil
		}
	}
	return nil, errors.Join(fmt.Errorf("QEMU's monitor gave no answer to %s", command), m.in.Err())
}

func (m *monitor) powerdown() error {
	_, err := m.execute("system_powerdown", nil)
	return err
}

// forwarded returns the address on this machine that QEMU forwards to port 22.
func (m *monitor) forwarded() (string, error) {
	raw, err := m.execute("human-monitor-command", map[string]string{"command-line": "info usernet"})
	if err != nil {
		return "", err
	}
	var table string
	if err := json.Unmarshal(raw, &table); err != nil {
		return "", fmt.Errorf("cannot read QEMU's table of forwarded ports: %w", err)
	}
	return forwardedTo22(table)
}

// forwardedTo22 finds "TCP[HOST_FORWARD] FD SOURCE PORT DESTINATION 22 …".
func forwardedTo22(table string) (string, error) {
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		if len(f) >= 6 && f[0] == "TCP[HOST_FORWARD]" && f[5] == "22" {
			return net.JoinHostPort(f[2], f[3]), nil
		}
	}
	return "", fmt.Errorf("cannot find the forwarded SSH port in QEMU's table:\n%s", table)
}
