package secrets

import (
	"bufio"
	"bytes"
	"io"
	"strconv"
	"strings"
)

// ar searches the members of an ar archive: static libraries and Debian packages (ar(5), deb(5)). Long names are left as
// the numbers that they are written as, except BSD's, which stand in front of the data.
func (j *job) ar(br *bufio.Reader, p *place, where string, depth int) error {
	br.Discard(8)
	for {
		head, err := br.Peek(60)
		if err != nil || head[58] != '`' || head[59] != '\n' {
			return nil
		}
		name := strings.TrimRight(string(head[:16]), " /")
		size, err := strconv.ParseInt(string(bytes.TrimSpace(head[48:58])), 10, 64)
		if err != nil || size < 0 {
			return nil
		}
		br.Discard(60)
		data := io.LimitReader(br, size)
		if n, err := strconv.Atoi(strings.TrimPrefix(name, "#1/")); strings.HasPrefix(name, "#1/") && err == nil && n > 0 && n < 4096 {
			long := make([]byte, n)
			if _, err := io.ReadFull(data, long); err != nil {
				return nil
			}
			name = strings.TrimRight(string(long), "\x00")
		}
		if err := j.stream(&member{job: j, r: data}, -1, j.inside(p, arData, name), where+"!"+quote(name), depth+1); err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, data); err != nil {
			return nil
		}
		if size&1 == 1 {
			br.Discard(1)
		}
	}
}
