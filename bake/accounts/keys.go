package accounts

import (
	"errors"
	"path"
	"strconv"
	"strings"

	"golang.org/x/crypto/ssh"
)

// authorizedKeys reports the keys that sshd would accept, wherever its configuration says that they are.
func (in *inspector) authorizedKeys(config *sshdConfig, users []*user) {
	seen := map[string]bool{}
	for _, pattern := range config.keyFiles() {
		for _, u := range users {
			name := pattern.replace(u)
			real, err := in.root.Resolve(name)
			if err == nil {
				name = real
			}
			if name == "" || seen[name] {
				continue
			}
			seen[name] = true
			if content, ok := in.read(name); ok {
				in.keys(name, content)
			}
		}
	}
}

// keys reports each key of a file. A key is named by its fingerprint, which is no secret.
func (in *inspector) keys(file, content string) {
	line := 0
	for text := range strings.Lines(content) {
		line++
		text = strings.TrimSpace(text)
		if text == "" || text[0] == '#' {
			continue
		}
		key, _, options, _, err := ssh.ParseAuthorizedKey([]byte(text))
		if err != nil {
			in.unknown(file, line, errors.New("the line is no key that is known here"))
			continue
		}
		what := "the key"
		for _, o := range options {
			if strings.EqualFold(o, "cert-authority") {
				what = "every key that is signed by"
			}
		}
		in.report(loginKeys, file, line, "sshd accepts %s %s %s", what, key.Type(), ssh.FingerprintSHA256(key))
	}
}

// A keyFile is a value of AuthorizedKeysFile, with its tokens (sshd_config(5), TOKENS).
type keyFile string

// replace gives the file of one account; empty where the account has no home to look in.
func (k keyFile) replace(u *user) string {
	name := strings.NewReplacer("%%", "%", "%h", u.home, "%u", u.name, "%U", strconv.FormatUint(u.uid, 10)).Replace(string(k))
	if strings.HasPrefix(name, "/") {
		return name
	}
	if !strings.HasPrefix(u.home, "/") {
		return ""
	}
	return path.Join(u.home, name)
}
