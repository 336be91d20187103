package firstboot

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
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
		touched, err := touchedSince(a.Root, proof)
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

// watchedFolders are looked at with what lies in them directly, for changes: by them people get in, or have something run. Not all
// files are looked at: an image's blocks are fetched one by one at its first boot, and these are a few hundred inodes that lie
// together and that booting reads anyway.
func watchedFolders() []string {
	return []string{
		"/etc", "/etc/cloud", "/etc/cloud/cloud.cfg.d", "/etc/cron.d", "/etc/cron.daily", "/etc/cron.hourly", "/etc/cron.monthly", "/etc/cron.weekly",
		"/etc/leaven", "/etc/pam.d", "/etc/profile.d", "/etc/ssh", "/etc/ssh/sshd_config.d", "/etc/sudoers.d", "/etc/systemd/system",
		"/root", "/root/.ssh", "/usr/local/bin", "/usr/local/sbin", "/var/spool/cron", "/var/spool/cron/crontabs",
	}
}

// watchedPlaces are files, and folders of which only the names in them count: these change when packages are installed.
func watchedPlaces() []string {
	return []string{
		"/home", "/usr/bin", "/usr/bin/leaven", "/usr/bin/sudo", "/usr/lib", "/usr/lib/systemd/system", "/usr/lib/systemd/systemd",
		"/usr/lib/sysimage/rpm", "/usr/sbin", "/usr/sbin/sshd", "/var/lib/dpkg/status", "/var/lib/rpm",
	}
}

const (
	maxHomes   = 20   // of people that are looked at
	maxEntries = 1000 // of one folder
	maxTouched = 5    // that are named
)

// touchedSince names places that changed after the seal and before this boot. Change times (ctime) cannot be set by hand.
func touchedSince(root *rootfs.Root, proof seal.Seal) ([]string, error) {
	fi, err := root.Lstat(seal.Path)
	if err != nil {
		return nil, err
	}
	sealed := changeTime(fi)
	if sealed.Sub(proof.Time).Abs() > time.Minute { // sealing writes the proof as soon as it is made
		return []string{fmt.Sprintf("%s itself, at %s: it was edited, or all files were copied, so that nobody can tell what else was changed",
			seal.Path, sealed.UTC().Format(time.RFC3339))}, nil
	}
	boot, err := startOfBoot(root)
	if err != nil {
		return nil, err
	}
	var touched []string
	look := func(name string, fi fs.FileInfo) {
		if at := changeTime(fi); at.After(sealed.Add(slack)) && at.Before(boot.Add(-slack)) {
			shown := strconv.QuoteToASCII(name) // it goes to the console, and may hold anything
			touched = append(touched, shown[1:len(shown)-1])
		}
	}
	folders := watchedFolders()
	err = entries(root, "/home", maxHomes, func(home string, _ fs.FileInfo) { folders = append(folders, home, home+"/.ssh") })
	if err != nil {
		return nil, err
	}
	for _, folder := range folders {
		if err := entries(root, folder, maxEntries, look); err != nil {
			return nil, err
		}
	}
	for _, name := range slices.Concat(watchedPlaces(), folders) {
		fi, err := root.Lstat(name)
		if missing(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		look(name, fi)
	}
	slices.Sort(touched)
	touched = slices.Compact(touched)
	if more := len(touched) - maxTouched; more > 0 {
		touched = append(touched[:maxTouched], fmt.Sprintf("and %d more", more))
	}
	return touched, nil
}

// entries visits what lies in a folder, some of it where it is a lot; nothing where there is no such folder.
func entries(root *rootfs.Root, folder string, some int, visit func(name string, fi fs.FileInfo)) error {
	d, err := root.OpenDir(folder)
	if missing(err) {
		return nil
	}
	if err != nil {
		return err
	}
	defer d.Close()
	list, err := d.ReadDir()
	if err != nil {
		return err
	}
	for _, e := range list[:min(len(list), some)] {
		fi, err := e.Info()
		if missing(err) {
			continue // the boot goes on beside us
		}
		if err != nil {
			return err
		}
		visit(path.Join(folder, e.Name()), fi)
	}
	return nil
}

func missing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// startOfBoot is when the first process of this boot started, by the clock as it goes now. That is early in the boot, when only the
// machine's own clock could have set it. Of a tree that is not running it is now.
func startOfBoot(root *rootfs.Root) (time.Time, error) {
	stat, err := line(root, "/proc/1/stat")
	if stat == "" || err != nil {
		return time.Now(), err
	}
	// proc_pid_stat(5): the second field is in parentheses and may hold anything; starttime is the 22nd, in ticks of 10 ms since
	// the kernel started. In a container the kernel is older than the first process.
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 20 {
		return time.Now(), fmt.Errorf("cannot read /proc/1/stat: %q", stat)
	}
	ticks, err := strconv.ParseInt(fields[19], 10, 64)
	if err != nil {
		return time.Now(), fmt.Errorf("cannot read /proc/1/stat: %w", err)
	}
	// The two clocks are read together: a pause between them would make the boot older than it is.
	now, up := time.Now(), uptime()
	return now.Add(-time.Duration((up - float64(ticks)/100) * float64(time.Second))), nil
}

// changeTime is when a file's content, mode or names changed last (inode(7), ctime).
func changeTime(fi fs.FileInfo) time.Time {
	return time.Unix(fi.Sys().(*syscall.Stat_t).Ctim.Unix())
}
