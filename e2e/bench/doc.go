// Package bench measures whole programs on whole systems, side by side with their peers in the same run: `make bench`.
//
// What counts is time of the processor and memory, and how the programs compare: wall time says little on a shared machine.
package bench
