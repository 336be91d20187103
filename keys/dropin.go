package keys

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// DropIn is the part of sshd's configuration that names the host certificates.
const DropIn = Dir + "/sshd_config.d/60-leaven-host-certificates.conf"

const dropInHead = "# Written by Leaven: the certificates of the host keys, see HostCertificate in sshd_config(5).\n"

// published are the certificates of keys that sshd serves.
func published(root *rootfs.Root) ([]string, error) {
	keys, err := certifiable(root)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, key := range keys {
		there, err := root.Exists(certificateFile(key))
		if err != nil {
			return nil, err
		}
		if there {
			files = append(files, certificateFile(key))
		}
	}
	return files, nil
}

// unserved are the certificates that sshd's configuration does not name, whoever wrote it.
func unserved(root *rootfs.Root) ([]string, error) {
	files, err := published(root)
	if err != nil {
		return nil, err
	}
	named, err := configured(root, "hostcertificate", sshdConfig, 0)
	return slices.DeleteFunc(files, func(file string) bool { return slices.Contains(named, file) }), err
}

// ServeCertificates makes sshd's configuration name the certificates of the keys that it serves. Where they are named already,
// by [DropIn] or by hand, it changes nothing. sshd is [CheckSSHD], which says whether sshd takes its configuration with these
// arguments, or nil for a tree that is not this system; what it refuses does not stay. The caller reloads sshd.
func ServeCertificates(ctx context.Context, root *rootfs.Root, sshd func(ctx context.Context, args ...string) error) error {
	files, err := published(root)
	if err != nil {
		return err
	}
	missing, err := unserved(root)
	if err != nil {
		return err
	}
	old, err := root.ReadFile(DropIn)
	if err != nil && !absent(err) {
		return err
	}
	stale, err := configured(root, "hostcertificate", DropIn, 0)
	if err != nil {
		return err
	}
	stale = slices.DeleteFunc(stale, func(file string) bool { return slices.Contains(files, file) })
	if len(missing) == 0 && len(stale) == 0 {
		return nil
	}
	if len(files) == 0 {
		return dropCertificates(root)
	}
	if err := included(root, files); err != nil {
		return err
	}
	if sshd == nil {
		sshd = func(context.Context, ...string) error { return nil }
	}
	if err := sshd(ctx); err != nil {
		return fmt.Errorf("cannot add the host certificates to sshd's configuration, since it is not in order as it is: %w", err)
	}
	text, options := []byte(dropInHead), []string(nil)
	for _, file := range files {
		text = append(text, lineFor(file)...)
		options = append(options, "-o", "HostCertificate="+file)
	}
	if err := sshd(ctx, options...); err != nil {
		return fmt.Errorf("cannot have sshd show the host certificates: %w", err)
	}
	if err := tidy(root, path.Dir(DropIn)); err != nil {
		return err
	}
	if err := root.WriteFile(DropIn, text, 0o644); err != nil {
		return err
	}
	if err := sshd(ctx); err != nil {
		return errors.Join(fmt.Errorf("cannot have sshd show the host certificates, so %s was taken back: %w", DropIn, err), takeBack(root, old))
	}
	return nil
}

func lineFor(file string) string { return "HostCertificate " + file + "\n" }

func takeBack(root *rootfs.Root, old []byte) error {
	if old == nil {
		return root.Remove(DropIn)
	}
	return root.WriteFile(DropIn, old, 0o644)
}

// included tells whether sshd_config reads DropIn. An Include behind a Match line counts only for some connections, and
// certificates cannot be told there.
func included(root *rootfs.Root, files []string) error {
	data, err := root.ReadFile(sshdConfig)
	if err != nil {
		return err
	}
	for line := range bytes.Lines(data) {
		words := words(strings.TrimRight(string(line), "\n"))
		if len(words) < 2 {
			continue
		}
		switch strings.ToLower(words[0]) {
		case "match":
			return notIncluded(files)
		case "include":
			for _, pattern := range words[1:] {
				if !path.IsAbs(pattern) {
					pattern = path.Join(Dir, pattern)
				}
				if hit, _ := path.Match(path.Clean(pattern), DropIn); hit {
					return nil
				}
			}
		}
	}
	return notIncluded(files)
}

func notIncluded(files []string) error {
	var lines []string
	for _, file := range files {
		lines = append(lines, "`"+strings.TrimSpace(lineFor(file))+"`")
	}
	return fmt.Errorf("cannot have sshd show the host certificates: %s does not include %s/*.conf; add `Include %[2]s/*.conf` at its top, or the lines %s",
		sshdConfig, path.Dir(DropIn), strings.Join(lines, ", "))
}

// dropCertificates deletes DropIn, which is of no use without certificates.
func dropCertificates(root *rootfs.Root) error {
	if _, err := root.Lstat(DropIn); absent(err) {
		return nil
	}
	return root.Remove(DropIn)
}

// CheckSSHD has the system's sshd test its configuration with some arguments more (sshd -t). sshd itself passes over a
// certificate that it cannot load, with a message; here that is an error for those among the arguments.
func CheckSSHD(ctx context.Context, args ...string) error {
	said, err := testSSHD(ctx, args)
	const complaint = "Missing privilege separation directory: /run/sshd"
	if err != nil && strings.Contains(said, complaint) {
		// Debian's unit makes it, and where a socket starts sshd, nobody has connected yet.
		if err := os.Mkdir("/run/sshd", 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		said, err = testSSHD(ctx, args)
	}
	for _, arg := range args {
		if file, is := strings.CutPrefix(arg, "HostCertificate="); is && err == nil && strings.Contains(said, file) {
			err = errors.New("it does not load the certificate")
		}
	}
	if err != nil {
		return fmt.Errorf("`sshd -t` fails: %w: %s", err, strings.Join(strings.Fields(said), " "))
	}
	return nil
}

func testSSHD(ctx context.Context, args []string) (said string, err error) {
	program := "/usr/sbin/sshd" // it insists on an absolute name
	if _, err := os.Stat(program); err != nil {
		if program, err = exec.LookPath("sshd"); err != nil {
			return "", err
		}
	}
	cmd := exec.CommandContext(ctx, program, append([]string{"-t"}, args...)...)
	cmd.WaitDelay = 2 * time.Second
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		err = errors.Join(context.Cause(ctx), err)
	}
	return string(out), err
}
