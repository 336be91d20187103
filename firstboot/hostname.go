package firstboot

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// nameFile is what systemd takes the host name from (hostname(5)).
const nameFile = "/etc/hostname"

// hostNameStep gives an instance without a name of its own the instance id for a name: an image that was sealed holds none,
// and systemd would call every clone "localhost". A name that the image's owner or cloud-init wrote stays.
func (a *Agent) hostNameStep(who identification) Step {
	return Step{
		ID:     "host-name",
		Title:  "a host name of its own",
		Policy: Degrade,
		Check: func(context.Context) (Verdict, error) {
			name, err := configuredName(a.Root)
			switch {
			case err != nil:
				return Verdict{}, err
			case nameless(name):
				return Verdict{Text: "would call this instance " + who.ID}, nil
			case name == who.last && who.last != who.ID:
				return Verdict{Text: "would rename this instance from " + name + ", from which its disk was copied, to " + who.ID}, nil
			}
			return Verdict{OK: true, Text: name}, nil
		},
		Apply: func(context.Context) error {
			if err := nameInHosts(a.Root, who.ID); err != nil {
				return err
			}
			if err := a.Root.WriteFile(nameFile, []byte(who.ID+"\n"), 0o644); err != nil {
				return err
			}
			if a.SetHostname == nil {
				return nil
			}
			return a.SetHostname(who.ID)
		},
	}
}

// nameFor is the name that the instance has when its stage is through; it stands in the comment of its host keys.
func (a *Agent) nameFor(who identification) string {
	if nameless(a.Hostname) || a.Hostname == who.last {
		return who.ID
	}
	return a.Hostname
}

// configuredName is the name in /etc/hostname, or "".
func configuredName(root *rootfs.Root) (string, error) {
	data, err := root.ReadFile(nameFile)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			return line, nil
		}
	}
	return "", err
}

// nameless tells names that are none.
func nameless(name string) bool {
	return name == "" || name == "localhost" || strings.HasPrefix(name, "localhost.")
}

// nameInHosts makes the name resolve without a name server, as Debian's installer does (hosts(5)): sudo and many daemons wait
// for their own name. Other lines stay as they are.
func nameInHosts(root *rootfs.Root, name string) error {
	const hosts = "/etc/hosts"
	data, err := root.ReadFile(hosts)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for line := range strings.Lines(string(data)) {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		for i, field := range fields {
			if i > 0 && field == name {
				return nil
			}
		}
	}
	text := string(data)
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return root.WriteFile(hosts, []byte(text+"127.0.1.1\t"+name+"\n"), 0o644)
}
