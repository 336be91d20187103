package secrets

import (
	"bytes"
	"encoding/base64"
	"regexp"
	"slices"
	"sync"
)

func (p pattern) rule() rule {
	r := rule{rank: p.rank, Rule: Rule{ID: p.id, Title: p.title, Why: p.why, Fix: p.fix, Severity: p.severity}}
	if r.Severity == "" {
		r.Severity = High
	}
	if r.rank == rankGuess {
		r.rank = rankNamed
	}
	return r
}

func (p pattern) trigger(r *rule) trigger {
	anchor := "(?i)"
	if p.back == 0 {
		anchor = "(?i)^"
	}
	expr := sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(anchor + "(?:" + p.expr + ")") })
	return trigger{literals: p.words, find: func(f *feed, start, end int) {
		if f.place.sample || p.site && f.place.vendor {
			return
		}
		if p.back == 0 && isAlnum(f.buf[start]) && start > 0 && isAlnum(f.buf[start-1]) {
			return
		}
		left := len(f.before(start, p.back))
		text := f.after(start-left, left+1024)
		m := expr().FindSubmatchIndex(text)
		if m == nil || m[0] > left || m[1] <= left {
			return
		}
		from, to := m[0], m[1]
		for i := 2; i < len(m); i += 2 {
			if m[i] >= 0 {
				from, to = m[i], m[i+1]
				break
			}
		}
		secret := text[from:to]
		at := start - left + from
		l := p.level
		if f.place.level == strict || f.binary || f.comment(at) {
			l = strict
		}
		if slices.Contains(p.except, f.place.base) || p.hash && entropy(secret) < 4 || !p.hash && !looksSecret(secret, l) || p.valid != nil && !p.valid(secret) {
			return
		}
		f.report(r, at, at+len(secret), secret)
	}}
}

// headerSecret: a bearer's token looks random; Basic is user:password in base64.
func headerSecret(v []byte) bool {
	if bytes.HasPrefix(v, []byte("eyJ")) { // a JSON Web Token, which has a rule of its own
		return false
	}
	if random(v) {
		return true
	}
	plain, err := base64.StdEncoding.DecodeString(string(v))
	if err != nil {
		plain, err = base64.RawStdEncoding.DecodeString(string(v))
	}
	_, password, ok := bytes.Cut(plain, []byte{':'})
	return err == nil && ok && printableText(plain) && looksSecret(password, lax)
}
