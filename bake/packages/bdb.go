package packages

import (
	"encoding/binary"
	"fmt"
	"io"
)

// Offsets and types of pages and items (dbinc/db_page.h and dbinc/hash.h of Berkeley DB 5.3).
const (
	bdbMagic    = 0x061561
	bdbHead     = 26 // of a page; then two bytes for each item say where it begins
	bdbUnsorted = 2
	bdbOverflow = 7
	bdbSorted   = 13
	bdbOnPage   = 1 // the item is here
	bdbOffPage  = 3 // it is in a chain of other pages
)

// bdb reads the hash tables of Berkeley DB, which rpm used up to RHEL 8: every item of every bucket, in no order. No index,
// no locks and no checksums of pages; rpm's databases have none.
type bdb struct {
	file  io.ReaderAt
	order binary.ByteOrder
	page  int // size in bytes
	pages uint32
}

// readBDB calls each with the headers of all packages.
func readBDB(file io.ReaderAt, size int64, each func(blob []byte) error) error {
	db, err := openBDB(file, size)
	if err != nil {
		return err
	}
	for number := uint32(1); number < db.pages; number++ {
		p, err := db.read(number)
		if err != nil {
			return err
		}
		if kind := p[25]; kind != bdbUnsorted && kind != bdbSorted {
			continue // an overflow page, whose owner leads to it, or one that is free
		}
		entries := int(db.order.Uint16(p[20:]))
		if bdbHead+2*entries > len(p) || entries%2 != 0 {
			return fmt.Errorf("%w: page %d has %d items", errDamaged, number, entries)
		}
		for i := 1; i < entries; i += 2 { // keys and what belongs to them take turns, from the page's end
			key, err := db.item(p, i-1)
			if err != nil {
				return err
			}
			blob, err := db.item(p, i)
			if err != nil {
				return err
			}
			if len(key) == 4 && db.order.Uint32(key) == 0 {
				continue // the number that the next package will get
			}
			if err := each(blob); err != nil {
				return err
			}
		}
	}
	return nil
}

func openBDB(file io.ReaderAt, size int64) (*bdb, error) {
	head := make([]byte, 72)
	if _, err := file.ReadAt(head, 0); err != nil {
		return nil, err
	}
	db := &bdb{file: file, order: binary.LittleEndian}
	if binary.BigEndian.Uint32(head[12:]) == bdbMagic {
		db.order = binary.BigEndian // the database keeps the byte order of the machine that made it
	}
	if db.order.Uint32(head[12:]) != bdbMagic {
		return nil, fmt.Errorf("it is no hash table of Berkeley DB")
	}
	db.page = int(db.order.Uint32(head[20:]))
	if db.page < 512 || db.page > 64<<10 || db.page&(db.page-1) != 0 || head[24] != 0 || head[26] != 0 {
		return nil, fmt.Errorf("%w: pages of %d bytes, encrypted or with checksums", errDamaged, db.page)
	}
	last := db.order.Uint32(head[32:])
	if int64(last) >= size/int64(db.page) {
		return nil, fmt.Errorf("%w: it is shorter than its %d pages", errDamaged, last)
	}
	db.pages = last + 1
	return db, nil
}

func (db *bdb) read(number uint32) ([]byte, error) {
	if number == 0 || number >= db.pages {
		return nil, fmt.Errorf("%w: page %d of %d", errDamaged, number, db.pages)
	}
	p := make([]byte, db.page)
	_, err := db.file.ReadAt(p, int64(number)*int64(db.page))
	return p, err
}

// item returns the content of a page's nth item. It ends where the one before begins.
func (db *bdb) item(p []byte, n int) ([]byte, error) {
	from, to := int(db.order.Uint16(p[bdbHead+2*n:])), len(p)
	if n > 0 {
		to = int(db.order.Uint16(p[bdbHead+2*n-2:]))
	}
	if from < bdbHead || from >= to || to > len(p) {
		return nil, fmt.Errorf("%w: an item outside its page", errDamaged)
	}
	switch body := p[from:to]; {
	case body[0] == bdbOnPage:
		return body[1:], nil
	case body[0] == bdbOffPage && len(body) >= 12:
		return db.chain(db.order.Uint32(body[4:]), int(db.order.Uint32(body[8:])))
	}
	return nil, fmt.Errorf("%w: an item of kind %d", errDamaged, p[from])
}

// chain collects an item of size bytes that begins on a page of its own.
func (db *bdb) chain(number uint32, size int) ([]byte, error) {
	if int64(size) > min(maxRow, int64(db.pages)*int64(db.page)) {
		return nil, fmt.Errorf("%w: an item of %d bytes", errDamaged, size)
	}
	out := make([]byte, 0, size)
	for len(out) < size {
		p, err := db.read(number)
		if err != nil {
			return nil, err
		}
		length := int(db.order.Uint16(p[22:]))
		if p[25] != bdbOverflow || length == 0 || bdbHead+length > len(p) || len(out)+length > size {
			return nil, fmt.Errorf("%w: page %d is none of a long item", errDamaged, number)
		}
		out = append(out, p[bdbHead:bdbHead+length]...)
		number = db.order.Uint32(p[16:])
	}
	return out, nil
}
