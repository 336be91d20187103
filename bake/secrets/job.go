package secrets

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// maxHits bounds the report on one file: a dump of a million passwords is as bad as one of a thousand.
const maxHits = 1000

// maxDepth bounds archives and encodings inside one another.
const maxDepth = 8

// A job is one call of Scan.
type job struct {
	s        *Scanner
	name     string
	file     any    // the reader that the caller gave
	parts    []part // what of a sparse file is data; nil when all is
	start    time.Time
	expanded int64 // bytes that came out of archives and encodings
	hits     []Hit
	window   int64 // bytes that the decompressors at work may hold
	gap      error // the first thing that was not looked at
}

// note keeps the first error that says that something was not looked at.
func (j *job) note(err error) {
	if j.gap == nil && err != nil {
		j.gap = err
	}
}

// incomplete notes that something was not looked at.
func (j *job) incomplete(format string, args ...any) {
	j.note(fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), ErrIncomplete))
}

// late says when the time for this file is up.
func (j *job) late() error {
	if max := j.s.options.MaxTime; time.Since(j.start) > max {
		return fmt.Errorf("it takes more than %v: %w", max, ErrIncomplete)
	}
	return nil
}

// spend counts n bytes that came out of an archive or encoding, and says when that is too much.
func (j *job) spend(n int) error {
	j.expanded += int64(n)
	if max := j.s.options.MaxExpand; j.expanded > max {
		return fmt.Errorf("it unfolds to more than %d MiB: %w", max>>20, ErrIncomplete)
	}
	return j.late()
}

// report adds a hit for f.buf[from:to], unless the same bytes were reported by a rule that says as much or more.
func (f *feed) report(r *rule, from, to int, secret []byte) {
	covers := span{from: f.base + int64(from), to: f.base + int64(to), rank: r.rank, hit: -1}
	for i, old := range f.spans {
		if old.from < covers.to && covers.from < old.to {
			if old.rank >= covers.rank {
				return
			}
			covers.hit = old.hit
			f.spans = slices.Delete(f.spans, i, i+1)
			break
		}
	}
	h := Hit{
		Rule: r.ID, Title: r.Title, Severity: r.Severity, Fix: r.Fix,
		Line: f.lineAt(from), Offset: f.offsetAt(from), Where: f.where, Hash: Sum(f.job.s.options.Salt, secret),
	}
	allowed := slices.ContainsFunc(f.job.s.options.Allow, func(a Allow) bool { return a.covers(f.job.name, h) })
	switch {
	case allowed && covers.hit >= 0:
		// What was reported before is the same secret under a vaguer name.
		f.job.hits[covers.hit].Rule = ""
	case allowed || len(f.job.hits) >= maxHits:
	case covers.hit >= 0:
		f.job.hits[covers.hit] = h
	case !slices.ContainsFunc(f.job.hits, func(o Hit) bool {
		return o.Hash == h.Hash && o.Line == h.Line && (strings.HasPrefix(h.Where, o.Where) || o.Line == 0)
	}):
		covers.hit = len(f.job.hits)
		f.job.hits = append(f.job.hits, h)
	}
	if len(f.spans) > 256 {
		f.spans = slices.DeleteFunc(f.spans, func(old span) bool { return old.to < f.base })
	}
	f.spans = append(f.spans, covers)
}

// covered: what stands at the offset was reported.
func (f *feed) covered(at int64) bool {
	return slices.ContainsFunc(f.spans, func(s span) bool { return s.from <= at && at < s.to })
}
