package packages

import (
	"encoding/binary"
	"fmt"
	"io"
)

// readNDB calls each with the headers in rpm's own format "ndb", which SUSE uses. Layout, little-endian (lib/backend/ndb of
// rpm 4.18): a head of 32 bytes with the number of slot pages; slots of 16 bytes, "Slot", package number, first block,
// blocks; each blob in blocks of 16 bytes begins with "BlbS", package number, generation and length.
func readNDB(file io.ReaderAt, size int64, each func(blob []byte) error) error {
	const pageSize, slotSize, blockSize = 4096, 16, 16
	head := make([]byte, 32)
	if _, err := file.ReadAt(head, 0); err != nil {
		return err
	}
	if string(head[:4]) != "RpmP" {
		return fmt.Errorf("it is no ndb database")
	}
	pages := int64(binary.LittleEndian.Uint32(head[12:]))
	if pages < 1 || pages*pageSize > size {
		return fmt.Errorf("%w: %d pages of slots", errDamaged, pages)
	}
	slots := make([]byte, pages*pageSize)
	if _, err := file.ReadAt(slots, 0); err != nil {
		return err
	}
	for at := len(head); at+slotSize <= len(slots); at += slotSize {
		slot := slots[at : at+slotSize]
		if string(slot[:4]) != "Slot" {
			return fmt.Errorf("%w: no slot at byte %d", errDamaged, at)
		}
		number, block := binary.LittleEndian.Uint32(slot[4:]), int64(binary.LittleEndian.Uint32(slot[8:]))
		if block == 0 {
			continue // free
		}
		start := make([]byte, 16)
		if _, err := file.ReadAt(start, block*blockSize); err != nil {
			return err
		}
		length := int64(binary.LittleEndian.Uint32(start[12:]))
		if string(start[:4]) != "BlbS" || binary.LittleEndian.Uint32(start[4:]) != number || length > min(size, maxRow) {
			return fmt.Errorf("%w: package %d is not where its slot says", errDamaged, number)
		}
		blob := make([]byte, length)
		if _, err := file.ReadAt(blob, block*blockSize+16); err != nil {
			return err
		}
		if err := each(blob); err != nil {
			return err
		}
	}
	return nil
}
