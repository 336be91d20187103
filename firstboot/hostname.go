package firstboot

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// nameFile is what systemd takes the host name from (hostname(5)).
const nameFile = "/etc/hostname"

// hostNameStep names an instance before anything else of it starts. The wanted name is what the configuration says, as far as it
// is known without network, or "". Where it says nothing, only an instance without a name of its own gets one, its id: an image
// that was sealed holds none, and systemd would call every clone "localhost". A name that the image's owner or cloud-init wrote
// stays.
func (a *Agent) hostNameStep(who identification, wanted string) Step {
	return Step{
		ID:     "host-name",
		Title:  "a host name of its own",
		Policy: Degrade,
		Check: func(context.Context) (Verdict, error) {
			name, err := configuredName(a.Root)
			switch {
			case err != nil:
				return Verdict{}, err
			case wanted != "" && name != wanted:
				return Verdict{Text: "would call this instance " + wanted}, nil
			case wanted == "" && nameless(name):
				return Verdict{Text: "would call this instance " + who.ID}, nil
			case wanted == "" && name == who.last && who.last != who.ID:
				return Verdict{Text: "would rename this instance from " + name + ", from which its disk was copied, to " + who.ID}, nil
			}
			if wanted != "" {
				text, err := hosts(a.Root)
				if err != nil || withName(text, wanted) != text {
					return Verdict{Text: "would make " + wanted + " resolve in " + hostsFile}, err
				}
			}
			return Verdict{OK: true, Text: name}, nil
		},
		Apply: func(context.Context) error {
			if wanted != "" {
				return a.setHostName(wanted)
			}
			return a.setHostName(who.ID)
		},
	}
}

// hostNameSteps give an instance the name that only the network could tell.
func (p *provision) hostNameSteps() []Step {
	if p.config.Hostname == "" {
		return nil
	}
	s := p.agent.hostNameStep(p.who, p.config.Hostname)
	s.ID, s.Title = "configured-host-name", "the host name that is configured"
	return []Step{s}
}

func (a *Agent) setHostName(name string) error {
	text, err := hosts(a.Root)
	if err != nil {
		return err
	}
	if with := withName(text, name); with != text {
		if err := a.Root.WriteFile(hostsFile, []byte(with), 0o644); err != nil {
			return err
		}
	}
	if err := a.Root.WriteFile(nameFile, []byte(name+"\n"), 0o644); err != nil {
		return err
	}
	if a.SetHostname == nil {
		return nil
	}
	return a.SetHostname(name)
}

// nameFor is the name that the instance has when its stage is through; it stands in the comment of its host keys.
func (a *Agent) nameFor(who identification, wanted string) string {
	if wanted != "" {
		return wanted
	}
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

// hostsMark is behind the line of /etc/hosts that is ours.
const hostsMark = "# this instance, by Leaven"

const hostsFile = "/etc/hosts"

// hosts reads /etc/hosts; "" where there is none.
func hosts(root *rootfs.Root) (string, error) {
	data, err := root.ReadFile(hostsFile)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return string(data), err
}

// withName makes a name resolve without a name server, as Debian's installer does (hosts(5)): sudo and many daemons wait for their
// own name. Of a name with dots, the first word resolves too. Lines of others stay as they are, and where one of them has the name,
// there is none of ours.
func withName(text, name string) string {
	var out strings.Builder
	there := false
	for line := range strings.Lines(text) {
		if strings.HasSuffix(strings.TrimSpace(line), hostsMark) {
			continue
		}
		entry, _, _ := strings.Cut(line, "#")
		if fields := strings.Fields(entry); len(fields) > 0 && slices.Contains(fields[1:], name) {
			there = true
		}
		out.WriteString(line)
	}
	if there {
		return out.String()
	}
	if out.Len() > 0 && !strings.HasSuffix(out.String(), "\n") {
		out.WriteString("\n")
	}
	names := name
	if short, _, dotted := strings.Cut(name, "."); dotted {
		names += " " + short
	}
	return out.String() + "127.0.1.1\t" + names + "\t" + hostsMark + "\n"
}
