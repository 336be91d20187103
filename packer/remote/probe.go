package remote

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Facts are what a probe found.
type Facts struct {
	UID      int
	System   string // uname -s
	Arch     string // uname -m
	Sudo     string // path of sudo; empty when there is none
	FreeSudo bool   // sudo asks for no password
	Terminal bool   // commands run on a terminal (ssh_pty = true), which spoils binary input
	Staging  string // folder made for this run: writable by the login user only, programs run in it
}

// Whether programs run in a folder is found by running one: noexec shows in no permission bits.
const probeScript = `n=$1; shift; say() { printf "leaven-%s %s\n" "$n" "$*"; }; ` +
	`say uid "$(id -u)"; say system "$(uname -s)"; say arch "$(uname -m)"; [ -t 0 ] && say terminal yes; ` +
	`s=$(command -v sudo) && say sudo "$s" && sudo -n true 2>/dev/null && say free yes; ` +
	`umask 077; for d in "$@"; do ` +
	`d=$(cd -P -- "$d" >/dev/null 2>&1 && pwd -P) || continue; t=$d/leaven-$n; mkdir -- "$t" 2>/dev/null || continue; ` +
	`printf "#!/bin/sh\nexit 0\n" >"$t/try" && chmod 700 "$t/try" && "$t/try" 2>/dev/null && rm -f -- "$t/try" && say staging "$t" && break; ` +
	`rm -rf -- "$t"; done; say end`

// Probe looks at the far side and makes the staging folder there, in one command.
func (m *Machine) Probe(ctx context.Context) (Facts, error) {
	answers, err := m.ask(ctx, script(probeScript, append([]string{m.id}, m.candidates()...)...), nil)
	if err != nil {
		return Facts{}, fmt.Errorf("cannot probe the far side: %w", err)
	}
	uid, err := strconv.Atoi(answers["uid"])
	if err != nil {
		return Facts{}, fmt.Errorf("cannot probe the far side: its user id reads %q", answers["uid"])
	}
	m.facts = Facts{
		UID: uid, System: answers["system"], Arch: answers["arch"],
		Sudo: answers["sudo"], FreeSudo: answers["free"] == "yes",
		Terminal: answers["terminal"] == "yes", Staging: answers["staging"],
	}
	if err := m.usable(); err != nil {
		return m.facts, err
	}
	return m.facts, m.tryRoot(ctx)
}

// usable says why the far side cannot be sealed as it is.
func (m *Machine) usable() error {
	f := m.facts
	switch {
	case f.Staging == "" && m.opts.Staging != "":
		return fmt.Errorf("cannot stage the agent in %s: uid %d cannot write there, or programs do not run there (noexec); set another staging_directory", m.opts.Staging, f.UID)
	case f.Staging == "":
		return fmt.Errorf("cannot stage the agent: uid %d finds no folder to write and run programs in among %s; set staging_directory", f.UID, strings.Join(m.candidates(), ", "))
	case f.UID == 0:
		return nil
	case f.Sudo == "":
		return fmt.Errorf("cannot become root: the login user has uid %d and there is no sudo; log in as root or install sudo", f.UID)
	case !f.FreeSudo && m.opts.Password == "":
		return errors.New("cannot become root: sudo asks for a password; set sudo_password, or log in as root")
	}
	return nil
}

const rootScript = `printf "leaven-%s uid %s\nleaven-%s end\n" "$1" "$(id -u)" "$1"`

// tryRoot makes sure that sudo works before anything is uploaded: the agent could not tell why it does not start.
func (m *Machine) tryRoot(ctx context.Context) error {
	if m.facts.UID == 0 {
		return nil
	}
	words, stdin := m.asRoot("/bin/sh", "-c", rootScript, "leaven", m.id)
	answers, err := m.ask(ctx, quote(words...), stdin)
	switch {
	case context.Cause(ctx) != nil:
		return err
	case err != nil && !m.facts.FreeSudo:
		return fmt.Errorf("cannot become root: sudo does not take sudo_password, or does not let uid %d run programs: %w", m.facts.UID, err)
	case err != nil:
		return fmt.Errorf("cannot become root: sudo does not let uid %d run programs: %w", m.facts.UID, err)
	case answers["uid"] != "0":
		return fmt.Errorf("cannot become root: sudo makes it uid %s", answers["uid"])
	}
	return nil
}
