package crashtest

import "syscall"

// call returns the number of the system call and its third argument, which are openat's flags.
func call(r *syscall.PtraceRegs) (number, flags uint64) { return r.Orig_rax, r.Rdx }
