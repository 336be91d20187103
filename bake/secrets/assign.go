package secrets

import "bytes"

// maxName and maxValue bound what is taken for the two sides of an assignment, in bytes.
const (
	maxName  = 96
	maxValue = 1024
)

// assignment is called where a word that names secrets stands. It takes the name around it, finds the value behind it,
// and reports it when both look the part.
func (f *feed) assignment(start, end int) {
	text := f.after(start, maxName+maxValue+256)
	stop := end - start
	for stop < len(text) && stop < maxName && nameByte(text[stop]) {
		stop++
	}
	if f.base+int64(start+stop) <= f.name {
		return
	}
	f.name = f.base + int64(start+stop)
	for stop > end-start && !isAlnum(text[stop-1]) {
		stop--
	}
	v, ok := valueAfter(text, stop)
	if !ok {
		return
	}
	left := f.before(start, maxName)
	first := len(left)
	for first > 0 && nameByte(left[first-1]) {
		first--
	}
	switch {
	case v.tag && (first == 0 || left[first-1] != '<') && !foldSuffix(left[:first], "<key>") && !foldSuffix(left[:first], "<name>"):
		return
	case v.spaced && !bytes.HasPrefix(left[first:], []byte("-")) && !directive(left[:first]): // --password VALUE
		return
	case v.bare && !opensLine(left[:first]):
		v.to = inlineEnd(text, v)
	}
	var name [2 * maxName]byte
	f.judge(append(append(name[:0], left[first:]...), text[:stop]...), v, start)
}

// opensLine: nothing but indentation, an export or a list's dash stands in front of the name.
func opensLine(left []byte) bool {
	line := left[bytes.LastIndexAny(left, "\n\r")+1:]
	word := string(bytes.Trim(line, " \t\"'"))
	return word == "" || word == "export" || word == "-" || word == "set" || word == "ENV" || word == "local" || word == "declare -x"
}

// directive: what stands in front takes a name and a value with nothing but a blank between them: shells other than POSIX',
// Dockerfiles, web servers, C.
func directive(left []byte) bool {
	line := bytes.ToLower(bytes.TrimSpace(left[bytes.LastIndexAny(left, "\n\r")+1:]))
	switch word := string(line[bytes.LastIndexAny(line, " \t")+1:]); word {
	case "setenv", "env", "arg", "#define", "fastcgi_param", "uwsgi_param", "scgi_param", "-gx", "-ux", "-xg", "-xu", "--export":
		return true
	case "-x":
		return bytes.HasPrefix(line, []byte("set "))
	}
	return false
}

// inlineEnd cuts a bare value at what closes it within a line.
func inlineEnd(text []byte, v value) int {
	if n := bytes.IndexAny(text[v.from:v.to], "&|,;\"'<>)}]"); n >= 0 {
		return v.from + n
	}
	return v.to
}

// judge reports the value of an assignment when name and value look like a secret. at is where v's offsets start.
func (f *feed) judge(name []byte, v value, at int) {
	kind := nameKind(name)
	text := f.after(at, maxName+maxValue+256)[v.from:v.to]
	if kind == nothing || f.place.sample || f.program || f.place.quoted && v.bare && !v.tag {
		return
	}
	l := f.place.level
	if publicID(name, text) || foldSuffix(name, "pass") && len(name) == 4 && identifier(text) {
		return
	}
	own := f.place.format != nil && f.place.format.lax && !f.comment(at)
	if own {
		l = f.place.formatLevel()
	} else if l == normal && (f.binary || f.comment(at) || f.machineCode(at, at+v.to)) {
		l = strict
	}
	if own && looksSecret(text, l) && (kind == word || looksKey(text, l)) {
		f.report(f.job.s.rules[f.place.format.id], at+v.from, at+v.to, text)
		return
	}
	if kind == word {
		if looksSecret(text, l) {
			f.report(f.job.s.rules["password-assignment"], at+v.from, at+v.to, text)
		}
		return
	}
	service := serviceOf(name)
	switch {
	case plural(name) && !random(text):
	case !looksKey(text, l) || l == strict && service == "" && (uuid(text) || fingerprint(text)):
	case service != "":
		f.report(f.job.s.rules["service-key"].of(service), at+v.from, at+v.to, text)
	default:
		f.report(f.job.s.rules["key-assignment"], at+v.from, at+v.to, text)
	}
}

