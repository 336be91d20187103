package accounts

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// sshdConfig is what sshd's configuration sets, in the order in which sshd reads it.
type sshdConfig struct {
	settings []setting
	program  string // where sshd lies; empty where it is not installed and not configured
}

// setting is one line.
type setting struct {
	key   string // lower case
	value string
	file  string
	line  int
	match string // the condition of the Match block that it stands in; empty outside
}

// sshd reads the configuration with all that it includes, and the options on sshd's command line, which come first.
func (in *inspector) sshd() *sshdConfig {
	c := &sshdConfig{}
	for _, program := range []string{"/usr/sbin/sshd", "/usr/bin/sshd", "/usr/lib/ssh/sshd"} {
		if in.exists(program) {
			c.program = program
			break
		}
	}
	file := in.sshdArguments(c)
	if file == "" {
		file = "/etc/ssh/sshd_config"
		if !in.exists(file) {
			file = "/usr/etc/ssh/sshd_config" // SUSE
		}
	}
	if c.program == "" && in.exists(file) {
		c.program = file
	}
	in.sshdFile(c, file, "", 0)
	return c
}

// sshdFile reads one file. A Match block ends with the file that it began in.
func (in *inspector) sshdFile(c *sshdConfig, file, match string, depth int) {
	content, ok := in.read(file)
	if !ok {
		return
	}
	if depth > 16 {
		in.unknown(file, 0, fmt.Errorf("more than 16 files include one another"))
		return
	}
	line := 0
	for text := range strings.Lines(content) {
		line++
		s, ok := parseSetting(text)
		if !ok {
			continue
		}
		s.file, s.line = file, line
		switch s.key {
		case "match":
			if match = s.value; strings.EqualFold(match, "all") {
				match = ""
			}
		case "include":
			for _, pattern := range split(s.value) {
				if !strings.HasPrefix(pattern, "/") {
					pattern = path.Join("/etc/ssh", pattern)
				}
				for _, name := range in.glob(pattern) {
					in.sshdFile(c, name, match, depth+1)
				}
			}
		default:
			s.match = match
			c.settings = append(c.settings, s)
		}
	}
}

// parseSetting splits "Key value" or "Key=value". Keys are in any case; a value may stand in double quotes.
func parseSetting(text string) (setting, bool) {
	text = strings.TrimSpace(text)
	if text == "" || text[0] == '#' {
		return setting{}, false
	}
	end := strings.IndexAny(text, " \t=\"")
	if end <= 0 {
		return setting{}, false
	}
	value := strings.TrimLeft(text[end:], " \t")
	value = strings.TrimLeft(strings.TrimPrefix(value, "="), " \t")
	if at := strings.Index(value, " #"); at >= 0 && !strings.Contains(value[at:], `"`) {
		value = strings.TrimRight(value[:at], " \t")
	}
	return setting{key: strings.ToLower(text[:end]), value: value}, true
}

// split cuts a value at blanks; quotes keep words together.
func split(value string) []string {
	var out []string
	for value = strings.TrimSpace(value); value != ""; value = strings.TrimSpace(value) {
		var word string
		if rest, quoted := strings.CutPrefix(value, `"`); quoted {
			word, value, _ = strings.Cut(rest, `"`)
		} else if at := strings.IndexAny(value, " \t"); at >= 0 {
			word, value = value[:at], value[at:]
		} else {
			word, value = value, ""
		}
		out = append(out, word)
	}
	return out
}

// word is the first word of a value, without quotes and in lower case.
func (s setting) word() string {
	if w := split(s.value); len(w) > 0 {
		return strings.ToLower(w[0])
	}
	return ""
}

// first returns the setting that counts outside Match blocks: the first one.
func (c *sshdConfig) first(keys ...string) (setting, bool) {
	for _, s := range c.settings {
		if s.match == "" && slices.Contains(keys, s.key) {
			return s, true
		}
	}
	return setting{}, false
}

// matched returns the settings of a key inside Match blocks.
func (c *sshdConfig) matched(keys ...string) []setting {
	var found []setting
	for _, s := range c.settings {
		if s.match != "" && slices.Contains(keys, s.key) {
			found = append(found, s)
		}
	}
	return found
}

// keyFiles lists the values of AuthorizedKeysFile, with those of Match blocks, or the default.
func (c *sshdConfig) keyFiles() []keyFile {
	values := c.matched("authorizedkeysfile")
	list := ".ssh/authorized_keys .ssh/authorized_keys2"
	if s, set := c.first("authorizedkeysfile"); set {
		list = s.value
	}
	var files []keyFile
	for _, s := range append(values, setting{value: list}) {
		for _, w := range split(s.value) {
			if !strings.EqualFold(w, "none") && !slices.Contains(files, keyFile(w)) {
				files = append(files, keyFile(w))
			}
		}
	}
	return files
}

// sshdArguments adds the options that the service starts sshd with, and returns the file that -f names.
func (in *inspector) sshdArguments(c *sshdConfig) (file string) {
	sources := []string{"/etc/default/ssh", "/etc/sysconfig/sshd", "/etc/sysconfig/ssh"}
	for _, unit := range []string{"ssh.service", "sshd.service"} {
		sources = append(sources, "/etc/systemd/system/"+unit)
		sources = append(sources, in.glob("/etc/systemd/system/"+unit+".d/*.conf")...)
	}
	for _, source := range sources {
		content, ok := in.read(source)
		if !ok {
			continue
		}
		line := 0
		for text := range strings.Lines(content) {
			line++
			text = strings.TrimSpace(text)
			name, value, ok := strings.Cut(text, "=")
			if !ok || !slices.Contains([]string{"SSHD_OPTS", "OPTIONS", "SSHD_OPTIONS", "ExecStart"}, name) {
				continue
			}
			arguments := split(strings.NewReplacer(`"`, " ", "'", " ").Replace(value))
			for i := 0; i < len(arguments); i++ {
				option, rest := arguments[i], ""
				if !strings.HasPrefix(option, "-o") && !strings.HasPrefix(option, "-f") {
					continue
				}
				option, rest = option[:2], option[2:]
				if rest == "" && i+1 < len(arguments) {
					i++
					rest = arguments[i]
				}
				if option == "-f" {
					file = rest
				} else if s, ok := parseSetting(strings.Replace(rest, "=", " ", 1)); ok {
					s.file, s.line = source, line
					c.settings = append(c.settings, s)
				}
			}
		}
	}
	return file
}

// glob lists what a pattern with wildcards in its last name finds, sorted, as sshd's Include does.
func (in *inspector) glob(pattern string) []string {
	dir, last := path.Split(pattern)
	if !strings.ContainsAny(last, `*?[`) {
		return []string{pattern}
	}
	d, err := in.root.OpenDir(dir)
	if err != nil {
		if !absent(err) {
			in.unknown(dir, 0, err)
		}
		return nil
	}
	defer d.Close()
	entries, err := d.ReadDir()
	if err != nil {
		in.unknown(dir, 0, err)
	}
	var names []string
	for _, e := range entries {
		if ok, _ := path.Match(last, e.Name()); ok && (e.Name()[0] != '.' || last[0] == '.') {
			names = append(names, path.Join(dir, e.Name()))
		}
	}
	return names
}
