package secrets

import (
	"bytes"
	"encoding/base64"
)

// jwt looks at "eyJ", the base64 of `{"`, for a signed token (RFC 7519): header, claims and signature with stops between.
func (f *feed) jwt(start, _ int) {
	text := f.after(start, 8<<10)
	if !bytes.HasPrefix(text, []byte("eyJ")) || !startsWord(f.before(start, 2)) {
		return
	}
	var part [3][]byte
	at := 0
	for i := range part {
		n := at
		for n < len(text) && (isAlnum(text[n]) || text[n] == '-' || text[n] == '_') {
			n++
		}
		part[i] = text[at:n]
		if i < 2 && (n >= len(text) || text[n] != '.') {
			return
		}
		at = n + 1
	}
	header, claims := rawURL(part[0]), rawURL(part[1])
	if len(part[2]) < 20 || !bytes.Contains(header, []byte(`"alg"`)) && !bytes.Contains(header, []byte(`"typ"`)) || !bytes.HasPrefix(claims, []byte("{")) && !bytes.Contains(header, []byte(`"enc"`)) {
		return
	}
	// The sample of jwt.io and of RFC 7519 is in thousands of documents.
	if f.place.sample || f.place.vendor && !registeredClaim(claims) || bytes.Contains(claims, []byte(`"some":"payload"`)) || bytes.Contains(claims, []byte(`"1234567890"`)) || bytes.Contains(claims, []byte("John Doe")) || bytes.Contains(claims, []byte("example.com/is_root")) || !drawn(part[2]) {
		return
	}
	f.report(f.job.s.rules["jwt"], start, start+at-1, text[:at-1])
}

func rawURL(part []byte) []byte {
	out, _ := base64.RawURLEncoding.DecodeString(string(part))
	return out
}

// registeredClaim: one of those of RFC 7519, 4.1, which issuers set and authors of examples leave out.
func registeredClaim(claims []byte) bool {
	for _, name := range [...]string{`"exp"`, `"iat"`, `"iss"`, `"nbf"`, `"jti"`} {
		if bytes.Contains(claims, []byte(name)) {
			return true
		}
	}
	return false
}
