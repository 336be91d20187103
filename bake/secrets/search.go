package secrets

import (
	"encoding/binary"
	"slices"
	"strings"
)

// A search finds many short literals in one pass, without regard to the case of ASCII letters. It tests the three bytes at
// every place against a bitmap that fits the first-level cache: those of each literal that are the rarest in text. The few
// places that pass are compared. An automaton after Aho and Corasick was four times slower on binary files: its table
// does not fit, and each step waits for the one before.
type search struct {
	bitmap   [1 << (bitmapBits - 6)]uint64
	buckets  [1 << bucketBits][]probe // by the same hash
	literals []string                 // in lower case, two bytes at least
}

// A probe is a literal and where its three bytes stand in it.
type probe struct {
	literal uint16
	offset  uint8
}

const (
	bitmapBits = 17 // 16 KiB
	bucketBits = 12
	hashFactor = 0x9e3779b1 // Knuth's, 2³² over the golden ratio
)

// blur makes the two cases of a letter the same, and some signs too, which the comparison sorts out.
const blur = 0x2020202020202020

func newSearch(literals []string) *search {
	s := &search{literals: literals}
	for id, lit := range literals {
		if len(lit) > 2 {
			o := rarest(lit)
			s.add(lit[o], lit[o+1], lit[o+2], probe{uint16(id), uint8(o)})
			continue
		}
		for c := range 256 {
			if c&0x20 != 0 {
				s.add(lit[0], lit[1], byte(c), probe{uint16(id), 0})
			}
		}
	}
	return s
}

// rarest chooses the three bytes of a literal that text has least often, by the order of letters' frequency in English.
func rarest(lit string) int {
	score := func(c byte) int {
		if n := strings.IndexByte("zqjx_=~kvbywg/.:-pfmucdlhrsnioate ", c); n >= 0 {
			return n
		}
		return 4
	}
	best, at := 1<<10, 0
	for i := 0; i+3 <= len(lit); i++ {
		if n := score(lit[i]) + score(lit[i+1]) + score(lit[i+2]); n < best {
			best, at = n, i
		}
	}
	return at
}

func (s *search) add(a, b, c byte, p probe) {
	h := hash(uint64(a) | uint64(b)<<8 | uint64(c)<<16 | blur)
	s.bitmap[h>>6] |= 1 << (h & 63)
	bucket := &s.buckets[h>>(bitmapBits-bucketBits)]
	if !slices.Contains(*bucket, p) {
		*bucket = append(*bucket, p)
	}
}

func hash(w uint64) uint32 { return uint32(w&0xffffff) * hashFactor >> (32 - bitmapBits) }

// run calls found for each literal whose three bytes start in text[from:to]; all of text may be looked at.
func (s *search) run(text []byte, from, to int, found func(literal uint16, at int)) {
	i := from
	for bits := &s.bitmap; i+6 <= to && i+8 <= len(text); i += 6 {
		w := binary.LittleEndian.Uint64(text[i:]) | blur
		h := [6]uint32{hash(w), hash(w >> 8), hash(w >> 16), hash(w >> 24), hash(w >> 32), hash(w >> 40)}
		any := bits[h[0]>>6]>>(h[0]&63) | bits[h[1]>>6]>>(h[1]&63) | bits[h[2]>>6]>>(h[2]&63) |
			bits[h[3]>>6]>>(h[3]&63) | bits[h[4]>>6]>>(h[4]&63) | bits[h[5]>>6]>>(h[5]&63)
		if any&1 == 0 {
			continue
		}
		for k, h := range h {
			if bits[h>>6]>>(h&63)&1 != 0 {
				s.compare(text, i+k, h, found)
			}
		}
	}
	for ; i < to; i++ {
		var w uint64
		for k := 0; k < 3 && i+k < len(text); k++ {
			w |= uint64(text[i+k]) << (8 * k)
		}
		s.compare(text, i, hash(w|blur), found)
	}
}

// compare calls found for the literals whose three bytes stand at text[at] and have the hash h.
func (s *search) compare(text []byte, at int, h uint32, found func(literal uint16, at int)) {
	for _, p := range s.buckets[h>>(bitmapBits-bucketBits)] {
		start, lit := at-int(p.offset), s.literals[p.literal]
		if start >= 0 && len(text)-start >= len(lit) && foldPrefix(text[start:], lit) {
			found(p.literal, start)
		}
	}
}

func fold(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// foldPrefix wants lit in lower case.
func foldPrefix(text []byte, lit string) bool {
	for i := range len(lit) {
		if fold(text[i]) != lit[i] {
			return false
		}
	}
	return true
}
