package secrets

import (
	"bytes"
	"encoding/base64"
)

// pemKey looks at "-----BEGIN" and its kin. A header alone is no key: programs, manual pages and tests are full of them.
// So the body must be there: base64 of some length, with its END line or longer than any key that is only hinted at.
func (f *feed) pemKey(start, end int) {
	text := f.after(start, ahead)
	label, body, ok := pemLabel(text[end-start:])
	if !ok || f.place.sample || f.program {
		return
	}
	b := readPEM(text[len(text)-len(body):])
	if !b.whole && len(b.digits) < 128 || len(b.digits) < 40 || distinct(b.digits) < 16 || entropy(b.digits) < 3.4 || periodic(b.digits) {
		return
	}
	id := "private-key"
	switch {
	case bytes.Contains(label, []byte("PGP")):
		id = "pgp-key"
	case bytes.Contains(label, []byte("ENCRYPTED")) || b.encrypted || sealedOpenSSH(b.digits):
		id = "private-key-encrypted"
	case bytes.Contains(label, []byte("Static key")):
		id = "openvpn-key"
	case bytes.Contains(f.before(start, 2048), []byte("service_account")) || bytes.Contains(text[:min(len(text), 6<<10)], []byte("gserviceaccount")):
		id = "gcp-service-account"
	}
	f.report(f.job.s.rules[id], start, start+len(text)-len(body)+b.length, b.digits)
}

// pemLabel splits `RSA PRIVATE KEY-----…`; ok says that it announces something secret.
func pemLabel(text []byte) (label, body []byte, ok bool) {
	n := bytes.Index(text[:min(len(text), 80)], []byte("----"))
	if n < 0 {
		return nil, nil, false
	}
	label = bytes.TrimSpace(text[:n])
	body = bytes.TrimLeft(text[n:], "-")
	ok = bytes.Contains(label, []byte("PRIVATE KEY")) || bytes.Contains(label, []byte("OpenVPN Static key"))
	return label, body, ok
}

// A pemBody is what stands between the lines BEGIN and END.
type pemBody struct {
	digits    []byte // of base64, without line ends
	length    int    // bytes of text
	whole     bool   // the END line was met
	encrypted bool
}

// readPEM takes the body whichever way its lines end: line ends, blanks, escapes as in JSON, quotes and plus signs as in
// program text, marks of comments and quotations.
func readPEM(text []byte) (b pemBody) {
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case isAlnum(c) || c == '+' && !concatenation(text, i) || c == '/' || c == '=':
			n, header := pemHeader(text[i:])
			if header {
				b.encrypted = b.encrypted || bytes.Contains(text[i:i+n], []byte("ENCRYPTED"))
				i += n
				continue
			}
			b.digits = append(b.digits, c)
			i++
		case c == '\\' && i+1 < len(text):
			for i++; i < len(text) && text[i] == '\\'; {
				i++
			}
			if i < len(text) && bytes.IndexByte([]byte("nrt\"'"), text[i]) >= 0 {
				i++
			}
		case c == '-':
			b.whole = bytes.HasPrefix(text[i:], []byte("-----END")) || bytes.HasPrefix(text[i:], []byte("---- END"))
			b.length = i
			return b
		case bytes.IndexByte([]byte(" \t\r\n\"'+,;>#*|."), c) >= 0 && !bytes.HasPrefix(text[i:], []byte("..")):
			i++
		default:
			b.length = i
			return b
		}
	}
	b.length = len(text)
	return b
}

// concatenation: a plus sign that joins strings stands between blanks or quotes.
func concatenation(text []byte, at int) bool {
	return at > 0 && at+1 < len(text) && bytes.IndexByte([]byte(" \t\r\n\"'"), text[at-1]) >= 0 && bytes.IndexByte([]byte(" \t\r\n\"'"), text[at+1]) >= 0
}

// pemHeader takes a line of RFC 1421 or RFC 4880 such as "Proc-Type: 4,ENCRYPTED".
func pemHeader(text []byte) (length int, ok bool) {
	name := 0
	for name < len(text) && name < 24 && (isAlnum(text[name]) || text[name] == '-') {
		name++
	}
	if name < 3 || name+1 >= len(text) || text[name] != ':' || text[name+1] != ' ' {
		return 0, false
	}
	length = bytes.IndexAny(text[:min(len(text), 200)], "\r\n\\")
	return length, length > 0
}

// sealedOpenSSH reads the cipher's name (OpenSSH's PROTOCOL.key): "none" is a key that anybody can use.
func sealedOpenSSH(digits []byte) bool {
	const magic = "openssh-key-v1\x00\x00\x00\x00"
	head := make([]byte, 48)
	n, _ := base64.StdEncoding.Decode(head, digits[:min(len(digits)/4*4, 64)])
	rest, ok := bytes.CutPrefix(head[:n], []byte(magic))
	return ok && !bytes.HasPrefix(rest, []byte("\x04none"))
}

// periodic: the body repeats itself, as made-up ones do.
func periodic(digits []byte) bool {
	n := len(digits)
	return n >= 96 && bytes.Equal(digits[n/3:n/3+24], digits[n/3+24:n/3+48])
}
