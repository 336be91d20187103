package secrets

import (
	"bytes"
	"encoding/binary"
	"io"
	"strings"
)

// heldDatabase bounds the databases inside archives that are held in memory, in bytes. Larger ones are searched as they
// lie, which misses values that are split over pages.
const heldDatabase = 16 << 20

// sqlite searches the rows of an SQLite 3 database as "column = value" (sqlite.org/fileformat2.html), and then the file
// as it lies, which finds rows that were deleted. Values that are split over overflow pages are put together.
func (j *job) sqlite(r io.Reader, size int64, p *place, where string, depth int) error {
	if at, ok := j.file.(io.ReaderAt); ok && depth == 0 {
		newDatabase(j, at, p, where, depth).search()
		return j.raw(r, size, p, where, depth)
	}
	most := int64(heldDatabase)
	if size >= 0 {
		most = min(most, size)
	}
	_, giveBack, ok := j.hold(most)
	if !ok {
		return j.raw(r, size, p, where, depth)
	}
	defer giveBack()
	held, r := peek(r, int(most))
	newDatabase(j, bytes.NewReader(held), p, where, depth).search()
	return j.raw(r, size, p, where, depth)
}

type database struct {
	job      *job
	r        io.ReaderAt
	place    *place
	where    string
	depth    int
	pageSize int
	usable   int // of a page
	wide     bool
	big      bool
	visits   int // pages that may still be read: a damaged file may hold loops
}

func newDatabase(j *job, r io.ReaderAt, p *place, where string, depth int) *database {
	var head [100]byte
	if _, err := r.ReadAt(head[:], 0); err != nil {
		return nil
	}
	d := &database{job: j, r: r, place: p, where: where, depth: depth}
	d.pageSize = int(binary.BigEndian.Uint16(head[16:]))
	if d.pageSize == 1 {
		d.pageSize = 1 << 16
	}
	d.usable = d.pageSize - int(head[20])
	d.wide, d.big = head[59] >= 2, head[59] == 3
	if d.pageSize < 512 || d.pageSize&(d.pageSize-1) != 0 || d.usable < 480 {
		return nil
	}
	d.visits = int(min(1<<20, j.s.options.MaxExpand/int64(d.pageSize)))
	return d
}

// search goes through the tables that the schema, the table on page 1, lists: type, name, table's name, root page, SQL.
func (d *database) search() {
	if d == nil {
		return
	}
	type table struct {
		name    string
		root    int
		columns []string
	}
	tables := []table{{name: "sqlite_schema", root: 1, columns: []string{"type", "name", "tbl_name", "rootpage", "sql"}}}
	d.walk(1, 0, func(_ int64, row []field) {
		if len(row) >= 5 && string(row[0].text) == "table" && row[3].number > 0 {
			tables = append(tables, table{string(row[1].text), int(row[3].number), columnNames(string(row[4].text))})
		}
	})
	for _, t := range tables {
		rows := &feed{job: d.job, place: d.place, where: d.where + "!" + quote(t.name), depth: d.depth + 1, sniffed: true, fixed: &spot{}}
		d.walk(t.root, 0, func(_ int64, row []field) {
			for i, v := range row {
				if len(v.text) == 0 || d.job.spend(len(v.text)) != nil {
					continue
				}
				name := "column"
				if i < len(t.columns) {
					name = t.columns[i]
				}
				rows.write([]byte(name))
				rows.write([]byte(" = "))
				rows.write(v.text)
				rows.write([]byte("\n"))
				if k := sniff(v.text); k != rawData && k != foreignData && d.depth+1 < maxDepth {
					d.job.note(d.job.open(k, bytes.NewReader(v.text), int64(len(v.text)), d.place, d.where+"!"+quote(t.name)+"."+quote(name), d.depth+1))
				}
				// Tables of settings hold the names in one column and the values in the next.
				if i+1 < len(row) && len(v.text) <= maxName && len(row[i+1].text) > 0 && len(row[i+1].text) <= maxValue && isName(v.text) {
					rows.write(v.text)
					rows.write([]byte(" = "))
					rows.write(row[i+1].text)
					rows.write([]byte("\n"))
				}
			}
			rows.write([]byte("\x00\n")) // nothing is read across rows
		})
		rows.advance(true)
	}
}

func isName(text []byte) bool {
	for _, c := range text {
		if !nameByte(c) {
			return false
		}
	}
	return true
}

// A field is a column's value: text and blobs as bytes, integers as such, other numbers as nothing.
type field struct {
	text   []byte
	number int64
}

