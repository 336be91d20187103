package secrets

import (
	"bufio"
	"encoding/binary"
	"io"
)

// rpm searches a package of rpm: behind the lead and two headers, of which the scripts are a part, lies a compressed cpio
// archive ("Package format" in rpm's documentation).
func (j *job) rpm(br *bufio.Reader, p *place, where string, depth int) error {
	if _, err := br.Discard(96); err != nil {
		return nil
	}
	for signature := true; ; signature = false {
		head, err := br.Peek(16)
		if err != nil || binary.BigEndian.Uint32(head) != 0x8eade801 {
			return nil
		}
		size := 16*int64(binary.BigEndian.Uint32(head[8:])) + int64(binary.BigEndian.Uint32(head[12:]))
		br.Discard(16)
		if signature {
			size += -size & 7
		}
		if err := j.raw(&member{job: j, r: io.LimitReader(br, size)}, size, p, where+"!header", depth+1); err != nil {
			return err
		}
		if !signature {
			return j.stream(&member{job: j, r: br}, -1, p, where+"!payload", depth+1)
		}
	}
}
