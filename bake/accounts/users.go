package accounts

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// The files of accounts (passwd(5), shadow(5), group(5), gshadow(5)).
const (
	passwdFile  = "/etc/passwd"
	shadowFile  = "/etc/shadow"
	groupFile   = "/etc/group"
	gshadowFile = "/etc/gshadow"
)

// firstPerson is the lowest user ID of people on every distribution known (UID_MIN of login.defs(5)).
const firstPerson = 1000

// user is an account, with where its password stands.
type user struct {
	name, home, shell string
	uid               uint64
	password          string // the hash, or what stands in its place
	file              string // where the password stands
	line              int
}

// record is a line of one of the files, split at its colons.
type record struct {
	line   int
	fields []string
}

// records splits a file. Lines for NIS ("+" and "-") and comments are left out. A line with another number of fields than
// these is reported: programs do not agree on what it means.
func (in *inspector) records(path, content string, least, most int) []record {
	var all []record
	line := 0
	for text := range strings.Lines(content) {
		line++
		text = strings.TrimRight(text, "\r\n")
		if strings.TrimSpace(text) == "" || strings.ContainsAny(text[:1], "#+-") {
			continue
		}
		fields := strings.Split(text, ":")
		if len(fields) < least || len(fields) > most || fields[0] == "" {
			in.unknown(path, line, fmt.Errorf("the line has %d fields", len(fields)))
			continue
		}
		all = append(all, record{line, fields})
	}
	return all
}

// users reads passwd and shadow, and reports what is wrong between them.
func (in *inspector) users() []*user {
	passwd, ok := in.read(passwdFile)
	if !ok {
		return nil
	}
	hidden, hasShadow := in.shadow()
	var all []*user
	names := map[string]bool{}
	owners := map[uint64]string{}
	for _, r := range in.records(passwdFile, passwd, 7, 7) {
		u := &user{name: r.fields[0], password: r.fields[1], home: r.fields[5], shell: r.fields[6], file: passwdFile, line: r.line}
		uid, err := strconv.ParseUint(r.fields[2], 10, 32)
		if err != nil {
			in.unknown(passwdFile, r.line, errors.New("the user ID is no number"))
			continue
		}
		u.uid = uid
		owner, taken := owners[u.uid]
		switch {
		case names[u.name]:
			in.report(mismatch, passwdFile, r.line, "%s is there twice; programs take the first", u.name)
		case u.uid == 0 && u.name != "root":
			in.report(uidZero, passwdFile, r.line, "%s has user ID 0", u.name)
		case taken:
			in.report(sameUID, passwdFile, r.line, "%s has the user ID of %s, %d", u.name, owner, u.uid)
		}
		names[u.name], owners[u.uid] = true, u.name
		if isBuilder(u.name) {
			in.report(builder, passwdFile, r.line, "%s", u.name)
		}
		in.adopt(u, hidden, hasShadow)
		all = append(all, u)
	}
	for _, r := range hidden {
		if !names[r.fields[0]] {
			in.report(mismatch, shadowFile, r.line, "%s has a password entry and no account", r.fields[0])
		}
	}
	for _, u := range all {
		in.password(u)
	}
	return all
}

// modes looks whether the files that only root may read are kept so.
func (in *inspector) modes() {
	for _, name := range []string{shadowFile, gshadowFile, shadowFile + "-", gshadowFile + "-"} {
		if fi, err := in.root.Stat(name); err == nil && fi.Mode()&0o004 != 0 {
			in.report(openHash, name, 0, "every user can read the file (mode %#o)", fi.Mode().Perm())
		}
	}
}

// shadow reads the file that only root may read.
func (in *inspector) shadow() (map[string]record, bool) {
	content, ok := in.read(shadowFile)
	if !ok {
		there, err := in.root.Exists(shadowFile)
		return nil, there || err != nil
	}
	all := map[string]record{}
	for _, r := range in.records(shadowFile, content, 2, 9) {
		if _, twice := all[r.fields[0]]; twice {
			in.report(mismatch, shadowFile, r.line, "%s is there twice; programs take the first", r.fields[0])
			continue
		}
		all[r.fields[0]] = r
	}
	return all, true
}

// adopt takes the password from shadow where passwd says so.
func (in *inspector) adopt(u *user, hidden map[string]record, hasShadow bool) {
	if u.password != "x" {
		return
	}
	if r, known := hidden[u.name]; known {
		u.password, u.file, u.line = r.fields[1], shadowFile, r.line
		return
	}
	if hidden != nil || !hasShadow { // else it could not be read, which was said
		in.report(mismatch, passwdFile, u.line, "the password of %s is to be in shadow and is not there", u.name)
	}
}

// password judges what stands in the place of a password.
func (in *inspector) password(u *user) {
	kind := judge(u.password)
	switch {
	case kind == empty:
		in.report(emptyPassword, u.file, u.line, "%s", u.name)
		return
	case kind == locked:
		return
	case u.name == "root":
		in.report(rootPassword, u.file, u.line, "root")
	case u.uid > 0 && u.uid < firstPerson && u.opensShell():
		in.report(systemPassword, u.file, u.line, "%s, shell %s", u.name, u.shell)
	default:
		in.report(userPassword, u.file, u.line, "%s", u.name)
	}
	if u.file == passwdFile {
		in.report(openHash, u.file, u.line, "the password of %s stands in passwd", u.name)
	}
	if kind == weak {
		in.report(weakHash, u.file, u.line, "%s", u.name)
	}
}

// opensShell tells whether a log-in gets further than a message. An empty shell means /bin/sh.
func (u *user) opensShell() bool {
	name := u.shell[strings.LastIndexByte(u.shell, '/')+1:]
	return !slices.Contains([]string{"nologin", "false", "true", "sync", "halt", "shutdown"}, name)
}

// groups reads group and gshadow.
func (in *inspector) groups() {
	for _, name := range []string{groupFile, gshadowFile} {
		content, ok := in.read(name)
		if !ok {
			continue
		}
		for _, r := range in.records(name, content, 4, 4) {
			if k := judge(r.fields[1]); k != empty && k != locked {
				in.report(groupPassword, name, r.line, "%s", r.fields[0])
				if name == groupFile {
					in.report(openHash, name, r.line, "the password of the group %s stands in group", r.fields[0])
				}
			}
		}
	}
}

// isBuilder knows the account names of image builders. Names that permanent users may have as well (ansible, admin, ubuntu)
// are not among them.
func isBuilder(name string) bool {
	switch strings.ToLower(name) {
	case "packer", "vagrant", "builder", "build", "builduser", "build-user", "image-builder", "imagebuilder", "kitchen",
		"jenkins", "buildkite", "buildkite-agent", "gitlab-runner", "github-runner", "circleci", "travis":
		return true
	}
	return false
}