// plural: a set of secrets, whose value is more often where they are than what they are.
func plural(name []byte) bool {
	last := name[len(name)-1]
	return (last == 's' || last == 'S') && !foldSuffix(name, "pass") && !foldSuffix(name, "access")
}

// looksKey judges what a machine made: longer than a password, and never a plain word.
func looksKey(v []byte, l level) bool {
	if l == strict {
		return len(v) >= 16 && looksSecret(v, l)
	}
	if !looksSecret(v, l) || len(v) < 8 {
		return false
	}
	digits, symbols, upper, lower := census(v)
	return l == lax || random(v) || symbols == 0 && len(v) >= 20 && digits > 1 && upper+lower > 1 && wordy(v) < 0.5 || uuid(v) || digits > 0 && lower > 0 && upper+symbols > 0 && wordy(v) < 0.6 || len(v) >= 32 && upper+lower > 0 && wordy(v) < 0.3
}

// publicID: the name would be a secret's, but the value is an identity that others may know: a PGP key to sign with, an AWS
// access key, which has a rule of its own, and keys that services make for web pages.
func publicID(name, v []byte) bool {
	for _, mark := range [...]string{"pk.eyJ", "pk_live_", "pk_test_"} {
		if bytes.HasPrefix(v, []byte(mark)) {
			return true
		}
	}
	return foldSuffix(name, "signingkey") && fingerprint(v) || len(v) >= 20 && (bytes.HasPrefix(v, []byte("AKIA")) || bytes.HasPrefix(v, []byte("ASIA"))) && allOf(v[4:20], upperDigits)
}

// identifier: three words or more, as names of tests behind "PASS:".
func identifier(v []byte) bool {
	humps := 0
	for i := 1; i < len(v); i++ {
		if kindOf(v[i]) == 'A' && kindOf(v[i-1]) != 'A' || v[i] == '_' || v[i] == '/' || v[i] == '.' {
			humps++
		}
	}
	return humps > 1 && wordy(v) > 0.4
}

func uuid(v []byte) bool {
	if len(v) != 36 {
		return false
	}
	for i, c := range v {
		if dash := i == 8 || i == 13 || i == 18 || i == 23; dash != (c == '-') || !dash && !isHex(c) {
			return false
		}
	}
	return true
}

// fingerprint: hexadecimal digits as long as a digest or a PGP key id.
func fingerprint(v []byte) bool {
	return (len(v) == 16 || len(v) == 40 || len(v) == 32 || len(v) == 64 || len(v) == 128) && hexOnly(v)
}

// comment: the line is one in most languages, up to here.
func (f *feed) comment(at int) bool {
	line := bytes.TrimLeft(f.line(at, 512), " \t")
	for _, mark := range [...]string{"#", ";", "//", "/*", "*", "--", "<!--", "rem ", "REM ", "dnl ", `.\"`, "%"} {
		if bytes.HasPrefix(line, []byte(mark)) {
			return !bytes.HasPrefix(line, []byte("#!")) && !bytes.HasPrefix(line, []byte("#cloud-config")) && !(mark == "--" && !bytes.HasPrefix(line, []byte("-- ")))
		}
	}
	return inComment(f.before(at, behind))
}

// inComment: a comment of XML was opened and not closed. It goes over any number of lines.
func inComment(before []byte) bool {
	n := bytes.LastIndex(before, []byte("<!--"))
	return n >= 0 && !bytes.Contains(before[n:], []byte("-->"))
}

// machineCode: control characters nearby show that this is no text.
func (f *feed) machineCode(from, to int) bool {
	for _, c := range f.buf[max(0, from-24):min(len(f.buf), to+24)] {
		if c < 7 || c > 13 && c < 27 || c == 127 {
			return true
		}
	}
	return false
}

func nameByte(c byte) bool { return isAlnum(c) || c == '_' || c == '-' || c == '.' }
