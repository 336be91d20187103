// Package motd tells people who log in that first boot did not go well.
//
// The file lies where pam_motd(8) looks by default, next to /etc/motd: Debian 11 and later, Ubuntu 20.04 and later, Fedora, RHEL 8
// and 9, Amazon Linux 2023. Amazon Linux 2 and Debian 10 read other places only; there nothing is shown. As /run is new at every
// boot, a message never outlives the boot that it is about.
package motd

import (
	"errors"
	"fmt"
	"strings"

	"github.com/leaven-dev/leaven/firstboot"
	"github.com/leaven-dev/leaven/internal/plain"
	"github.com/leaven-dev/leaven/internal/rootfs"
)

const dir = "/run/motd.d"

// File is where the text goes. A link of that name to /dev/null in /etc/motd.d silences it.
const File = dir + "/leaven"

// width is that of a terminal that nobody widened.
const width = 78

// Text returns what to tell, or "" where there is nothing: the instance is up, or on its way.
func Text(sum firstboot.Summary) string {
	name := "this instance"
	if sum.Instance != "" {
		name = "instance " + sum.Instance
	}
	var verdict string
	switch sum.Result {
	case firstboot.Failed:
		verdict = name + " FAILED at first boot"
	case firstboot.Degraded:
		verdict = name + " is up, but DEGRADED"
	default:
		return ""
	}
	why := sum.Message
	if sum.Step != "" {
		why = strings.TrimSuffix("step "+sum.Step+": "+sum.Message, ": ")
	}
	var b strings.Builder
	fmt.Fprintf(&b, "leaven: %s\n", plain.Line(verdict))
	paragraph(&b, "  ", why)
	paragraph(&b, "  cure: ", sum.Cure)
	b.WriteString("  all of it: leaven status\n")
	return b.String()
}

// paragraph writes text, wrapped, behind a label. A message may be long, as it may hold what a program said: the beginning will do.
func paragraph(b *strings.Builder, label, text string) {
	if text = plain.Cut(plain.Line(text), 4*width); text == "" {
		return
	}
	for i, line := range plain.Wrap(text, width-len(label)) {
		if i > 0 {
			label = strings.Repeat(" ", len(label))
		}
		b.WriteString(label + line + "\n")
	}
}

// Update makes the message say how things stand, and removes it where all is well. It is for the system that runs.
func Update(root *rootfs.Root, sum firstboot.Summary) error {
	text := Text(sum)
	if text == "" {
		if err := root.Remove(File); err != nil {
			return fmt.Errorf("cannot remove the message of the day: %w", err)
		}
		return nil
	}
	d, err := root.MkdirAll(dir, 0o755)
	if err == nil {
		err = errors.Join(d.WriteFile("leaven", []byte(text), 0o644), d.Close())
	}
	if err != nil {
		return fmt.Errorf("cannot write the message of the day: %w", err)
	}
	return nil
}
