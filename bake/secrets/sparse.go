package secrets

import (
	"io"
	"os"
)

// A part is data in a sparse file: bytes from its start up to its end.
type part struct{ from, to int64 }

// sparseFrom is the size in bytes from which a file is asked for holes.
const sparseFrom = 8 << 20

// lseek(2): SEEK_DATA and SEEK_HOLE of Linux
const (
	seekData = 3
	seekHole = 4
)

// dataParts asks the file system where the data is; nil when all of the file is, or it cannot tell. Reading through a hole
// of a terabyte takes minutes, and finds nothing.
func dataParts(f *os.File, size int64) []part {
	if size < sparseFrom {
		return nil
	}
	start, err := f.Seek(0, io.SeekCurrent)
	if err != nil || start != 0 {
		return nil
	}
	defer f.Seek(0, io.SeekStart)
	var parts []part
	for at := int64(0); at < size; {
		from, err := f.Seek(at, seekData)
		if err != nil { // ENXIO: nothing but a hole is left
			break
		}
		to, err := f.Seek(from, seekHole)
		if err != nil {
			return nil
		}
		parts = append(parts, part{from, to})
		at = to
	}
	if len(parts) == 1 && parts[0].from == 0 && parts[0].to >= size {
		return nil
	}
	return append(parts, part{size, size})
}

// readParts searches the data of a sparse file.
func (j *job) readParts(f *feed) error {
	file := j.file.(*os.File)
	at := int64(0)
	for _, p := range j.parts {
		if p.from == p.to {
			continue
		}
		if _, err := file.Seek(p.from, io.SeekStart); err != nil {
			return err
		}
		f.skip(p.from - at)
		if err := f.readAll(io.LimitReader(file, p.to-p.from)); err != nil {
			return err
		}
		at = p.to
	}
	return nil
}
