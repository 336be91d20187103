package volume

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// identifySize is how long the answer of NVMe's Identify is, in bytes.
const identifySize = 4096

// nvmeAdminCommand is struct nvme_admin_cmd of linux/nvme_ioctl.h.
type nvmeAdminCommand struct {
	opcode, flags              uint8
	reserved                   uint16
	namespace                  uint32
	cdw2, cdw3                 uint32
	metadata, address          uint64
	metadataLength, dataLength uint32
	cdw10, cdw11, cdw12, cdw13 uint32
	cdw14, cdw15               uint32
	timeout, result            uint32
}

// nvmeIoctlAdmin is NVME_IOCTL_ADMIN_CMD: _IOWR('N', 0x41, struct nvme_admin_cmd), 72 bytes.
const nvmeIoctlAdmin = 3<<30 | 72<<16 | 'N'<<8 | 0x41

// identify asks an NVMe disk who it is: Identify, opcode 6, of the controller, CNS 1 (NVM Express base specification, 5.17).
func identify(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	answer := make([]byte, identifySize)
	var pin runtime.Pinner
	pin.Pin(&answer[0])
	defer pin.Unpin()
	c := nvmeAdminCommand{opcode: 6, cdw10: 1, address: uint64(uintptr(unsafe.Pointer(&answer[0]))), dataLength: identifySize, timeout: 5000}
	conn, err := f.SyscallConn()
	if err != nil {
		return nil, err
	}
	var status uintptr
	var errno unix.Errno
	err = conn.Control(func(fd uintptr) {
		status, _, errno = unix.Syscall(unix.SYS_IOCTL, fd, nvmeIoctlAdmin, uintptr(unsafe.Pointer(&c)))
	})
	switch {
	case err != nil:
		return nil, err
	case errno != 0:
		return nil, fmt.Errorf("cannot identify %s: %w", path, errno)
	case status != 0:
		return nil, fmt.Errorf("cannot identify %s: NVMe status %#x", path, status)
	}
	return answer, nil
}

// amazon is the vendor id of EBS volumes and of EC2's instance store disks.
const amazon = 0x1d0f

// mapped is the name under which EC2 attached an NVMe disk, without /dev/: "sdf". It stands in the vendor's part of the answer,
// which begins at byte 3072: 32 bytes, filled up with spaces or zeros (as amazon-ec2-utils' ebsnvme-id reads it). An instance
// store disk has "ephemeral0:sdb" there. "" where there is none, as with other vendors.
func mapped(answer []byte) string {
	const vendorPart, length = 3072, 32
	if len(answer) < vendorPart+length || binary.LittleEndian.Uint16(answer) != amazon {
		return ""
	}
	field, _, _ := bytes.Cut(answer[vendorPart:vendorPart+length], []byte{0})
	name := strings.TrimSpace(string(field))
	if _, after, found := strings.Cut(name, ":"); found {
		name = after
	}
	name = strings.TrimPrefix(name, "/dev/")
	if name == "none" || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' || r == '/' }) {
		return ""
	}
	return name
}

// attachedAs asks an NVMe disk for the name under which EC2 attached it. The answer must be from the disk that sysfs tells of.
func (h *Host) attachedAs(d device) (string, error) {
	answer, err := h.identify(d.path())
	if err != nil {
		return "", err
	}
	if serial := strings.Trim(string(answer[4:24]), " \x00"); serial != d.serial {
		return "", fmt.Errorf("it says that its serial number is %q, and the kernel that it is %q", serial, d.serial)
	}
	return mapped(answer), nil
}
