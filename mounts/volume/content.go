package volume

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/leaven-dev/leaven/internal/plain"
)

// content is what a device holds, as far as can be told. The zero value is: nothing that blkid knows.
type content struct {
	kind        string // as blkid's TYPE has it: ext4, LVM2_member, swap
	uuid, label string
	table       string // a partition table's type: gpt, dos
	several     bool   // signatures of more than one kind
}

// known tells whether there is a signature of anything.
func (c content) known() bool { return c.kind != "" || c.table != "" || c.several }

// String is what was found, for people.
func (c content) String() string {
	var text string
	switch {
	case c.several:
		return "signatures of several kinds, so that blkid cannot tell which of them counts"
	case c.table != "" && c.kind != "":
		return fmt.Sprintf("a partition table (%s) and %s", c.table, c.kind)
	case c.table != "":
		return fmt.Sprintf("a partition table (%s)", c.table)
	case c.kind == "":
		return "nothing that blkid knows"
	}
	switch c.kind {
	case "swsuspend":
		text = "a hibernated system (swsuspend)"
	case "LVM2_member":
		text = "an LVM physical volume (LVM2_member)"
	case "crypto_LUKS":
		text = "an encrypted volume (crypto_LUKS)"
	case "linux_raid_member":
		text = "a member of a RAID (linux_raid_member)"
	case "zfs_member":
		text = "a member of a ZFS pool (zfs_member)"
	case "swap":
		text = "swap space"
	default:
		text = "a file system (" + c.kind + ")"
	}
	if c.label != "" {
		text += " labelled " + c.label
	}
	if c.uuid != "" {
		text += ", UUID " + c.uuid
	}
	return text
}

// signature asks blkid for what a device holds, past its cache. That it finds nothing proves nothing: it ends with 2 for a blank
// disk, a missing one and one that cannot be read. See [blank].
func (h *Host) signature(ctx context.Context, name string, files ...*os.File) (content, error) {
	var stdout, stderr strings.Builder
	cmd := exec.CommandContext(ctx, "blkid", "-p", "-o", "export", name)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = &stdout, &stderr, files
	err := cmd.Run()
	var c content
	unnamed := false // blkid tells something that is not one of these
	for line := range strings.Lines(stdout.String()) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		value = plain.Line(unescape(value))
		switch key {
		case "TYPE":
			c.kind = value
		case "UUID":
			c.uuid = value
		case "LABEL":
			c.label = value
		case "PTTYPE":
			c.table = value
		default:
			// Of a partition it tells where it lies, also when there is nothing on it.
			unnamed = unnamed || key != "DEVNAME" && !strings.HasPrefix(key, "PART_ENTRY_")
		}
	}
	exit, ended := errors.AsType[*exec.ExitError](err)
	switch {
	case err == nil && !c.known() && unnamed:
		return c, errors.New("cannot be probed: blkid found something and did not say what")
	case err == nil:
		return c, nil
	case ended && ctx.Err() == nil && exit.ExitCode() == 8: // blkid(8), "EXIT STATUS"
		return content{several: true}, nil
	case ended && ctx.Err() == nil && exit.ExitCode() == 2 && stdout.Len() == 0:
		return content{}, nil
	}
	return c, fmt.Errorf("cannot be probed: %w: %s", errors.Join(context.Cause(ctx), err), plain.Line(strings.TrimSpace(stderr.String())))
}

// unescape takes out the backslashes that blkid's export format puts before what is special to a shell.
func unescape(value string) string {
	if !strings.Contains(value, `\`) {
		return value
	}
	var b strings.Builder
	for i := 0; i < len(value); i++ {
		if value[i] == '\\' && i+1 < len(value) {
			i++
		}
		b.WriteByte(value[i])
	}
	return b.String()
}

// examine tells what a claimed device holds, and whether it is blank: known nothing, all regions read and zero.
func (h *Host) examine(ctx context.Context, f *os.File, size uint64) (c content, isBlank bool, err error) {
	// The child opens the very device that we hold: descriptor 3 is the first extra file.
	if c, err = h.signature(ctx, "/proc/self/fd/3", f); err != nil || c.known() {
		return c, false, err
	}
	if err := blank(ctx, f, size); err != nil {
		return c, false, err
	}
	return c, true, nil
}
