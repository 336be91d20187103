package firstboot

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/leaven-dev/leaven/internal/rootfs"
	"github.com/leaven-dev/leaven/internal/seal"
)

// sealStep reports, at the first boot of an instance, an image that was not sealed, that was sealed and had something left, or
// that was touched since. It is said and recorded; that an image should not be used at all is for its pipeline to decide.
func (a *Agent) sealStep(b *book, who identification) Step {
	s := Step{
		ID:       "image-seal",
		Title:    "the image is sealed, and was not touched since",
		Policy:   Ignore,
		Deadline: quickly,
	}
	if rec, there := b.step(s.ID); there && rec.Result != Waiting {
		// What a later boot would see is the life of the instance.
		s.Check = func(context.Context) (Verdict, error) {
			if rec.Result == Failed {
				return Verdict{}, WithCure(errors.New(rec.Message), rec.Cure)
			}
			return Verdict{OK: true, Text: rec.Message}, nil
		}
		return s
	}
	s.Check = func(context.Context) (Verdict, error) {
		proof, err := seal.Read(a.Root)
		const cure = "bake the image with Leaven's provisioner, or seal it with `leaven bake`"
		switch {
		case err != nil:
			return Verdict{}, WithCure(err, cure)
		case len(proof.Left) > 0:
			return Verdict{}, WithCure(fmt.Errorf("sealing left something behind: %s", leftovers(proof.Left)), cure)
		case who.last != "" && who.last != who.ID:
			return Verdict{}, WithCure(fmt.Errorf("the image was made from the disk of instance %s, which had booted since it was sealed", who.last), cure)
		}
		touched, err := touchedSince(a.Root)
		if err != nil {
			return Verdict{}, err
		}
		if len(touched) > 0 {
			return Verdict{}, WithCure(fmt.Errorf("changed after the image was sealed: %s", strings.Join(touched, ", ")), cure)
		}
		return Verdict{OK: true, Text: fmt.Sprintf("sealed at %s by %s with profile %s", proof.Time.Format(time.RFC3339), proof.Version, proof.Profile)}, nil
	}
	return s
}

func leftovers(left []seal.Left) string {
	var all []string
	for _, l := range left {
		all = append(all, fmt.Sprintf("%s (%s, %s)", l.Rule, l.State, count(l.Paths, "path")))
	}
	return strings.Join(all, ", ")
}

// slack is how far apart in time changes of one shutdown may lie.
const slack = 2 * time.Second

// touchedSince names places that changed after the seal and before this boot. Looked at are those by which people get in or have
// something run, about thirty: an image's blocks are fetched one by one at its first boot. Of a folder, a change is an entry that
// came or went. Change times (ctime) cannot be set by hand.
func touchedSince(root *rootfs.Root) ([]string, error) {
	sealed, there, err := changed(root, seal.Path)
	if err != nil || !there {
		return nil, err
	}
	boot, err := startOfBoot(root)
	if err != nil {
		return nil, err
	}
	places := []string{
		"/etc/passwd", "/etc/shadow", "/etc/group", "/etc/sudoers", "/etc/sudoers.d", "/etc/ssh", "/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d",
		"/etc/pam.d", "/etc/crontab", "/etc/cron.d", "/etc/systemd/system", "/etc/rc.local", "/etc/profile.d", "/etc/ld.so.preload", "/etc/cloud",
		"/usr/local/bin", "/usr/local/sbin", "/root", "/root/.ssh", "/root/.ssh/authorized_keys", "/home", "/var/spool/cron", "/var/spool/cron/crontabs",
	}
	homes, err := root.OpenDir("/home")
	if err == nil {
		defer homes.Close()
		entries, err := homes.ReadDir()
		if err != nil {
			return nil, err
		}
		for _, e := range entries[:min(len(entries), 20)] {
			home := "/home/" + e.Name()
			places = append(places, home, home+"/.ssh", home+"/.ssh/authorized_keys")
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var touched []string
	for _, name := range places {
		at, there, err := changed(root, name)
		if err != nil {
			return nil, err
		}
		if there && at.After(sealed.Add(slack)) && at.Before(boot.Add(-slack)) {
			touched = append(touched, name)
		}
	}
	slices.Sort(touched)
	return touched, nil
}

// startOfBoot is when the first process of this boot started, by the clock as it goes now. That is early in the boot, when only the
// machine's own clock could have set it. Of a tree that is not running it is now.
func startOfBoot(root *rootfs.Root) (time.Time, error) {
	now := time.Now()
	stat, err := line(root, "/proc/1/stat")
	if stat == "" || err != nil {
		return now, err
	}
	// proc_pid_stat(5): the second field is in parentheses and may hold anything; starttime is the 22nd, in ticks of 10 ms since
	// the kernel started. In a container the kernel is older than the first process.
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 20 {
		return now, fmt.Errorf("cannot read /proc/1/stat: %q", stat)
	}
	ticks, err := strconv.ParseInt(fields[19], 10, 64)
	if err != nil {
		return now, fmt.Errorf("cannot read /proc/1/stat: %w", err)
	}
	age := uptime() - float64(ticks)/100
	return now.Add(-time.Duration(age * float64(time.Second))), nil
}

// changed returns the change time of a file or folder.
func changed(root *rootfs.Root, name string) (time.Time, bool, error) {
	fi, err := root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return time.Time{}, false, nil
	}
	if err != nil {
		return time.Time{}, false, err
	}
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return time.Time{}, false, fmt.Errorf("cannot tell when %s was changed", name)
	}
	return time.Unix(st.Ctim.Unix()), true, nil
}
