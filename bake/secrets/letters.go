package secrets

import (
	"math"
	"math/bits"
)

// census counts the kinds of bytes.
func census(v []byte) (digits, symbols, upper, lower int) {
	for _, c := range v {
		switch {
		case '0' <= c && c <= '9':
			digits++
		case 'a' <= c && c <= 'z':
			lower++
		case 'A' <= c && c <= 'Z':
			upper++
		default:
			symbols++
		}
	}
	return
}

// switches counts neighbours of different kinds; a capital that opens a word does not count. Random letters and digits
// switch at more than half of their borders, names at one in seven.
func switches(v []byte) int {
	n := 0
	for i := 1; i < len(v); i++ {
		a, b := kindOf(v[i-1]), kindOf(v[i])
		if a != b && !(a == 'A' && b == 'a' && (i == 1 || kindOf(v[i-2]) != 'A')) && a != '-' && b != '-' {
			n++
		}
	}
	return n
}

func kindOf(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return '0'
	case 'a' <= c && c <= 'z':
		return 'a'
	case 'A' <= c && c <= 'Z':
		return 'A'
	}
	return '-'
}

func isAlnum(c byte) bool { return kindOf(c) != '-' }

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func hexOnly(v []byte) bool {
	for _, c := range v {
		if !isHex(c) {
			return false
		}
	}
	return true
}

// distinct counts the different bytes.
func distinct(v []byte) int {
	var seen [4]uint64
	for _, c := range v {
		seen[c>>6] |= 1 << (c & 63)
	}
	return bits.OnesCount64(seen[0]) + bits.OnesCount64(seen[1]) + bits.OnesCount64(seen[2]) + bits.OnesCount64(seen[3])
}

// entropy is Shannon's, in bits per byte. It tells long values apart well and short ones badly: at most log2(len).
func entropy(v []byte) float64 {
	var count [256]int
	for _, c := range v {
		count[c]++
	}
	sum := 0.0
	for _, n := range count {
		if n > 0 {
			p := float64(n) / float64(len(v))
			sum -= p * math.Log2(p)
		}
	}
	return sum
}

// pairs are the 130 most frequent pairs of letters of English text (Norvig's count of Google books: 88 % of all pairs).
// Letters drawn at random hit one in five times.
const pairs = "th he in er an re on at en nd ti es or te of ed is it al ar st to nt ng se ha as ou io le ve co me de hi ri ro ic ne ea ra " +
	"ce li ch ll be ma si om ur ca el ta la ns di fo ho pe ec pr no ct us ac ot il tr ly nc et ut ss so rs un lo wa ge ie wh ee wi em " +
	"ad ol rt po we na ul ni ts mo ow pa im mi ai sh ir su id os iv ia am fi ci vi pl ig tu ev ld ry mp fe bl ab gh ty op wo sa ay ex ke ey"

// wordy is the share of a value's pairs of letters that are frequent in English; 0 where there are fewer than three.
func wordy(v []byte) float64 {
	all, known := 0, 0
	for i := 1; i < len(v); i++ {
		a, b := fold(v[i-1]), fold(v[i])
		if a < 'a' || a > 'z' || b < 'a' || b > 'z' {
			continue
		}
		all++
		if frequent(a, b) {
			known++
		}
	}
	if all < 3 {
		return 0
	}
	return float64(known) / float64(all)
}

func frequent(a, b byte) bool {
	for i := 0; i+1 < len(pairs); i += 3 {
		if pairs[i] == a && pairs[i+1] == b {
			return true
		}
	}
	return false
}
