package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync"

	"github.com/leaven-dev/leaven/bake"
	"github.com/leaven-dev/leaven/bake/packages"
	"github.com/leaven-dev/leaven/bake/secrets"
	"github.com/leaven-dev/leaven/bake/sweep"
	"github.com/leaven-dev/leaven/internal/rootfs"
)

// files searches the files of a tree for secrets.
type files struct {
	plan    *bake.Plan
	options Options
	scanner *secrets.Scanner
	owned   *packages.Database
	foreign map[string]rootfs.Mount
	buffers sync.Pool
	counts  counts

	mu    sync.Mutex
	found []bake.Finding
	more  int // findings beyond maxFound
	notes []string
}

// maxFound is how many findings are kept of the search for secrets: more say no more, and must not fill the memory. What
// could not be searched is always kept.
const maxFound = 5_000

// counts say what became of the files.
type counts struct {
	searched  int
	taken     int // go when the image is baked
	packaged  int // as a package installed them
	baselined int // as they were when the build began
}

func searchFiles(ctx context.Context, root *rootfs.Root, plan *bake.Plan, o Options) ([]bake.Finding, []string, error) {
	scanner, err := secrets.New(secrets.Options{Salt: o.Salt})
	if err != nil {
		return nil, nil, err
	}
	mounts, err := bake.ForeignMounts(root, o.Cross)
	if err != nil {
		return nil, nil, err
	}
	s := &files{plan: plan, options: o, scanner: scanner, owned: &packages.Database{}, foreign: map[string]rootfs.Mount{}}
	s.buffers.New = func() any { return new(bytes.Buffer) }
	for _, m := range mounts {
		s.foreign[m.Point] = m
	}
	if !o.Full || o.Baseline != nil { // which tells of changed checksums, whatever is searched
		s.readPackages(root)
	}
	sweeping := sweep.Sweep{Root: root, Enter: s.enter, Want: s.want, Visit: s.visit, Fail: s.fail}
	err = sweeping.Run(ctx)
	return s.found, append(s.notes, s.sum()...), err
}

// readPackages reads the package database, and takes out of it what a baseline shows to have been tampered with.
func (s *files) readPackages(root *rootfs.Root) {
	owned, err := packages.Read(root)
	if err != nil {
		s.notes = append(s.notes, fmt.Sprintf("every file was searched: %v", err))
		return
	}
	s.owned = owned
	for _, p := range owned.Problems {
		s.notes = append(s.notes, p+"; its files were searched like all others")
	}
	if s.options.Baseline == nil {
		return
	}
	for _, p := range s.options.Baseline.Retouched(owned.Packages()) {
		owned.Distrust(p)
		place := "/var/lib/rpm"
		if p.Manager == "dpkg" {
			place = "/var/lib/dpkg/info/" + p.Name + ".md5sums"
		}
		c := ownChecks()[1]
		s.report(bake.Finding{
			Rule: retouched, Path: bake.Quote(place), Severity: c.Severity, State: bake.Dirty,
			Message: fmt.Sprintf("the checksums of %s %s are others than when the build began", p.Name, p.Version), Fix: c.Fix,
		})
	}
}

func (s *files) report(f bake.Finding) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.found) >= maxFound && f.State == bake.Dirty {
		s.more++
		return
	}
	s.found = append(s.found, f)
}

// enter keeps out of what is mounted and no part of the image. What lies in memory holds nothing of it; what comes from a
// file of the image is searched there.
func (s *files) enter(dir string) bool {
	m, mounted := s.foreign[dir]
	switch {
	case !mounted:
		return true
	case m.Volatile():
	case m.Type == "squashfs", m.Type == "overlay":
		s.mu.Lock()
		s.notes = append(s.notes, fmt.Sprintf("%s was not searched: what is mounted there (%s) is made from files that were", bake.Quote(dir), m.Type))
		s.mu.Unlock()
	default:
		s.fail(dir, fmt.Errorf("a %s file system is mounted there, so what the image holds below it cannot be seen: unmount it, or name it with --cross", m.Type))
	}
	return false
}

// want leaves out files by what is known without opening them. It is called from one goroutine.
func (s *files) want(name string, info fs.FileInfo) bool {
	if _, mounted := s.foreign[name]; mounted {
		return false
	}
	if it := s.plan.Gone(name); it != nil {
		s.counts.taken++
		return false
	}
	if b := s.options.Baseline; b != nil && !s.options.Full {
		if e, known := b.Files[name]; known && e.Same(info) {
			s.counts.baselined++
			return false
		}
	}
	return true
}

// visit searches one file, unless its content is known.
func (s *files) visit(f sweep.File) {
	buffer := s.buffers.Get().(*bytes.Buffer)
	defer s.buffers.Put(buffer)
	content, known, err := s.compare(f, buffer)
	if err == nil && known == nil {
		var hits []secrets.Hit
		hits, err = s.scanner.Scan(f.Path, content, f.Info.Size())
		for _, h := range hits {
			s.report(finding(f.Path, h))
		}
		known = &s.counts.searched
	}
	if err != nil {
		s.fail(f.Path, err)
		return
	}
	s.mu.Lock()
	*known++
	s.mu.Unlock()
}

// fail records what could not be searched.
func (s *files) fail(name string, err error) {
	c := ownChecks()[0]
	text := err.Error()
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		text = pe.Err.Error() // the path stands in the finding
	}
	s.report(bake.Finding{
		Rule: unread, Path: bake.Quote(name), Severity: bake.Error, State: bake.Unknown,
		Message: "cannot tell what is in it: " + bake.Quote(text), Fix: c.Fix,
	})
}

// finding is a hit as an audit reports it.
func finding(name string, h secrets.Hit) bake.Finding {
	message := h.Title
	if h.Where != "" {
		message += ", inside: " + bake.Quote(strings.TrimPrefix(h.Where, "!"))
	}
	return bake.Finding{
		Rule: h.Rule, Path: bake.Quote(path.Clean(name)), Line: h.Line, Severity: severity(h.Severity), State: bake.Dirty,
		Message: message, Fix: h.Fix, Hash: h.Hash,
	}
}

// sum says in words what the audit rests on.
func (s *files) sum() []string {
	c := s.counts
	var notes []string
	note := func(n int, format string, args ...any) {
		if n > 0 {
			notes = append(notes, count(n, "file")+" "+fmt.Sprintf(format, args...))
		}
	}
	note(c.searched, "searched for secrets")
	note(c.packaged, "left out because they are as their packages installed them, by the checksums of %s; these lie in the image itself: --full searches every file",
		strings.Join(s.owned.Managers(), " and "))
	note(c.baselined, "left out because they are as they were when the build began: --full searches every file")
	note(c.taken, "not searched because baking takes their content")
	if s.more > 0 {
		notes = append(notes, fmt.Sprintf("%d more findings are not listed: deal with these first", s.more))
	}
	return notes
}
