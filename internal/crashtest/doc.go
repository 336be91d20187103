// Package crashtest kills a program at every moment that matters: before each system call with which it changes a file.
//
// It is for tests of programs that promise to finish after a crash what they had begun. The program under test needs no seam:
// it runs under ptrace(2) as it is. What the kernel was told before the kill stays in the page cache, so this shows that the
// order of the changes is right, not that they were synced; [Trace] and [Unsynced] look at that, and a hard power-off of a
// virtual machine tries it.
//
// Linux on amd64 and arm64. Not for programs that fork.
package crashtest
