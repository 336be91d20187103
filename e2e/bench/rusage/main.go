// Command rusage runs another command, and writes into a file what it cost: the most memory that it or anything it waited for
// had resident, in KiB, and its time of the processor, in microseconds. It ends with the command's exit status.
//
//	rusage FILE COMMAND [ARGUMENT]...
//
// It is a program of its own because Linux counts the memory of who started a process as the process's own until it executes
// something else (getrusage(2), ru_maxrss; exec_mmap in the kernel's fs/exec.c): seen from a big test program, all programs look
// big. So nothing below some 4 MB can be told with it.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

func main() {
	status, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "rusage:", err)
	}
	os.Exit(status)
}

func run(args []string) (status int, err error) {
	if len(args) < 2 {
		return 125, errors.New("cannot tell what to run: write rusage FILE COMMAND, and its arguments")
	}
	cmd := exec.Command(args[1], args[2:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Run(); cmd.ProcessState == nil {
		return 125, fmt.Errorf("cannot run %s: %w", args[1], err)
	}
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &u); err != nil {
		return 125, fmt.Errorf("cannot tell what %s cost: %w", args[1], err)
	}
	text := fmt.Sprintln(u.Maxrss, (u.Utime.Nano()+u.Stime.Nano())/1000)
	if err := os.WriteFile(args[0], []byte(text), 0o644); err != nil {
		return 125, fmt.Errorf("cannot write down what %s cost: %w", args[1], err)
	}
	return max(cmd.ProcessState.ExitCode(), -1) & 0xff, nil // a signal is 255
}
