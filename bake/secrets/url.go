package secrets

import "bytes"

// urlPassword looks at "://" for a password (RFC 3986, 3.2.1): scheme://user:password@host.
func (f *feed) urlPassword(start, end int) {
	text := f.after(end, 512)
	colon, at := userInfo(text[:urlLength(text)])
	if colon < 0 {
		return
	}
	password := text[colon+1 : at]
	l := f.place.level
	if f.place.format != nil {
		l = f.place.formatLevel()
	}
	if l == normal && f.comment(start) {
		l = strict
	}
	if len(password) > 200 || !urlSecret(text[:colon], password, text[at+1:], l) {
		return
	}
	id := "url-password"
	if f.place.format != nil {
		id = f.place.format.id
	}
	f.report(f.job.s.rules[id], end+colon+1, end+at, password)
}

// userInfo finds the colon and the @ of "user:password@host/path"; -1 where there is none. People write / and @ in passwords
// as they are, so an @ behind a slash counts when what stands before the slash is no host and port.
func userInfo(text []byte) (colon, at int) {
	authority := text
	if n := bytes.IndexAny(text, "/?#"); n >= 0 {
		authority = text[:n]
	}
	colon = bytes.IndexByte(authority, ':')
	if colon < 0 {
		return -1, -1
	}
	at = bytes.LastIndexByte(authority, '@')
	if at < 0 && len(authority) < len(text) && len(authority) > colon+1 && !digitsOnly(authority[colon+1:]) {
		at = bytes.IndexByte(text, '@')
	}
	if at <= colon+1 || at+1 >= len(text) {
		return -1, -1
	}
	return colon, at
}

// urlLength is the length of what can belong to a URL.
func urlLength(text []byte) int {
	for i, c := range text {
		if c <= ' ' || c >= 127 || bytes.IndexByte([]byte("\"'<>`\\"), c) >= 0 {
			return i
		}
	}
	return len(text)
}

// urlSecret: documentation writes user:password@host in a hundred ways, so both the names and the host must be meant.
func urlSecret(user, password, host []byte, l level) bool {
	host = host[:hostLength(host)]
	switch {
	case len(host) == 0, placeholder(password, l), bytes.EqualFold(user, password), len(password) < 3:
		return false
	case digitsOnly(password) && len(password) <= 5: // host:port@ of other notations
		return false
	case placeholderHost(host) && (l == strict || prose(password)):
		return false
	case template(user) && len(user) > 0 && !bytes.Equal(user, []byte("__token__")), bytes.ContainsAny(password, "{}()"):
		return false
	case l == strict:
		return random(password)
	}
	return true
}

func hostLength(text []byte) int {
	for i, c := range text {
		if !isAlnum(c) && c != '.' && c != '-' && c != '_' && c != '[' && c != ']' && c != ':' && c != '(' {
			return i
		}
	}
	return len(text)
}

// placeholderHost: RFC 2606 and what people write in its spirit.
func placeholderHost(host []byte) bool {
	name, _, _ := bytes.Cut(host, []byte{':'})
	for _, s := range [...]string{"example.com", "example.org", "example.net", ".example", ".invalid", ".test", "foo.com", "bar.com"} {
		if foldSuffix(name, s) {
			return true
		}
	}
	switch string(bytes.ToLower(name)) {
	case "host", "hostname", "server", "myserver", "proxy", "foo", "bar", "domain", "example":
		return true
	}
	return false
}

func digitsOnly(v []byte) bool { return len(bytes.Trim(v, "0123456789")) == 0 }
