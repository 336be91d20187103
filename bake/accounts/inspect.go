package accounts

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"time"

	"github.com/leaven-dev/leaven/bake"
	"github.com/leaven-dev/leaven/internal/rootfs"
)

// guessing bounds what trying common passwords may cost in all, as time of the processor. Hashes are made to be slow: yescrypt
// as Debian sets it takes about 40 ms a try, so there are some 15 tries.
const guessing = 600 * time.Millisecond

// Look reports what the checks find in a tree, with the severities of a profile. Notes say how far it looked.
func Look(ctx context.Context, root *rootfs.Root, profile string) (found []bake.Finding, notes []string) {
	in := &inspector{root: root, profile: profile, checks: map[string]bake.Check{}, told: map[string]bool{}}
	for _, c := range Checks() {
		in.checks[c.ID] = c
	}
	in.modes()
	users := in.users()
	in.groups()
	in.guess(ctx, users, guessing)
	config := in.sshd()
	in.sshdSettings(config, users)
	in.authorizedKeys(config, users)
	in.sudo(users)
	return in.found, in.notes
}

// inspector collects what is found.
type inspector struct {
	root    *rootfs.Root
	profile string
	checks  map[string]bake.Check
	told    map[string]bool // files that were reported as unreadable
	found   []bake.Finding
	notes   []string
}

// report records what a check found; detail says what is particular to this place. Line is 0 where there is none.
func (in *inspector) report(id, path string, line int, format string, args ...any) {
	c := in.checks[id]
	severity := c.In(in.profile)
	if severity == "" {
		return
	}
	in.found = append(in.found, bake.Finding{
		Rule: id, Path: bake.Quote(path), Line: line, Severity: severity, State: bake.Dirty,
		Message: fmt.Sprintf(format, args...), Fix: c.Fix,
	})
}

// unknown records a place of which nobody can tell what it means.
func (in *inspector) unknown(path string, line int, err error) {
	key := fmt.Sprintf("%s:%d", path, line)
	if in.told[key] {
		return
	}
	in.told[key] = true
	in.found = append(in.found, bake.Finding{
		Rule: unreadable, Path: bake.Quote(path), Line: line, Severity: bake.Error, State: bake.Unknown,
		Message: "cannot tell who may log in: " + reason(err), Fix: in.checks[unreadable].Fix,
	})
}

// read returns a file's content; ok is false where it is not there or cannot be read, which is reported.
func (in *inspector) read(path string) (content string, ok bool) {
	data, err := in.root.ReadFile(path)
	if err == nil {
		return string(data), true
	}
	if !absent(err) {
		in.unknown(path, 0, err)
	}
	return "", false
}

// exists tells whether something is there. What cannot be looked at is reported, and counts as there.
func (in *inspector) exists(path string) bool {
	there, err := in.root.Exists(path)
	if err != nil && !absent(err) {
		in.unknown(path, 0, err)
		return true
	}
	return there
}

// absent tells that an error means that there is nothing.
func absent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ELOOP)
}

// reason is an error without the path, which stands in the finding already.
func reason(err error) string {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err.Error()
	}
	return bake.Quote(err.Error())
}
