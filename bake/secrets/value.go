package secrets

import (
	"bytes"
	"math"
	"math/bits"
	"strings"
)

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
	case bytes.ContainsAny(v, "()[]") && wordy(v) > 0.3:
		return true
	case bytes.Contains(v, []byte("->")), bytes.Contains(v, []byte("::")):
		return true
	}
	return false
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

// placeholder: what documentation, templates and examples put where a secret goes.
func placeholder(v []byte, l level) bool {
	if template(v) || filler(v) || published(v) {
		return true
	}
	word := strings.ToLower(strings.Trim(string(v), " \t.,:!?*'\"`()"))
	if word == "" {
		return true
	}
	if fillerWord(word) {
		return true
	}
	for _, w := range fillerParts {
		if strings.Contains(word, w) && (len(w) >= 6 || len(word) < 30) {
			return true
		}
	}
	return l != lax && series(v)
}

func fillerWord(word string) bool {
	switch word {
	case "password", "passwd", "pass", "passphrase", "pwd", "passw0rd", "p@ssw0rd", "secret", "token", "key", "apikey", "api_key", "api-key",
		"credential", "credentials", "user", "username", "login", "changeme", "changeit", "change", "none", "null", "nil", "true",
		"false", "yes", "no", "on", "off", "undefined", "default", "empty", "hidden", "masked", "removed", "omitted", "unset",
		"unknown", "value", "string", "str", "int", "bool", "bytes", "object", "required", "optional", "todo", "tbd", "fixme", "foo", "bar",
		"baz", "foobar", "test", "testing", "disabled", "enabled", "prompt", "ask", "auto", "generated", "random", "mypassword",
		"my_password", "my-password", "mysecret", "mytoken", "yourpassword", "thepassword", "somepassword", "a_password", "secretpassword",
		"hunter", "pa55word", "userpassword", "dbpassword", "db_password", "never", "always", "encrypted", "plain", "md5", "sha1":
		return true
	}
	return false
}

// published: the examples of RFC 5849, 6749 and 6750, which every OAuth library repeats.
func published(v []byte) bool {
	switch string(v) {
	case "0685bd9184jfhq22", "ad180jjd733klru7", "dpf43f3p2l4k3l03", "kd94hf93k423kf44", "nnch734d00sl2jdk", "pfkkdhi9sl3r4s00", "hh5s93j4hdidpola",
		"2YotnFZFEjr1zCsicMWpAA", "tGzv3JOkF0XG5Qx2TlKWIA", "czZCaGRSa3F0MzpnWDFmQmF0M2JW", "gX1fBat3bV", "7Fjfp0ZBr1KtDRbnfVdmIw", "h480djs93hd8", "mF_9.B5f-4.1JqM",
		"SplxlOBeZQQYbYS6WxSbIA", "45ghiukldjahdnhzdauz", "QWxhZGRpbjpvcGVuIHNlc2FtZQ==":
		return true
	}
	return false
}

// fillerParts give a placeholder away wherever they stand. Short ones only count in short values: four letters occur by
// chance in a long random one.
var fillerParts = [...]string{
	"example", "changeme", "change_me", "change-me", "changethis", "change_this", "change-this", "replaceme", "replace_me", "replace-me",
	"replace_with", "replace-with", "placeholder", "redacted", "your_", "your-", "yourpass", "yoursecret", "yourtoken", "yourkey", "yourapi",
	"insert_", "insert-", "enter_", "put_your", "goes_here", "goes-here", "gohere", "_here", "-here", "sample", "dummy", "xxxx", "****", "....",
	"todo", "fixme", "notasecret", "not_a_secret", "not-a-secret", "not_real", "notreal", "fake", "secret_key_here", "•••", "…", "snip", "unique phrase",
}

// template: a variable, a format, a call — the secret is put in later.
func template(v []byte) bool {
	s := string(v)
	switch {
	case s == "":
		return false
	case strings.Contains(s, "${"), strings.Contains(s, "{{"), strings.Contains(s, "}}"), strings.Contains(s, "$("), strings.Contains(s, "<%"),
		strings.Contains(s, "#{"), strings.Contains(s, "%("), strings.Contains(s, "$[["), strings.Contains(s, "%{"):
		return true
	case len(s) > 1 && s[0] == '<' && kindOf(s[1]) >= 'A': // also the first word of <your password>
		return true
	case strings.Contains(s, "(?:"), strings.Contains(s, "[^"), strings.Contains(s, "[a-"), strings.Contains(s, "[A-"), strings.Contains(s, "[0-"), strings.Contains(s, `\d`), strings.Contains(s, `\w`):
		return true // an expression that looks for secrets
	case strings.HasPrefix(s, "/*"), strings.HasPrefix(s, "//"):
		return true
	case pairOf(s, "<", ">"), pairOf(s, "[", "]"), pairOf(s, "{", "}"), pairOf(s, "@", "@"), pairOf(s, "%", "%"), pairOf(s, "__", "__"), pairOf(s, "`", "`"):
		return true
	case strings.HasPrefix(s, "&lt;"), strings.HasPrefix(s, "\\\\fI"), strings.HasPrefix(s, "\\fI"), strings.HasPrefix(s, "\\fB"):
		return true
	case s[0] == '%' && len(s) > 1 && strings.IndexByte("svdqwxXpT+", s[1]) >= 0:
		return true
	case len(s) > 30 && s[0] == '$' && strings.Count(s, "$") >= 3: // a hash of crypt(3), which has a rule of its own
		return true
	case strings.HasPrefix(s, "ENC["), strings.HasPrefix(s, "arn:"), strings.HasPrefix(s, "vault:"), strings.HasPrefix(s, "op://"),
		strings.HasPrefix(s, "!vault"), strings.HasPrefix(s, "!secret"), strings.HasPrefix(s, "env:"), strings.HasPrefix(s, "file:"),
		strings.HasPrefix(s, "process.env"), strings.HasPrefix(s, "os.environ"), strings.HasPrefix(s, "secret://"), strings.HasPrefix(s, "ssm:"):
		return true
	}
	if s[0] != '$' || len(s) < 2 {
		return false
	}
	for _, c := range []byte(s[1:]) { // $NAME, and $1 of shells and expressions; not $ecret!
		if !isAlnum(c) && c != '_' && c != '{' && c != '}' {
			return false
		}
	}
	return true
}

func pairOf(s, opening, closing string) bool {
	return len(s) > len(opening) && strings.HasPrefix(s, opening) && strings.HasSuffix(s, closing)
}

// filler: one or two different characters only, or one of them six times in a row.
func filler(v []byte) bool {
	if distinct(v) < 3 {
		return true
	}
	run := 1
	for i := 1; i < len(v); i++ {
		if v[i] != v[i-1] {
			run = 1
		} else if run++; run >= 6 && v[i] != '=' {
			return true
		}
	}
	return false
}

// series: most of the value counts up or down, as in 12345678, abcdefgh, 0123456789abcdef.
func series(v []byte) bool {
	if len(v) < 6 {
		return false
	}
	up, down := 0, 0
	for i := 1; i < len(v); i++ {
		switch v[i] {
		case v[i-1] + 1:
			up++
		case v[i-1] - 1:
			down++
		}
	}
	return max(up, down)*3 > (len(v)-1)*2
}
