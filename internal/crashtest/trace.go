package crashtest

import (
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// ErrKilled says that the program was killed before the call that it was to be killed at.
var ErrKilled = errors.New("killed")

// Trace runs cmd to its end and returns the names of the calls with which it changed files, in order.
func Trace(cmd *exec.Cmd) ([]string, error) { return run(cmd, -1) }

// KillAt runs cmd and kills it before its n-th changing call, counted from 0. The error is ErrKilled, or nil when the program
// came to its end with fewer calls.
func KillAt(cmd *exec.Cmd, n int) error {
	_, err := run(cmd, n)
	return err
}

// sysgood marks the stops of system calls (PTRACE_O_TRACESYSGOOD).
const sysgood = syscall.SIGTRAP | 0x80

func run(cmd *exec.Cmd, killAt int) ([]string, error) {
	runtime.LockOSThread() // the kernel knows the tracer by its thread
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true, Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("cannot start the program under test: %w", err)
	}
	pid := cmd.Process.Pid
	defer cmd.Wait() // closes its pipes; the status was collected below
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(pid, &status, unix.WALL, nil); err != nil {
		return nil, fmt.Errorf("cannot wait for the program under test: %w", err)
	}
	if err := syscall.PtraceSetOptions(pid, unix.PTRACE_O_TRACECLONE|unix.PTRACE_O_TRACESYSGOOD|unix.PTRACE_O_EXITKILL); err != nil {
		return nil, fmt.Errorf("cannot trace the program under test: %w", err)
	}
	syscall.PtraceSyscall(pid, 0)
	var names []string
	inside := map[int]bool{} // threads that are between entry and exit of a call
	for {
		tid, err := syscall.Wait4(-pid, &status, unix.WALL, nil) // its process group: other tests have children too
		if err != nil {
			return names, fmt.Errorf("cannot wait for the program under test: %w", err)
		}
		forward := 0
		switch {
		case status.Exited() || status.Signaled():
			if tid == pid {
				return names, ended(status, killAt >= 0 && len(names) > killAt)
			}
			continue
		case !status.Stopped():
			continue
		case status.StopSignal() == sysgood:
			inside[tid] = !inside[tid]
			if !inside[tid] {
				break
			}
			if name := changing(tid); name != "" {
				names = append(names, name)
				if len(names) == killAt+1 {
					syscall.Kill(pid, syscall.SIGKILL)
				}
			}
		case status.StopSignal() != syscall.SIGTRAP && status.StopSignal() != syscall.SIGSTOP:
			forward = int(status.StopSignal()) // Go's own preemption signals among them
		}
		syscall.PtraceSyscall(tid, forward) // a thread that is gone by now is reported by Wait4
	}
}

func ended(status syscall.WaitStatus, killed bool) error {
	switch {
	case killed:
		return ErrKilled
	case status.Signaled():
		return fmt.Errorf("the program under test was ended by %v", status.Signal())
	case status.ExitStatus() != 0:
		return fmt.Errorf("the program under test ended with exit status %d", status.ExitStatus())
	}
	return nil
}

// changing returns the name of the call that the thread is about to make, or "" for one that changes nothing.
func changing(tid int) string {
	var regs syscall.PtraceRegs
	if err := syscall.PtraceGetRegs(tid, &regs); err != nil {
		return "" // killed meanwhile
	}
	number, flags := call(&regs)
	switch number {
	case unix.SYS_OPENAT:
		if flags&unix.O_CREAT != 0 {
			return "create"
		}
	case unix.SYS_MKDIRAT:
		return "mkdir"
	case unix.SYS_WRITE, unix.SYS_PWRITE64:
		return "write"
	case unix.SYS_FTRUNCATE:
		return "truncate"
	case unix.SYS_FCHMOD, unix.SYS_FCHMODAT:
		return "chmod"
	case unix.SYS_FCHOWN, unix.SYS_FCHOWNAT:
		return "chown"
	case unix.SYS_FSYNC, unix.SYS_FDATASYNC:
		return "fsync"
	case unix.SYS_RENAMEAT, unix.SYS_RENAMEAT2:
		return "rename"
	case unix.SYS_UNLINKAT:
		return "unlink"
	case unix.SYS_SYMLINKAT:
		return "symlink"
	}
	return ""
}
