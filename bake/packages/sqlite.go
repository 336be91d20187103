package packages

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// sqlite reads tables of an SQLite database: what rpm's needs and no more. No indexes, no writing, no locks: the file must
// not be in use by a writer, or the result is an error. The format is that of https://www.sqlite.org/fileformat2.html;
// section numbers below are its.
type sqlite struct {
	file  io.ReaderAt
	page  int // size of a page in bytes
	used  int // of these, what is not reserved at their end
	pages uint32
	wal   map[uint32][]byte // pages that stand in the write-ahead log only
}

// maxRow bounds one row, in bytes. rpm's own limit for a header is 256 MiB; the largest in use have 10, and an audit must
// not take more memory than small instances have.
const maxRow = 24 << 20

var errDamaged = errors.New("the database is damaged")

// openSQLite reads the file header (1.3). Size is the file's length in bytes; log is the write-ahead log, or empty.
func openSQLite(file io.ReaderAt, size int64, log []byte) (*sqlite, error) {
	head := make([]byte, 100)
	if _, err := file.ReadAt(head, 0); err != nil {
		return nil, err
	}
	if string(head[:16]) != "SQLite format 3\x00" {
		return nil, errors.New("it is no SQLite database")
	}
	db := &sqlite{file: file, page: int(binary.BigEndian.Uint16(head[16:]))}
	if db.page == 1 {
		db.page = 65536
	}
	if db.page < 512 || db.page&(db.page-1) != 0 {
		return nil, fmt.Errorf("%w: pages of %d bytes", errDamaged, db.page)
	}
	db.used = db.page - int(head[20])
	db.pages = uint32(size / int64(db.page))
	db.replay(log)
	return db, nil
}

// rows calls each with the columns of every row of a table, as they are stored: text and blobs as []byte, integers as int64,
// NULL as nil.
func (db *sqlite) rows(table string, each func(columns []any) error) error {
	var root int64
	err := db.walk(1, 0, func(row []byte) error { // sqlite_schema (2.6): type, name, tbl_name, rootpage, sql
		columns, err := record(row)
		if err != nil {
			return err
		}
		if len(columns) < 4 {
			return errDamaged
		}
		kind, _ := columns[0].([]byte)
		name, _ := columns[1].([]byte)
		if string(kind) == "table" && string(name) == table {
			root, _ = columns[3].(int64)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if root <= 0 {
		return fmt.Errorf("it has no table %s", table)
	}
	return db.walk(uint32(root), 0, func(row []byte) error {
		columns, err := record(row)
		if err != nil {
			return err
		}
		return each(columns)
	})
}

// read returns a page; the first is 1.
func (db *sqlite) read(number uint32) ([]byte, error) {
	if p, ok := db.wal[number]; ok {
		return p, nil
	}
	if number == 0 || number > db.pages {
		return nil, fmt.Errorf("%w: page %d of %d", errDamaged, number, db.pages)
	}
	p := make([]byte, db.page)
	_, err := db.file.ReadAt(p, int64(number-1)*int64(db.page))
	return p, err
}

// walk calls each with the payload of every cell below a page of a table's b-tree (1.6), in order.
func (db *sqlite) walk(number uint32, depth int, each func(payload []byte) error) error {
	p, err := db.read(number)
	if err != nil {
		return err
	}
	head := 0
	if number == 1 {
		head = 100
	}
	if depth > 20 { // 20 levels hold more rows than any disk
		return fmt.Errorf("%w: a tree too deep", errDamaged)
	}
	kind := p[head]
	first := head + 8
	if kind == 0x05 {
		first = head + 12
	}
	cells := int(binary.BigEndian.Uint16(p[head+3:]))
	if kind != 0x05 && kind != 0x0d || first+2*cells > len(p) {
		return fmt.Errorf("%w: page %d is none of a table", errDamaged, number)
	}
	for i := range cells {
		at := int(binary.BigEndian.Uint16(p[first+2*i:]))
		if at+4 > db.used {
			return errDamaged
		}
		if kind == 0x05 {
			err = db.walk(binary.BigEndian.Uint32(p[at:]), depth+1, each)
		} else {
			var payload []byte
			if payload, err = db.payload(p[at:db.used]); err == nil {
				err = each(payload)
			}
		}
		if err != nil {
			return err
		}
	}
	if kind == 0x05 {
		return db.walk(binary.BigEndian.Uint32(p[head+8:]), depth+1, each)
	}
	return nil
}

// payload collects what a leaf cell holds: what does not fit the page goes on in a chain of others (1.6).
func (db *sqlite) payload(cell []byte) ([]byte, error) {
	size, n := varint(cell)
	_, m := varint(cell[n:]) // rowid
	if n == 0 || m == 0 || size > maxRow {
		return nil, errDamaged
	}
	cell = cell[n+m:]
	local := int(size)
	if most := db.used - 35; local > most {
		least := (db.used-12)*32/255 - 23
		if local = least + (int(size)-least)%(db.used-4); local > most {
			local = least
		}
	}
	if local > len(cell) || int(size) > local && local+4 > len(cell) {
		return nil, errDamaged
	}
	out := append(make([]byte, 0, size), cell[:local]...)
	if len(out) == int(size) {
		return out, nil
	}
	for next := binary.BigEndian.Uint32(cell[local:]); len(out) < int(size); {
		p, err := db.read(next)
		if err != nil {
			return nil, err
		}
		next = binary.BigEndian.Uint32(p)
		out = append(out, p[4:4+min(int(size)-len(out), db.used-4)]...)
	}
	return out, nil
}

// record splits a row into its columns (2.1).
func record(row []byte) ([]any, error) {
	size, n := varint(row)
	if n == 0 || size > uint64(len(row)) {
		return nil, errDamaged
	}
	types, body := row[n:size], row[size:]
	var columns []any
	for len(types) > 0 {
		serial, n := varint(types)
		if n == 0 {
			return nil, errDamaged
		}
		types = types[n:]
		width := 0
		switch {
		case serial <= 4:
			width = int(serial)
		case serial == 5:
			width = 6
		case serial == 6, serial == 7:
			width = 8
		case serial >= 12:
			width = int(min(serial-12, maxRow) / 2)
		}
		if width > len(body) {
			return nil, errDamaged
		}
		columns = append(columns, column(serial, body[:width]))
		body = body[width:]
	}
	return columns, nil
}

func column(serial uint64, raw []byte) any {
	switch {
	case serial >= 12:
		return raw
	case serial == 8, serial == 9:
		return int64(serial - 8)
	case serial >= 1 && serial <= 6:
		v := int64(int8(raw[0]))
		for _, b := range raw[1:] {
			v = v<<8 | int64(b)
		}
		return v
	}
	return nil // NULL; floating-point numbers, which rpm does not store
}

// varint reads an integer of one to nine bytes (1.6); n is how many, 0 when there are too few.
func varint(p []byte) (v uint64, n int) {
	for i := range min(9, len(p)) {
		if i == 8 {
			return v<<8 | uint64(p[i]), 9
		}
		v = v<<7 | uint64(p[i]&0x7f)
		if p[i] < 0x80 {
			return v, i + 1
		}
	}
	return 0, 0
}
