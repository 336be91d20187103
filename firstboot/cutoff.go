package firstboot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/leaven-dev/leaven/internal/journal"
)

// maxCutOff is how many runs of a stage may be cut off in one boot. systemd starts each anew; what crashes every time would go on
// for ever, and nobody would be told.
const maxCutOff = 3

// stepVariable is in the environment of a command, and of what it starts.
const stepVariable = "LEAVEN_STEP"

// cutOff sees to what runs of this boot left that were cut off before this one. Its error, if any, says that there were too many.
func (a *Agent) cutOff(rec StageRecord, b *book) error {
	if rec.Stage != Provision || rec.CutOff == 0 {
		return nil
	}
	var at []string
	ended := map[string]bool{}
	for _, s := range b.copy().Steps {
		if s.Boot != rec.Boot {
			continue
		}
		ended[s.ID] = s.Result == OK
		if s.Result == Running {
			at = append(at, s.ID)
		}
	}
	if a.Outside != nil {
		err := endCommands(func(step string) bool { return ended[step] }, func(text string) {
			a.Log(journal.Entry{Message: text, Level: journal.Warning, Stage: string(rec.Stage)})
		})
		if err != nil {
			a.Log(journal.Entry{Message: err.Error(), Level: journal.Warning, Stage: string(rec.Stage)})
		}
	}
	if rec.CutOff < maxCutOff {
		return nil
	}
	text := fmt.Sprintf("first boot was cut off %s in this boot: it crashed or was killed", count(rec.CutOff, "time"))
	if len(at) > 0 {
		text += ", the last time at " + strings.Join(at, ", ")
	}
	return WithCure(errors.New(text), "see `journalctl -b -u leaven-firstboot` and whether memory ran out (journalctl -b --dmesg --grep=oom); then run `leaven firstboot`")
}

// giveUp tells others that the instance failed, and does nothing else.
func (p *provision) giveUp(ctx context.Context, r *runner, why error) error {
	p.gaveUp = why
	p.ground()
	if err := p.read(ctx); err != nil { // the image's own configuration says who is told then
		p.agent.Log(journal.Entry{Message: oneLine(err).Error(), Level: journal.Warning, Stage: string(Provision)})
	}
	if err := r.run(ctx, p.report()); err != nil {
		return err
	}
	return why
}

// endCommands ends what commands of a run that was cut off have left at work, or a step would be at work twice. What belongs to a
// step that ended well stays: a daemon. The service manager does none of that (KillMode=process), so that a daemon lives on whatever
// becomes of Leaven.
//
// A process is known by its environment, and by the session of one that is known: sudo gives what it starts another environment. Only
// those in a control group of ours are looked at, as everybody can name a variable.
func endCommands(ended func(step string) bool, say func(string)) error {
	names, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return err
	}
	ours, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return fmt.Errorf("cannot look for what was left at work: %w", err)
	}
	const unit = ":/system.slice/leaven-firstboot.service\n" // where who runs it by hand finds what the unit started
	steps, sessions := map[int]string{}, map[int]string{}    // by process, by session
	members := map[int]int{}                                 // processes, with their sessions
	for _, name := range names {
		pid, err := strconv.Atoi(filepath.Base(name))
		if err != nil || pid == os.Getpid() {
			continue
		}
		group, err := os.ReadFile(name + "/cgroup")
		if err != nil || !bytes.Equal(group, ours) && !strings.Contains(string(group), unit) {
			continue // or it has ended meanwhile
		}
		session, step, err := commandOf(name)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, os.ErrProcessDone) {
			continue
		}
		if err != nil {
			return fmt.Errorf("cannot look for what was left at work: %w", err)
		}
		members[pid] = session
		if step != "" {
			steps[pid], sessions[session] = step, step
		}
	}
	var told []string
	for pid, session := range members {
		step := steps[pid]
		if step == "" {
			step = sessions[session]
		}
		if step == "" || ended(step) {
			continue
		}
		p, err := os.FindProcess(pid)
		if err == nil {
			err = p.Kill()
		}
		if err != nil && !errors.Is(err, os.ErrProcessDone) {
			return fmt.Errorf("cannot end what step %s left at work: %w", step, err)
		}
		if !slices.Contains(told, step) {
			told = append(told, step)
			say("ended what step " + step + " had left at work when first boot was cut off")
		}
	}
	return nil
}

// commandOf is the session of a process, and the step that its environment names.
func commandOf(proc string) (session int, step string, err error) {
	stat, err := os.ReadFile(proc + "/stat")
	if err != nil {
		return 0, "", err
	}
	// The name, in parentheses, may hold anything: proc_pid_stat(5). Behind it: state, parent, group, session.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 4 {
		return 0, "", os.ErrProcessDone
	}
	if session, err = strconv.Atoi(fields[3]); err != nil {
		return 0, "", err
	}
	environ, err := os.ReadFile(proc + "/environ")
	if err != nil {
		return session, "", err
	}
	for entry := range bytes.SplitSeq(environ, []byte{0}) {
		if name, ok := bytes.CutPrefix(entry, []byte(stepVariable+"=")); ok {
			step = string(name)
		}
	}
	return session, step, nil
}
