package sweep

import (
	"errors"
	"io"
	"syscall"

	"golang.org/x/sys/unix"
)

// Bounds on holes, in bytes. Holes are read as the zeros that they stand for until that has cost maxZeros; after that a hole
// counts as shortHole zeros, so that a sparse file of a terabyte is read in no time.
const (
	maxZeros  = 256 << 20
	shortHole = 64 << 10
)

// Content reads what the file holds, up to the length that it had when it was found: a log that grows is not followed.
func (f File) Content() io.Reader {
	size := f.Info.Size()
	st, ok := f.Info.Sys().(*syscall.Stat_t)
	if !ok || st.Blocks*512 > size-maxZeros {
		return io.LimitReader(f.File, size)
	}
	return &sparse{file: f, size: size, spare: maxZeros}
}

// sparse reads a file that has long holes.
type sparse struct {
	file  File
	size  int64
	at    int64
	data  int64 // end of the data that at lies in
	zeros int64 // still to give for the hole before at
	spare int64 // of maxZeros
}

func (s *sparse) Read(p []byte) (int, error) {
	for s.zeros == 0 && s.at >= s.data {
		if err := s.next(); err != nil {
			return 0, err
		}
	}
	if s.zeros > 0 {
		n := int(min(int64(len(p)), s.zeros))
		clear(p[:n])
		s.zeros -= int64(n)
		return n, nil
	}
	n, err := s.file.ReadAt(p[:min(int64(len(p)), s.data-s.at)], s.at)
	s.at += int64(n)
	if n > 0 {
		err = nil
	}
	return n, err
}

// next goes to the next run of data (lseek(2), SEEK_DATA and SEEK_HOLE).
func (s *sparse) next() error {
	if s.at >= s.size {
		return io.EOF
	}
	fd := int(s.file.Fd())
	from, err := unix.Seek(fd, s.at, unix.SEEK_DATA)
	if errors.Is(err, unix.ENXIO) { // nothing but a hole until the end
		from, err = s.size, nil
	}
	if err != nil {
		return err
	}
	from = min(from, s.size)
	s.data = s.size
	if from < s.size {
		if s.data, err = unix.Seek(fd, from, unix.SEEK_HOLE); err != nil {
			return err
		}
		s.data = min(s.data, s.size)
	}
	s.zeros = from - s.at
	if s.zeros > s.spare {
		s.zeros = min(s.zeros, shortHole)
	}
	s.spare -= s.zeros
	s.at = from
	return nil
}
