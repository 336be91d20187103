package cfengine

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/leaven-dev/leaven/firstboot"
	"github.com/leaven-dev/leaven/internal/rootfs"
)

// layout is where a packaging of CFEngine keeps its things.
type layout struct {
	work     string // the working folder, which has ppkeys, masterfiles, inputs
	bin      string // the folder of cf-key and the others
	packaged string // the policy that the package brings along
}

func layouts() []layout {
	return []layout{
		{"/var/lib/cfengine3", "/usr/bin", "/usr/share/cfengine3/masterfiles"},             // Debian
		{"/var/cfengine", "/var/cfengine/bin", "/var/cfengine/share/CoreBase/masterfiles"}, // upstream
	}
}

func (l layout) in(parts ...string) string { return path.Join(append([]string{l.work}, parts...)...) }
func (l layout) tool(name string) string   { return path.Join(l.bin, name) }

func (l layout) keys() string        { return l.in("ppkeys") }
func (l layout) masterfiles() string { return l.in("masterfiles") }

// installed finds the layout that has cf-key; false where CFEngine is not installed.
func installed(root *rootfs.Root) (layout, bool, error) {
	for _, l := range layouts() {
		if there, err := root.Exists(l.tool("cf-key")); err != nil || there {
			return l, there, err
		}
	}
	return layout{}, false, nil
}

// needed is installed for who cannot do without.
func needed(root *rootfs.Root) (layout, error) {
	l, there, err := installed(root)
	if err == nil && !there {
		err = firstboot.WithCure(errors.New("CFEngine is not installed"), "install it in the image: the package cfengine3 of Debian, or cfengine-community")
	}
	return l, err
}

// digest asks CFEngine itself for the digest of a public key. Other things that it complains about, such as a file that was cut
// off, come before.
func (l layout) digest(ctx context.Context, file string) (digest, error) {
	out, err := command(ctx, l.tool("cf-key"), "-p", file)
	if err != nil {
		return "", err
	}
	d, err := printedDigest(out)
	if err != nil {
		return "", fmt.Errorf("cannot tell the digest of %s: %w", file, err)
	}
	return d, nil
}

// printedDigest is the last line of what cf-key -p prints.
func printedDigest(out string) (digest, error) {
	out = strings.TrimSpace(out)
	d, err := parseDigest(out[strings.LastIndexByte(out, '\n')+1:])
	if err != nil {
		err = fmt.Errorf("cf-key printed %q", out)
	}
	return d, err
}
