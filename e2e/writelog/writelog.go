// Package writelog reads what QEMU's blklogwrites recorded of a disk (the format of Linux' dm-log-writes): each write, in order, and
// each flush, behind which a disk may no longer lose what came before. With that a power cut can be tried at any moment of a boot
// that was run once, and with it what the loss of a machine's memory alone cannot show: a disk that had not yet written, or had
// written in another order, or only half, what nobody had asked it to flush.
package writelog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
)

// Log is a recording, up to the last entry that is whole.
type Log struct {
	file    *os.File
	sector  int64
	entries []entry
}

type entry struct {
	at, length int64 // on the disk, in bytes
	data       int64 // where in the file
	flags      uint64
}

// The flags of an entry.
const (
	flush   = 1
	fua     = 2 // durable by itself
	discard = 4
)

const magic = 0x6a736677736872

// Open reads the list of what was recorded. The file may still grow.
func Open(name string) (*Log, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("cannot read recorded writes: %w", err)
	}
	l := &Log{file: f}
	if err := l.read(); err != nil {
		f.Close()
		return nil, fmt.Errorf("cannot read recorded writes: %s: %w", name, err)
	}
	return l, nil
}

// Close closes the file.
func (l *Log) Close() error { return l.file.Close() }

func (l *Log) read() error {
	var head [32]byte
	if _, err := l.file.ReadAt(head[:], 0); err != nil {
		return err
	}
	word := func(b []byte, i int) uint64 { return binary.LittleEndian.Uint64(b[8*i:]) }
	l.sector = int64(binary.LittleEndian.Uint32(head[24:]))
	if word(head[:], 0) != magic || word(head[:], 1) != 1 || l.sector < 512 {
		return errors.New("no log of writes in version 1")
	}
	info, err := l.file.Stat()
	if err != nil {
		return err
	}
	for at := l.sector; at+l.sector <= info.Size(); {
		if _, err := l.file.ReadAt(head[:], at); err != nil {
			return err
		}
		e := entry{at: int64(word(head[:], 0)) * l.sector, length: int64(word(head[:], 1)) * l.sector, flags: word(head[:], 2), data: at + l.sector}
		at = e.data
		if e.flags&discard == 0 {
			at += e.length
		}
		if at > info.Size() {
			break // being written
		}
		l.entries = append(l.entries, e)
	}
	return nil
}

// Len is the number of entries.
func (l *Log) Len() int { return len(l.entries) }

// Flushes lists the entries between two that are flushes.
func (l *Log) Flushes(from, to int) []int {
	var list []int
	for i := from; i < to; i++ {
		if l.entries[i].flags&flush != 0 {
			list = append(list, i)
		}
	}
	return list
}

// Replay writes onto a disk what it held when the power was cut before an entry. Without luck, all that was written before is there;
// with it, of what was not flushed some is missing, and some is there in part: sectors are whole, what is longer need not be.
func (l *Log) Replay(disk io.WriterAt, before int, luck *rand.Rand) error {
	durable := 0
	for i, e := range l.entries[:before] {
		if e.flags&flush != 0 {
			durable = i
		}
	}
	for i, e := range l.entries[:before] {
		if e.flags&discard != 0 || e.length == 0 {
			continue
		}
		data := make([]byte, e.length)
		if _, err := l.file.ReadAt(data, e.data); err != nil {
			return fmt.Errorf("cannot read recorded writes: %w", err)
		}
		if luck == nil || i < durable || e.flags&fua != 0 {
			if _, err := disk.WriteAt(data, e.at); err != nil {
				return err
			}
			continue
		}
		switch luck.IntN(4) {
		case 0: // lost
			continue
		case 1: // torn
			data = data[:l.sector*luck.Int64N(e.length/l.sector+1)]
		}
		if _, err := disk.WriteAt(data, e.at); err != nil {
			return err
		}
	}
	return nil
}
