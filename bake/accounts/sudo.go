package accounts

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"
)

// sudoer reads the files of sudo(8): who may be root without a password, and what builders left.
type sudoer struct {
	in    *inspector
	users map[string]uint64   // name, and "#" with the ID → ID
	alias map[string][]string // of users
	rules []sudoRule
	seen  map[string]bool
}

// sudoRule is a line that gives rights.
type sudoRule struct {
	who        []string
	noPassword bool // for all commands
	some       bool // without a password for some commands
	file       string
	line       int
}

func (in *inspector) sudo(users []*user) {
	s := &sudoer{in: in, users: map[string]uint64{}, alias: map[string][]string{}, seen: map[string]bool{}}
	for _, u := range users {
		s.users[u.name] = u.uid
		s.users[fmt.Sprintf("#%d", u.uid)] = u.uid
	}
	main := "/etc/sudoers"
	if !in.exists(main) {
		main = "/usr/etc/sudoers" // SUSE
	}
	s.file(main, 0)
	s.folder("/etc/sudoers.d", 0) // whether or not it is included: the line is easily put in
	for _, r := range s.rules {
		s.judge(r)
	}
}

// folder reads what sudo reads in a folder: names without a dot and without a tilde at the end.
func (s *sudoer) folder(dir string, depth int) {
	for _, name := range s.in.glob(path.Join(dir, "*")) {
		if base := path.Base(name); !strings.Contains(base, ".") && !strings.HasSuffix(base, "~") {
			s.file(name, depth)
		}
	}
}

var builderFile = regexp.MustCompile(`(?i)packer|vagrant|kitchen|image-?builder`)

func (s *sudoer) file(name string, depth int) {
	if s.seen[name] || depth > 16 {
		return
	}
	s.seen[name] = true
	content, ok := s.in.read(name)
	if !ok {
		return
	}
	switch base := path.Base(name); {
	case base == "90-cloud-init-users":
		s.in.report(sudoCloudInit, name, 0, "written by cloud-init on the machine that the image was built on")
		return
	case builderFile.MatchString(base):
		s.in.report(sudoBuilder, name, 0, "the file is named after a builder")
		return
	}
	for _, l := range logical(content) {
		s.text(name, l.number, l.text, depth)
	}
}

// logicalLine is a line with those that a backslash at its end joins to it.
type logicalLine struct {
	number int // of the first
	text   string
}