// walk calls each for the rows of the table whose tree has its root on the page.
func (d *database) walk(number, level int, each func(rowid int64, row []field)) {
	if d.visits--; d.visits < 0 || level > 20 || number < 1 || d.job.late() != nil {
		return
	}
	page := d.page(number)
	if page == nil {
		return
	}
	at := 0
	if number == 1 {
		at = 100
	}
	kind := page[at]
	cells := int(binary.BigEndian.Uint16(page[at+3:]))
	pointers := at + 8
	if kind == 5 || kind == 2 {
		pointers = at + 12
	}
	for i := range cells {
		if pointers+2*i+2 > len(page) {
			return
		}
		cell := int(binary.BigEndian.Uint16(page[pointers+2*i:]))
		if cell+4 > len(page) {
			continue
		}
		switch kind {
		case 13: // leaf of a table: payload's length, row id, payload
			length, n := varint(page[cell:])
			rowid, m := varint(page[min(len(page), cell+n):])
			d.row(page, cell+n+m, length, d.usable-35, func(row []field) { each(rowid, row) })
		case 5: // inner page of a table: child
			d.walk(int(binary.BigEndian.Uint32(page[cell:])), level+1, each)
		case 10, 2: // index, which tables WITHOUT ROWID are kept as
			if kind == 2 {
				d.walk(int(binary.BigEndian.Uint32(page[cell:])), level+1, each)
				cell += 4
			}
			length, n := varint(page[cell:])
			d.row(page, cell+n, length, (d.usable-12)*64/255-23, func(row []field) { each(0, row) })
		}
	}
	if kind == 5 || kind == 2 {
		d.walk(int(binary.BigEndian.Uint32(page[at+8:])), level+1, each)
	}
}

func (d *database) page(number int) []byte {
	page := make([]byte, d.pageSize)
	if n, _ := d.r.ReadAt(page, int64(number-1)*int64(d.pageSize)); n < d.usable {
		return nil
	}
	return page[:d.usable]
}

// row puts a payload together and cuts it into its fields. most is how much of it may lie in the page itself.
func (d *database) row(page []byte, at int, length int64, most int, each func([]field)) {
	if length <= 0 || length > formatLimit || at > len(page) {
		return
	}
	local := int(length)
	if local > most {
		least := (d.usable-12)*32/255 - 23
		local = least + (int(length)-least)%(d.usable-4)
		if local > most {
			local = least
		}
	}
	if at+local > len(page) {
		return
	}
	payload := append([]byte(nil), page[at:at+local]...)
	if int64(local) < length && at+local+4 <= len(page) {
		next := int(binary.BigEndian.Uint32(page[at+local:]))
		for next > 0 && int64(len(payload)) < length && d.visits > 0 {
			d.visits--
			over := d.page(next)
			if over == nil {
				break
			}
			payload = append(payload, over[4:4+min(int(length)-len(payload), len(over)-4)]...)
			next = int(binary.BigEndian.Uint32(over))
		}
	}
	each(d.fields(payload))
}

// fields reads a record: the header's length, a type for each column, the values.
func (d *database) fields(payload []byte) (row []field) {
	header, n := varint(payload)
	if header > int64(len(payload)) {
		return nil
	}
	at := int(header)
	for n < int(header) {
		t, m := varint(payload[n:])
		if m == 0 {
			return row
		}
		n += m
		size := 0
		switch {
		case t >= 12:
			size = int(min(t-12, formatLimit*2) / 2)
		case t == 7 || t == 6:
			size = 8
		case t == 5:
			size = 6
		case t >= 1 && t <= 4:
			size = int(t)
		}
		if at+size > len(payload) {
			size = len(payload) - at
		}
		v := payload[at : at+size]
		at += size
		switch {
		case t >= 13 && t&1 == 1 && d.wide:
			row = append(row, field{text: narrowPairs(v, d.big)})
		case t >= 12:
			row = append(row, field{text: v})
		case t <= 6 && t > 0:
			number := int64(0)
			for _, c := range v {
				number = number<<8 | int64(c)
			}
			row = append(row, field{number: number})
		case t == 9:
			row = append(row, field{number: 1})
		default:
			row = append(row, field{})
		}
	}
	return row
}

// varint is big endian with seven bits a byte, and eight in the ninth.
func varint(b []byte) (v int64, n int) {
	for n < len(b) && n < 9 {
		c := b[n]
		n++
		if n == 9 {
			return v<<8 | int64(c), n
		}
		v = v<<7 | int64(c&0x7f)
		if c < 0x80 {
			return v, n
		}
	}
	return v, n
}

// columnNames reads the names from CREATE TABLE: the first word of each part between commas.
func columnNames(sql string) (names []string) {
	open := strings.IndexByte(sql, '(')
	if open < 0 {
		return nil
	}
	depth, part := 0, ""
	for _, c := range sql[open+1:] + "," {
		switch c {
		case '(':
			depth++
		case ')':
			depth--
		}
		if c != ',' && depth >= 0 || depth > 0 {
			part += string(c)
			continue
		}
		if words := strings.Fields(part); len(words) > 0 {
			names = append(names, strings.Trim(words[0], "\"`[]'"))
		}
		if depth < 0 {
			break
		}
		part = ""
	}
	return names
}
