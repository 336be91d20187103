package golden

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"

	"github.com/leaven-dev/leaven/e2e/disk"
)

// probe prints what makes a machine itself, a name and a value on each line.
const probe = `
fact() { printf '%s\t%s\n' "$1" "$2"; }
digest() { [ -s "$1" ] && sha256sum <"$1" | cut -c1-32 || echo none; }
for type in ED25519 ECDSA RSA; do
  key=/etc/ssh/ssh_host_$(echo $type | tr A-Z a-z)_key
  [ -e $key ] && fact "host key $type" "$(ssh-keygen -lf $key | cut -d' ' -f2)" || fact "host key $type" none
done
fact machine-id "$(cat /etc/machine-id)"
fact "host name" "$(cat /etc/hostname 2>/dev/null || echo none)"
fact "random seed" "$(digest /var/lib/systemd/random-seed)"
fact "CFEngine key" "$(digest /var/lib/cfengine3/ppkeys/localhost.pub)"
`

// Fact is one thing that makes a machine itself. Secrets are shown as digests; None is no value.
type Fact struct{ Name, Value string }

// None is the value of what a machine does not have.
const None = "none"

// Identity is who the builder is before it is sealed. Dir is for a copy of its disk, which goes away.
func (b *Builder) Identity(ctx context.Context, dir string) (list []Fact, err error) {
	m, err := disk.Mount(ctx, b.Disk, dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	// ssh-keygen wants /dev/null; the mount of /dev goes away with the namespace.
	const script = `mount --bind /dev "$1/dev" && exec chroot "$1" sh -c "$2"`
	out, err := exec.CommandContext(ctx, "unshare", "--mount", "sh", "-c", script, "sh", m.Root, probe).Output()
	if err != nil {
		return nil, fmt.Errorf("cannot tell who the builder is: %w", err)
	}
	return facts(string(out))
}

// Identity is who an instance is.
func (in *Instance) Identity(ctx context.Context) ([]Fact, error) {
	out, err := in.SSH.Run(ctx, probe)
	if err != nil {
		return nil, fmt.Errorf("cannot tell who instance %s is: %w", in.ID, err)
	}
	return facts(out)
}

func facts(text string) ([]Fact, error) {
	var list []Fact
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if !ok || value == "" {
			return nil, fmt.Errorf("cannot read the line %q", line)
		}
		list = append(list, Fact{name, value})
	}
	return list, nil
}
