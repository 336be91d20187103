package qemu

import (
	"encoding/json"
	"fmt"
)

// DiskReads returns what the machine has read from its disk since it was switched on. As its memory was empty then, that is
// what a volume has to deliver which is filled only when it is read.
func (vm *VM) DiskReads() (bytes, requests int64, err error) {
	raw, err := vm.monitor.execute("query-blockstats", nil)
	if err != nil {
		return 0, 0, err
	}
	var devices []struct {
		Stats struct {
			Bytes    int64 `json:"rd_bytes"`
			Requests int64 `json:"rd_operations"`
		}
	}
	if err := json.Unmarshal(raw, &devices); err != nil {
		return 0, 0, fmt.Errorf("cannot read QEMU's figures of its disks: %w", err)
	}
	for _, d := range devices {
		bytes, requests = bytes+d.Stats.Bytes, requests+d.Stats.Requests
	}
	return bytes, requests, nil
}
