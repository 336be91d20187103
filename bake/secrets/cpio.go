package secrets

import (
	"bufio"
	"io"
	"strconv"
)

// cpio searches the members of a cpio archive in the "new" format, of which initial RAM disks and RPM payloads are made
// (cpio(5)): a header of hexadecimal digits, the name, the data, each padded to four bytes.
func (j *job) cpio(br *bufio.Reader, p *place, where string, depth int) error {
	for {
		head, err := br.Peek(110)
		if err != nil || sniff(head) != cpioData {
			return nil
		}
		mode, ok1 := hexField(head[14:22])
		size, ok2 := hexField(head[54:62])
		length, ok3 := hexField(head[94:102])
		if !ok1 || !ok2 || !ok3 || length == 0 || length > 4096 {
			return nil
		}
		br.Discard(110)
		name := make([]byte, length)
		if _, err := io.ReadFull(br, name); err != nil {
			return nil
		}
		name = name[:length-1]
		br.Discard(int(-(110 + length)) & 3)
		if string(name) == "TRAILER!!!" {
			return nil
		}
		data := io.LimitReader(br, size)
		if mode&0o170000 == 0o100000 {
			if err := j.stream(&member{job: j, r: data}, size, j.inside(p, cpioData, string(name)), where+"!"+quote(string(name)), depth+1); err != nil {
				return err
			}
		}
		if _, err := io.Copy(io.Discard, data); err != nil {
			return nil
		}
		br.Discard(int(-size) & 3)
	}
}

func hexField(b []byte) (int64, bool) {
	n, err := strconv.ParseUint(string(b), 16, 32)
	return int64(n), err == nil
}
