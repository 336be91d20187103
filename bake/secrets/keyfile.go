package secrets

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// keyFile tells from a file's first bytes that it is a private key or a store of them, and which rule that is. size is
// the file's length, or -1; head is up to formatLimit bytes of it.
func keyFile(p *place, head []byte, size int64) string {
	switch {
	case len(head) < 16:
		return ""
	case derKey(head, size):
		return "der-key"
	case javaKeystore(head), pkcs12(p, head):
		return "keystore"
	case bytes.HasPrefix(head, []byte{5, 2}) && (strings.Contains(p.base, "keytab") || strings.Contains(p.path, "krb5")):
		return "keytab"
	case strings.Contains(p.base, "dropbear") && len(head) > 40 && binary.BigEndian.Uint32(head) < 32 && bytes.Contains(head[4:24], []byte("-")):
		return "dropbear-key"
	case strings.HasPrefix(p.base, "secring") && (head[0] == 0x95 || head[0] == 0x94 || head[0] == 0xc5) && bytes.IndexByte(head[1:8], 4) >= 0:
		return "pgp-key"
	}
	return ""
}

// derKey: PKCS#1, SEC 1, DSA or PKCS#8, plain or encrypted. The outer length must be that of the file, so that chance is
// out of the question.
func derKey(head []byte, size int64) bool {
	length, n := derLength(head)
	if n == 0 || head[0] != 0x30 || size >= 0 && int64(n+length) != size || size < 0 && n+length != len(head) || length < 32 {
		return false
	}
	body := head[n:]
	switch {
	case bytes.HasPrefix(body, []byte{2, 1, 0, 2}): // RFC 8017 A.1.2: version 0, then the modulus
		return true
	case bytes.HasPrefix(body, []byte{2, 1, 1, 4}): // RFC 5915: version 1, then the key
		return true
	case bytes.HasPrefix(body, []byte{2, 1, 0, 0x30}), bytes.HasPrefix(body, []byte{2, 1, 1, 0x30}): // RFC 5208, RFC 5958
		return true
	}
	// RFC 5208, 6: an encrypted key starts with the algorithm, of PKCS#5 or PKCS#12
	return body[0] == 0x30 && (bytes.Contains(body[:min(16, len(body))], []byte("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05")) || bytes.Contains(body[:min(16, len(body))], []byte("\x06\x0a\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01")))
}

// derLength reads the length of the first element, and how many bytes stand before its content; n is 0 for nonsense.
func derLength(b []byte) (length, n int) {
	switch {
	case len(b) < 6:
		return 0, 0
	case b[1] < 0x80:
		return int(b[1]), 2
	case b[1] == 0x81:
		return int(b[2]), 3
	case b[1] == 0x82:
		return int(binary.BigEndian.Uint16(b[2:])), 4
	case b[1] == 0x83:
		return int(b[2])<<16 | int(binary.BigEndian.Uint16(b[3:])), 5
	}
	return 0, 0
}

// javaKeystore walks a JKS or JCEKS store for an entry with a private or secret key: a store of certificates only, such
// as every JRE's cacerts, is no secret.
func javaKeystore(b []byte) bool {
	if magic := binary.BigEndian.Uint32(b); magic != 0xfeedfeed && magic != 0xcececece || binary.BigEndian.Uint32(b[4:]) > 2 {
		return false
	}
	count := binary.BigEndian.Uint32(b[8:])
	for at := 12; count > 0 && at+6 < len(b); count-- {
		if tag := binary.BigEndian.Uint32(b[at:]); tag != 2 {
			return tag == 1 || tag == 3
		}
		at += 6 + int(binary.BigEndian.Uint16(b[at+4:])) + 8 // alias, date
		if at+2 > len(b) {
			break
		}
		at += 2 + int(binary.BigEndian.Uint16(b[at:])) // type
		if at+4 > len(b) {
			break
		}
		at += 4 + int(binary.BigEndian.Uint32(b[at:]))
	}
	return false
}

// pkcs12: RFC 7292. The bags' types are in clear even where their content is not; a store whose bags are all encrypted
// together counts when its name says that it is one.
func pkcs12(p *place, b []byte) bool {
	_, n := derLength(b)
	if n == 0 || b[0] != 0x30 || !bytes.HasPrefix(b[n:], []byte{2, 1, 3, 0x30}) {
		return false
	}
	const bags = "\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01" // keyBag is 1, shroudedKeyBag 2
	if bytes.Contains(b, []byte(bags+"\x01")) || bytes.Contains(b, []byte(bags+"\x02")) {
		return true
	}
	return strings.HasSuffix(p.base, ".p12") || strings.HasSuffix(p.base, ".pfx")
}
