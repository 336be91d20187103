package qemu

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"time"
)

// Accelerator returns kvm where it works, else tcg. That /dev/kvm can be opened
// is not enough: inside some virtual machines QEMU then aborts or hangs. So a
// machine without a disk is started, whose firmware reports itself on the debug
// port (0x402) within a fraction of a second.
func Accelerator(ctx context.Context) string {
	f, err := os.OpenFile("/dev/kvm", os.O_RDWR, 0)
	if err != nil {
		return "tcg"
	}
	f.Close()
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "qemu-system-x86_64", "-machine", "q35,accel=kvm", "-cpu", "max", "-nodefaults", "-no-user-config",
		"-display", "none", "-chardev", "stdio,id=debug", "-device", "isa-debugcon,iobase=0x402,chardev=debug")
	out := &firstWrite{seen: cancel}
	cmd.Stdout = out
	cmd.WaitDelay = time.Second
	cmd.Run() // always an error: killed, or aborted
	if out.text.Len() > 0 {
		return "kvm"
	}
	return "tcg"
}

// firstWrite calls seen at the first write.
type firstWrite struct {
	text bytes.Buffer
	seen func()
}

func (w *firstWrite) Write(p []byte) (int, error) {
	w.text.Write(p)
	w.seen()
	return len(p), nil
}

// CPU returns the processor model to use with an accelerator. The cmpxchg16b that
// QEMU 7.2 emulates (Debian 12) corrupts flags when more than one CPU runs: the
// allocator of Linux 6.12 uses it, and panics in most boots. Without the feature
// it takes a lock instead.
func CPU(accelerator string) string {
	if accelerator == "tcg" {
		return "max,-cx16"
	}
	return "max"
}
