package secrets

import (
	"bytes"
	"regexp"
	"sync"
)

// A token is a secret with a form of its own: its issuer gave it a mark, so that scanners find it wherever it stands.
type token struct {
	id, title string
	literals  []string // marks, in their exact case; the expression starts at the mark
	expr      string   // the first group, or else all of it, is the secret
	lead      string   // an expression for the part of the secret in front of the mark
	leads     int      // its length at least, in bytes
	key       bool     // a key rather than a token: published ones stand in tests and self-tests
	revoke    string   // where it is made void
	valid     func(secret []byte) bool
}

// tokenRule turns the data into a rule.
func (t token) rule() rule {
	why := "whoever starts a machine from the image can use it in its owner's name until it is revoked"
	if t.key {
		why = "whoever starts a machine from the image can decrypt, sign and log in in the key owner's place"
	}
	return rule{rank: rankExact, Rule: Rule{
		ID: t.id, Title: t.title, Severity: High,
		Why: why,
		Fix: "revoke it (" + t.revoke + "), remove it from the image, and fetch a new one at boot from a secret store",
	}}
}

// triggers of a token: one for each mark, because each must be met in its exact case.
func (t token) triggers(r *rule) []trigger {
	expr := sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile("^(?:" + t.expr + ")") })
	lead := sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile("(?:" + t.lead + ")$") })
	var out []trigger
	for _, mark := range t.literals {
		find := func(f *feed, start, _ int) {
			switch {
			case !bytes.HasPrefix(f.buf[start:], []byte(mark)):
			case t.lead != "":
				if text := f.before(start, 96); tail(text) >= t.leads {
					if m := lead().FindIndex(text); m != nil && startsWord(text[max(0, m[0]-2):m[0]]) {
						t.match(f, r, expr(), mark, start, m[1]-m[0])
					}
				}
			case startsWord(f.before(start, 2)), !nameByte(mark[0]):
				t.match(f, r, expr(), mark, start, 0)
			case f.binary && selfEvident(mark):
				if body := f.after(start+len(mark), 24); random(body) {
					t.match(f, r, expr(), mark, start, 0)
				}
			}
		}
		out = append(out, trigger{literals: []string{string(bytes.ToLower([]byte(mark)))}, find: find})
	}
	return out
}

func (t token) match(f *feed, r *rule, expr *regexp.Regexp, mark string, start, lead int) {
	if t.key && (f.place.sample || f.program) {
		return
	}
	text := f.after(start, 2048)
	m := expr.FindSubmatchIndex(text)
	if m == nil {
		return
	}
	from, to := m[0], m[1]
	for i := 2; i < len(m); i += 2 {
		if m[i] >= 0 {
			from, to = m[i], m[i+1]
			break
		}
	}
	secret := f.buf[start+from-lead : start+to]
	if body := bytes.TrimPrefix(secret, []byte(mark)); len(body) < 8 || !drawn(body) || f.job.s.listed(body) || t.valid != nil && !t.valid(secret) {
		return
	}
	f.report(r, start+from-lead, start+to, secret)
}

// drawn: a token's body looks drawn at random, and is neither an example nor masked.
func drawn(body []byte) bool {
	digits, _, upper, lower := census(body)
	if letters := upper + lower; letters > 12 && digits*6 < letters && wordy(body) > 0.45 && switches(body)*4 < len(body) {
		return false
	}
	return !placeholder(body, strict) && distinct(body) >= min(8, len(body)/2) && entropy(body) > 2.5
}

// listed: what looks like a token is a list of the marks that tokens begin with, run together as strings are in programs. Every
// scanner holds such a list, this one included. A token that was drawn at random holds two marks once in ten million times.
func (s *Scanner) listed(body []byte) bool {
	found := 0
	for _, mark := range s.marks {
		if bytes.Contains(body, []byte(mark)) {
			found++
		}
	}
	return found > 1
}

// selfEvident marks are met nowhere else, so they may stand right behind other text, as fields in databases do, when what
// follows is random for sure. The signs in them do not occur in base64.
func selfEvident(mark string) bool { return len(mark) >= 4 && bytes.ContainsAny([]byte(mark), "_-.~:") }

// startsWord: what stands in front is no part of a longer word. An escaped line end, as in JSON, is a border too.
func startsWord(before []byte) bool {
	if len(before) == 0 {
		return true
	}
	last := before[len(before)-1]
	if len(before) > 1 && before[len(before)-2] == '\\' && bytes.IndexByte([]byte("ntrbf"), last) >= 0 {
		return true
	}
	return !isAlnum(last) && last != '_' && last != '-'
}

// tail is the length of the run at the end of text of what tokens consist of.
func tail(text []byte) int {
	n := 0
	for n < len(text) && (nameByte(text[len(text)-1-n]) || bytes.IndexByte([]byte("~+/"), text[len(text)-1-n]) >= 0) {
		n++
	}
	return n
}