func logical(content string) []logicalLine {
	var all []logicalLine
	number, joined := 0, false
	for text := range strings.Lines(content) {
		number++
		text = strings.TrimRight(text, "\r\n")
		text, more := strings.CutSuffix(text, `\`)
		if joined {
			all[len(all)-1].text += " " + strings.TrimSpace(text)
		} else {
			all = append(all, logicalLine{number, strings.TrimSpace(text)})
		}
		joined = more
	}
	return all
}

// text takes one logical line.
func (s *sudoer) text(file string, line int, text string, depth int) {
	word, rest, _ := strings.Cut(strings.ReplaceAll(text, "\t", " "), " ")
	rest = strings.Trim(strings.TrimSpace(rest), `"`)
	switch word {
	case "":
	case "#include", "@include":
		if !strings.HasPrefix(rest, "/") {
			rest = path.Join(path.Dir(file), rest)
		}
		s.file(rest, depth+1)
	case "#includedir", "@includedir":
		s.folder(rest, depth+1)
	case "User_Alias":
		s.aliases(rest)
	case "Host_Alias", "Runas_Alias", "Cmnd_Alias", "Cmd_Alias":
	default:
		if text = uncomment(text); strings.HasPrefix(text, "Defaults") {
			s.defaults(file, line, text)
		} else if text != "" {
			s.grant(file, line, text)
		}
	}
}

var comment = regexp.MustCompile(`(^|[^\\\w])#([^-0-9].*|$)`)

// uncomment cuts a comment off. A "#" before a number is a user ID.
func uncomment(text string) string {
	if at := comment.FindStringIndex(text); at != nil && !strings.Contains(text[:at[0]], `"`) {
		return strings.TrimSpace(strings.TrimSuffix(text[:at[0]+1], "#"))
	}
	return text
}

// aliases reads "NAME = a, b : OTHER = c".
func (s *sudoer) aliases(text string) {
	for one := range strings.SplitSeq(text, ":") {
		if name, members, ok := strings.Cut(one, "="); ok {
			s.alias[strings.TrimSpace(name)] = commaList(members)
		}
	}
}

// commaList splits names at commas. A backslash keeps a blank in a name.
func commaList(text string) []string {
	var names []string
	for name := range strings.SplitSeq(text, ",") {
		if name = strings.Trim(strings.TrimSpace(name), `"`); name != "" {
			names = append(names, strings.ReplaceAll(name, `\`, ""))
		}
	}
	return names
}

// defaults looks for "!authenticate", which is NOPASSWD for everybody or for the users behind "Defaults:".
func (s *sudoer) defaults(file string, line int, text string) {
	scope, options, _ := strings.Cut(text, " ")
	if !strings.Contains(strings.ReplaceAll(options, "! ", "!"), "!authenticate") {
		return
	}
	r := sudoRule{who: []string{"ALL"}, noPassword: true, file: file, line: line}
	if users, some := strings.CutPrefix(scope, "Defaults:"); some {
		r.who = commaList(users)
	}
	s.rules = append(s.rules, r)
}

var (
	commas   = regexp.MustCompile(`\s*,\s*`)
	noPasswd = regexp.MustCompile(`NOPASSWD\s*:\s*(\w+\s*:\s*)*(ALL\b)?`)
)

// grant reads "USERS HOSTS = (RUNAS) TAGS: COMMANDS".
func (s *sudoer) grant(file string, line int, text string) {
	left, right, ok := strings.Cut(text, "=")
	left = commas.ReplaceAllString(strings.TrimSpace(left), ",")
	fields := strings.Fields(strings.ReplaceAll(left, `\ `, "\x00"))
	if !ok || len(fields) != 2 {
		s.in.unknown(file, line, errors.New("the line is none that sudoers(5) describes"))
		return
	}
	r := sudoRule{who: commaList(strings.ReplaceAll(fields[0], "\x00", " ")), file: file, line: line}
	for _, m := range noPasswd.FindAllStringSubmatch(right, -1) {
		r.some = true
		r.noPassword = r.noPassword || m[2] != ""
	}
	s.rules = append(s.rules, r)
}

// judge reports a rule once for each whom it names.
func (s *sudoer) judge(r sudoRule) {
	for _, who := range s.expand(r.who, 0) {
		person := who[0] != '%' && who[0] != '+' && who[0] != '!' && who != "ALL"
		uid, exists := s.users[who]
		switch {
		case person && isBuilder(who):
			s.in.report(sudoBuilder, r.file, r.line, "%s", who)
		case person && !exists && (r.noPassword || r.some):
			s.in.report(sudoMissing, r.file, r.line, "%s", who)
		case who == "root" || who == "#0" || who[0] == '!':
		case r.noPassword && (who == "ALL" || person && uid < firstPerson):
			s.in.report(sudoService, r.file, r.line, "%s", describe(who))
		case r.noPassword:
			s.in.report(sudoNoPassword, r.file, r.line, "%s", describe(who))
		}
	}
}

func describe(who string) string {
	switch {
	case who == "ALL":
		return "everybody"
	case who[0] == '%':
		return "the group " + who[1:]
	}
	return who
}

// expand replaces aliases by whom they stand for.
func (s *sudoer) expand(who []string, depth int) []string {
	var all []string
	for _, w := range who {
		if members, alias := s.alias[w]; alias && depth < 16 {
			all = append(all, s.expand(members, depth+1)...)
		} else {
			all = append(all, w)
		}
	}
	return all
}
