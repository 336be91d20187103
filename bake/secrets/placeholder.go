package secrets

import "strings"

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
	case len(s) > 256 && strings.HasPrefix(s, "Ag"): // sealed by kubeseal, for the cluster only
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
