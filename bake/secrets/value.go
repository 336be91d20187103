package secrets

import "bytes"

// A level says how much a value must look like a secret before an assignment of it is a hit.
type level uint8

const (
	lax    level = iota // the place is made to hold secrets: anything but a placeholder
	normal              // site configuration: nothing that reads like a word, a path or a switch
	strict              // program text, documentation, binary files: only what looks drawn at random
)

// looksSecret judges a value that stands where a secret would.
func looksSecret(v []byte, l level) bool {
	switch {
	case len(v) < 3 || len(v) > 4096 || placeholder(v, l) || filePath(v):
		return false
	case l == lax:
		return true
	case l == normal:
		return len(v) >= 6 && !reference(v) && !prose(v)
	}
	return random(v)
}

// prose: words, names, numbers, versions, dates — what switches and messages are made of.
func prose(v []byte) bool {
	digits, symbols, upper, lower := census(v)
	letters := upper + lower
	switch {
	case versioned(v):
		return true
	case letters == 0:
		return digits < 8 || symbols > 0 && bytes.Trim(v, "0123456789.:-+/ ,") == nil
	case bytes.IndexByte(v, ' ') >= 0:
		return digits == 0 || wordy(v) > 0.4
	case digits == 0 && symbols == 0:
		// One case only, or a single word with a capital: a word or a name. Random letters switch case all the time.
		return wordy(v) > 0.45 || switches(v) < 3
	case digits == 0:
		// Words joined by - _ . : are identifiers; other symbols occur in passwords only.
		return bytes.Trim(keepSymbols(v), "-_.:,/") == nil && (wordy(v) > 0.35 || switches(v) < 4)
	}
	return false
}

// versioned: a name and a version, as in jackson-core-2.15.2.
func versioned(v []byte) bool {
	n := bytes.LastIndexByte(v, '-')
	if n < 2 || n+3 > len(v) || wordy(v[:n]) < 0.3 {
		return false
	}
	version := v[n+1:]
	return bytes.IndexByte(version, '.') > 0 && len(bytes.Trim(version, "0123456789.")) == 0
}

// keepSymbols drops letters and digits.
func keepSymbols(v []byte) []byte {
	return bytes.Map(func(r rune) rune {
		if r < 128 && isAlnum(byte(r)) {
			return -1
		}
		return r
	}, v)
}

// reference: the value says where the secret is to be found, or is code that gets it.
func reference(v []byte) bool {
	switch {
	case bytes.Contains(v, []byte("://")): // secrets in URLs have a rule of their own
		return true
	case bytes.ContainsAny(v, "()[]") && wordy(v) > 0.3, call(v):
		return true
	case bytes.Contains(v, []byte("->")), bytes.Contains(v, []byte("::")):
		return true
	}
	return false
}

// call: a function's name in lower case, and what it is given.
func call(v []byte) bool {
	n := bytes.IndexByte(v, '(')
	return n > 2 && n+1 < len(v) && len(bytes.Trim(v[:n], "abcdefghijklmnopqrstuvwxyz_.")) == 0 && bytes.IndexByte([]byte(":$'\")"), v[n+1]) >= 0
}

// filePath: where the secret is kept.
func filePath(v []byte) bool {
	return v[0] == '/' && bytes.Count(v, []byte{'/'}) > 1 && !random(v) || bytes.HasPrefix(v, []byte("./")) || bytes.HasPrefix(v, []byte("~/"))
}

// random: letters and digits in an order that nobody writes by hand.
func random(v []byte) bool {
	digits, symbols, upper, lower := census(v)
	letters := upper + lower
	n := len(v)
	if n < 12 || letters < 2 || distinct(v) < min(8, n/2) || bytes.ContainsAny(v, " \t()[]{}<>\"'`;|\\") {
		return false
	}
	if digits == 0 {
		return n >= 20 && symbols*8 <= n && upper > 2 && lower > 2 && switches(v)*4 > n && wordy(v) < 0.35
	}
	if hexOnly(v) {
		return n >= 16 && digits < n-1
	}
	if symbols*4 > n || wordy(v) > 0.5 && letters > 5 {
		return false
	}
	return switches(v)*4 >= n && entropy(v) > 2.8
}
