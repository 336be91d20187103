package secrets

import (
	"archive/tar"
	"bufio"
	"bytes"
	"strconv"
)

// tar searches the members of a tar archive.
func (j *job) tar(br *bufio.Reader, p *place, where string, depth int) error {
	t := tar.NewReader(br)
	for {
		h, err := t.Next()
		if err != nil {
			return nil
		}
		if h.Typeflag != tar.TypeReg && h.Typeflag != tar.TypeGNUSparse {
			continue
		}
		if err := j.stream(&member{job: j, r: t}, h.Size, j.inside(p, tarData, h.Name), where+"!"+quote(h.Name), depth+1); err != nil {
			return err
		}
	}
}

// oldTar knows archives from before POSIX, which have no magic number, by the checksum of the first header.
func oldTar(head []byte) bool {
	if len(head) < headSize || head[0] == 0 {
		return false
	}
	want, err := strconv.ParseInt(string(bytes.Trim(head[148:156], " \x00")), 8, 32)
	if err != nil {
		return false
	}
	sum := int64(8 * ' ')
	for i, c := range head[:headSize] {
		if i < 148 || i >= 156 {
			sum += int64(c)
		}
	}
	return sum == want
}
