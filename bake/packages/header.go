package packages

import (
	"bytes"
	"crypto"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"path"
)

// Tags of rpm's headers (rpmtag.h of rpm 4.18; "Package format" in rpm's documentation).
const (
	tagName       = 1000
	tagVersion    = 1001
	tagRelease    = 1002
	tagEpoch      = 1003
	tagArch       = 1022
	tagFileStates = 1029
	tagDigests    = 1035
	tagFileFlags  = 1037
	tagDirIndexes = 1116
	tagBaseNames  = 1117
	tagDirNames   = 1118
	tagDigestAlgo = 5011
)

const flagGhost = 1 << 6 // not in the package; made later

// header is what rpm keeps of an installed package.
type header struct {
	entries map[uint32]entry
	store   []byte
}

type entry struct{ kind, offset, count uint32 }

// parseHeader reads the index: two lengths, then tag, type, offset and count of each entry, all big-endian, then the data.
func parseHeader(blob []byte) (*header, error) {
	if len(blob) < 8 {
		return nil, errDamaged
	}
	count, size := binary.BigEndian.Uint32(blob), binary.BigEndian.Uint32(blob[4:])
	if uint64(len(blob)) < 8+16*uint64(count)+uint64(size) {
		return nil, fmt.Errorf("%w: a header shorter than it says", errDamaged)
	}
	h := &header{entries: map[uint32]entry{}, store: blob[8+16*count:]}
	for i := range count {
		e := blob[8+16*i:]
		h.entries[binary.BigEndian.Uint32(e)] = entry{
			kind: binary.BigEndian.Uint32(e[4:]), offset: binary.BigEndian.Uint32(e[8:]), count: binary.BigEndian.Uint32(e[12:]),
		}
	}
	return h, nil
}

// text returns the strings of a tag: types 6 (one), 8 (many) and 9 (translated).
func (h *header) text(tag uint32) []string {
	e, ok := h.entries[tag]
	if !ok || e.kind != 6 && e.kind != 8 && e.kind != 9 || uint64(e.offset) > uint64(len(h.store)) {
		return nil
	}
	var out []string
	rest := h.store[e.offset:]
	for range e.count {
		end := bytes.IndexByte(rest, 0)
		if end < 0 {
			return nil
		}
		out = append(out, string(rest[:end]))
		rest = rest[end+1:]
	}
	return out
}

// numbers returns the integers of a tag: types 2 (8 bits), 3 (16) and 4 (32).
func (h *header) numbers(tag uint32) []uint32 {
	e, ok := h.entries[tag]
	if !ok || e.kind < 2 || e.kind > 4 {
		return nil
	}
	width := uint64(1) << (e.kind - 2)
	if uint64(e.offset)+width*uint64(e.count) > uint64(len(h.store)) {
		return nil
	}
	out := make([]uint32, 0, e.count)
	for at := uint64(e.offset); len(out) < int(e.count); at += width {
		v := uint32(0)
		for _, b := range h.store[at : at+width] {
			v = v<<8 | uint32(b)
		}
		out = append(out, v)
	}
	return out
}

// algorithms are rpm's numbers for hashes, which are OpenPGP's (RFC 9580, 9.5).
func algorithm(n uint32) crypto.Hash {
	switch n {
	case 1:
		return crypto.MD5
	case 8:
		return crypto.SHA256
	case 9:
		return crypto.SHA384
	case 10:
		return crypto.SHA512
	}
	return 0
}

// pkg is what the header says of the package and of those of its files that have content and are installed.
func (h *header) pkg(where *folders) (Package, []claim, error) {
	first := func(tag uint32) string {
		if t := h.text(tag); len(t) > 0 {
			return t[0]
		}
		return ""
	}
	p := Package{Manager: "rpm", Name: first(tagName), Version: first(tagVersion) + "-" + first(tagRelease)}
	if p.Name == "" {
		return p, nil, fmt.Errorf("%w: a package without a name", errDamaged)
	}
	if arch := first(tagArch); arch != "" {
		p.Name += "." + arch
	}
	if epoch := h.numbers(tagEpoch); len(epoch) == 1 {
		p.Version = fmt.Sprintf("%d:%s", epoch[0], p.Version)
	}
	hash := crypto.MD5 // packages older than rpm 4.6 do not say
	if a := h.numbers(tagDigestAlgo); len(a) == 1 {
		hash = algorithm(a[0])
	}
	digests := h.text(tagDigests)
	if hash == 0 || len(digests) != len(h.text(tagBaseNames)) {
		return p, nil, nil // files that cannot be checked
	}
	var claims []claim
	err := h.files(func(name string, i int) {
		if sum, err := hex.DecodeString(digests[i]); err == nil && len(sum) == hash.Size() {
			claims = append(claims, claim{path: where.path(name), hash: hash, sum: sum})
		}
	})
	if err != nil {
		return p, nil, fmt.Errorf("%s: %w", p.Name, err)
	}
	return p, claims, nil
}

// files calls each with what the package installed, and its number among the package's files.
func (h *header) files(each func(name string, i int)) error {
	names, dirs, index := h.text(tagBaseNames), h.text(tagDirNames), h.numbers(tagDirIndexes)
	flags, states := h.numbers(tagFileFlags), h.numbers(tagFileStates)
	if len(index) != len(names) {
		return nil // a package without files
	}
	for i, name := range names {
		if int(index[i]) >= len(dirs) {
			return fmt.Errorf("%w: a file in no folder", errDamaged)
		}
		if absent := i < len(states) && states[i] != 0 || i < len(flags) && flags[i]&flagGhost != 0; !absent {
			each(path.Join("/", dirs[index[i]], name), i)
		}
	}
	return nil
}
