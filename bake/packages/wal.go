package packages

import "encoding/binary"

// replay takes the pages of transactions that were committed to a write-ahead log but not yet written back (section 4 of the
// format). rpm's database is in that mode; after an orderly close there is no log. What comes after the first frame that
// is not whole is left over from earlier uses of the file.
func (db *sqlite) replay(log []byte) {
	if len(log) < 32 || int(binary.BigEndian.Uint32(log[8:])) != db.page {
		return
	}
	var words binary.ByteOrder = binary.LittleEndian
	switch binary.BigEndian.Uint32(log) {
	case 0x377f0682:
	case 0x377f0683:
		words = binary.BigEndian
	default:
		return
	}
	salt := string(log[16:24])
	a, b := checksum(words, 0, 0, log[:24])
	if a != binary.BigEndian.Uint32(log[24:]) || b != binary.BigEndian.Uint32(log[28:]) {
		return
	}
	pending := map[uint32][]byte{}
	for frame := log[32:]; len(frame) >= 24+db.page; frame = frame[24+db.page:] {
		page := frame[24 : 24+db.page]
		a, b = checksum(words, a, b, frame[:8])
		a, b = checksum(words, a, b, page)
		if string(frame[8:16]) != salt || a != binary.BigEndian.Uint32(frame[16:]) || b != binary.BigEndian.Uint32(frame[20:]) {
			return
		}
		pending[binary.BigEndian.Uint32(frame)] = page
		if size := binary.BigEndian.Uint32(frame[4:]); size != 0 { // the last frame of a transaction
			if db.wal == nil {
				db.wal = map[uint32][]byte{}
			}
			for number, p := range pending {
				db.wal[number] = p
			}
			clear(pending)
			db.pages = size
		}
	}
}

// checksum is the log's own (4.2).
func checksum(words binary.ByteOrder, a, b uint32, data []byte) (uint32, uint32) {
	for ; len(data) >= 8; data = data[8:] {
		a += words.Uint32(data) + b
		b += words.Uint32(data[4:]) + a
	}
	return a, b
}
