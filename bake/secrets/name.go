package secrets

import (
	"bytes"
	"slices"
)

// A naming is what the name on the left of an assignment promises about the value.
type naming uint8

const (
	nothing naming = iota // no secret
	word                  // a password: may be short, made by people
	machine               // a token or key: long, made by machines
)

// nameKind judges a name by its last words: db_password and Password2 name a password, password_file and passwordPolicy do
// not, api_key names a key, primary_key does not.
func nameKind(name []byte) naming {
	var lower [2 * maxName]byte
	var cut [8][]byte
	words := lastWords(name, lower[:0], cut[:0])
	for len(words) > 0 && decoration(words[len(words)-1]) {
		words = words[:len(words)-1]
	}
	if len(words) == 0 {
		return nothing
	}
	last, rest := words[len(words)-1], words[:len(words)-1]
	kind := wordKind(last)
	if kind == nothing {
		switch string(last) {
		case "key", "keys", "salt":
		default:
			return nothing
		}
		if len(rest) == 0 || !keyOwner(rest[len(rest)-1]) {
			return nothing
		}
		kind = machine
	}
	if slices.ContainsFunc(rest, harmless) {
		return nothing
	}
	return kind
}

// lastWords cuts a name at _ - . and where a capital or a digit follows something else, and gives up to eight words from
// its end, in lower case. lower and words are where they are kept.
func lastWords(name, lower []byte, words [][]byte) [][]byte {
	if len(name) > cap(lower) {
		name = name[len(name)-cap(lower):]
	}
	for _, c := range name {
		lower = append(lower, fold(c))
	}
	end := len(name)
	for i := len(name) - 1; i >= 0 && len(words) < cap(words); i-- {
		if !isAlnum(name[i]) {
			end = i
			continue
		}
		starts := i == 0 || !isAlnum(name[i-1]) || kindOf(name[i]) != kindOf(name[i-1]) && kindOf(name[i]) != 'a' ||
			kindOf(name[i]) == 'a' && kindOf(name[i-1]) == '0'
		if starts {
			words = append(words, lower[i:end])
			end = i
		}
	}
	slices.Reverse(words)
	return words
}

// wordKind knows the words that name a secret, also when they are the end of a longer word (mysqlpassword, authtoken).
func wordKind(w []byte) naming {
	for _, end := range [...]string{"password", "passwd", "passphrase", "passwort", "passcode", "kennwort"} {
		if bytes.HasSuffix(w, []byte(end)) {
			return word
		}
	}
	switch string(w) {
	case "pass", "pwd", "pw", "psk", "bindpw", "rootpw", "userpw", "adminpw", "dbpw", "dbpass", "userpass", "adminpass", "rootpass", "mysqlpass",
		"requirepass", "masterauth", "authtok", "storepass", "keypass", "smtppass", "mailpass", "sshpass",
		"becomepass", "presharedkey", "authpass", "remotepass", "imappass", "dbpwd", "userpwd":
		return word
	case "pat", "jwt", "auth", "tokens", "secrets", "credential", "credentials", "creds":
		return machine
	}
	for _, end := range [...]string{"secret", "token", "apikey", "accesskey", "secretkey", "privatekey", "authkey", "masterkey", "accountkey", "sharedkey",
		"signingkey", "encryptionkey", "appkey", "licensekey", "subscriptionkey"} {
		if bytes.HasSuffix(w, []byte(end)) {
			return machine
		}
	}
	return nothing
}

// keyOwner: words before "key" or "salt" that make it a secret one.
func keyOwner(w []byte) bool {
	switch string(w) {
	case "api", "access", "secret", "private", "auth", "master", "account", "shared", "signing", "encryption", "encrypt", "app", "application",
		"license", "licence", "service", "admin", "server", "client", "consumer", "session", "deploy", "webhook", "integration", "ingest",
		"subscription", "storage", "hmac", "aes", "cipher", "crypto", "jwt", "base", "root", "write", "user", "authorization", "authentication",
		"in", "logged", "nonce", "cookie", "instrumentation", "project", "rest", "live", "prod", "production", "gateway", "agent",
		"registration", "symm", "symmetric", "bot", "recovery", "unseal", "seal", "gossip", "preshared", "decryption", "priv", "tsig", "rndc", "routing", "insert",
		"ddns", "wep", "security", "hub":
		return true
	}
	return foldSuffix(w, "api") || foldSuffix(w, "access") || foldSuffix(w, "secret")
}

// harmless: words before a secret's name that make it something else.
func harmless(w []byte) bool {
	switch string(w) {
	case "public", "csrf", "xsrf", "authenticity", "next", "page", "continuation", "cancellation", "no", "without", "min", "max", "reset", "forgot", "lexer",
		"parser", "syntax", "invalid", "missing", "wrong", "bad", "require", "requires", "need", "needs", "has", "is", "use", "uses", "allow",
		"show", "hide", "ask", "prompt", "verify", "check", "enable", "disable", "expired", "expire", "sync":
		return true
	}
	return false
}

// decoration: words behind a secret's name that leave it one.
func decoration(w []byte) bool {
	switch string(w) {
	case "value", "string", "str", "plain", "plaintext", "text", "cleartext", "clear", "default", "base", "b64", "base64", "raw", "literal",
		"new", "old", "current", "prod", "production", "dev", "staging", "stage", "live", "test", "primary", "secondary", "main", "backup",
		"hex", "prd", "stg", "qa", "int", "eu", "us", "a", "b", "ro", "rw":
		return true
	}
	return '0' <= w[0] && w[0] <= '9'
}

// foldSuffix wants s in lower case.
func foldSuffix(w []byte, s string) bool {
	if len(w) < len(s) {
		return false
	}
	w = w[len(w)-len(s):]
	for i := range w {
		if fold(w[i]) != s[i] {
			return false
		}
	}
	return true
}
