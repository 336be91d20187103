package crashtest

import "fmt"

// Unsynced looks for a rename that a power cut could tear from its content: in a trace, what comes right before a rename must
// be the fsync of the file, and right after it that of the folder. It is for programs that write one file after the other.
func Unsynced(names []string) error {
	for i, name := range names {
		if name != "rename" {
			continue
		}
		if i == 0 || names[i-1] != "fsync" || i+1 == len(names) || names[i+1] != "fsync" {
			return fmt.Errorf("call %d, a rename, is not between two fsyncs: %v", i, names[max(0, i-4):min(len(names), i+3)])
		}
	}
	return nil
}
