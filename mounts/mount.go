package mounts

import (
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/leaven-dev/leaven/internal/schema"
	"github.com/leaven-dev/leaven/mounts/nfs"
)

// Mount is an entry of `mounts:` in the configuration.
type Mount struct {
	At          string        `key:"at" doc:"where it is mounted: a folder, from / on" is:"required,literal" pattern:"/[^\\x00-\\x1f\\x7f]*"`
	EFS         string        `key:"efs" doc:"an EFS file system, or a folder in it: fs-0123456789abcdef0, fs-0123456789abcdef0:/folder" pattern:"fs-[0-9a-f]{8,40}(:/.*)?"`
	NFS         string        `key:"nfs" doc:"a share of an NFS 4 server: host:/path" pattern:"(\\[[0-9a-fA-F:]+\\]|[^\\s:/\\[-][^\\s:/]*):/\\S*"`
	AccessPoint string        `key:"access_point" doc:"the access point of the EFS file system; needs amazon-efs-utils" pattern:"fsap-[0-9a-f]{17}"`
	IAM         bool          `key:"iam" doc:"whether EFS is shown the instance's role; needs amazon-efs-utils"`
	TLS         bool          `key:"tls" doc:"whether the connection to EFS is encrypted; needs amazon-efs-utils"`
	Zone        string        `key:"az" doc:"the availability zone whose mount target is used; without it, the instance's own" pattern:"[a-z]{2,4}(-[a-z]+)+-[0-9]+[a-z]"`
	Region      string        `key:"region" doc:"the region of the EFS file system; without it, the instance's own" pattern:"[a-z]{2,4}(-[a-z]+)+-[0-9]+"`
	Address     string        `key:"address" doc:"the server's address, used when its name does not resolve" pattern:"[0-9a-fA-F.:]+"`
	Options     []string      `key:"options" doc:"mount options, beside or instead of those that AWS recommends"`
	Mode        schema.Mode   `key:"mode" doc:"permission bits of what is mounted, in octal"`
	Owner       string        `key:"owner" doc:"who owns what is mounted: user, or user:group" pattern:"[a-z_0-9][a-z0-9_-]*(:[a-z_0-9][a-z0-9_-]*)?"`
	Immutable   bool          `key:"immutable" doc:"whether the folder below the mount is made immutable (chattr +i), so that not even root writes there when the mount is missing"`
	RequiredBy  []string      `key:"required_by" doc:"systemd units that must not run without the mount, each with its ending, such as .service" is:"literal" pattern:"[A-Za-z0-9:_.\\\\@-]+\\.(service|socket|timer|path|target|mount)"`
	Policy      string        `key:"policy" doc:"what a failure means: required (the instance failed), degrade (something is wrong with it), ignore" oneof:"required,degrade,ignore" default:"required"`
	Deadline    time.Duration `key:"deadline" doc:"how long first boot tries" default:"10m"`
}

// Check looks at what belongs together.
func (m *Mount) Check(fail func(key, format string, args ...any)) {
	efs := m.EFS != ""
	if efs == (m.NFS != "") {
		fail("", "the mount at %s needs one source: efs or nfs", m.At)
	}
	switch clean := path.Clean(m.At); {
	case clean != m.At:
		fail("at", "write the mount point as %s", clean)
	case clean == "/", system.MatchString(clean):
		fail("at", "nothing can be mounted at %s: it is the system's own", clean)
	}
	for _, only := range []struct {
		key   string
		given bool
	}{{"access_point", m.AccessPoint != ""}, {"iam", m.IAM}, {"tls", m.TLS}, {"az", m.Zone != ""}, {"region", m.Region != ""}} {
		if only.given && !efs {
			fail(only.key, "%s is for efs, not for nfs", only.key)
		}
	}
	if m.Zone != "" && m.Region != "" && !strings.Contains(m.Zone+m.Region, "${") && !strings.HasPrefix(m.Zone, m.Region) {
		fail("az", "the availability zone %s is not in the region %s", m.Zone, m.Region)
	}
	for _, err := range m.wish().CheckOptions() {
		fail("options", "%v", err)
	}
	if m.Deadline < time.Second {
		fail("deadline", "a mount needs a second at least")
	}
}

// system are folders that mounting over would break a running system.
var system = regexp.MustCompile(`^/((bin|boot|dev|etc|lib|lib32|lib64|proc|run|sbin|sys|usr)(/[^/]*)?|root|tmp|var|var/(lib|lib/leaven|log|run|tmp))$`)

// Share works out what is to be mounted on an instance in a region ("" where that is not known). Helper tells whether mount.efs is
// installed.
func (m Mount) Share(region string, helper bool) (nfs.Share, error) {
	w := m.wish()
	if w.Region == "" {
		w.Region = region
		if m.Zone != "" {
			w.Region = strings.TrimRight(m.Zone, "abcdefghijklmnopqrstuvwxyz")
		}
	}
	return w.Share(helper)
}

func (m Mount) wish() nfs.Wish {
	return nfs.Wish{
		FileSystem: m.EFS, Export: m.NFS, AccessPoint: m.AccessPoint, IAM: m.IAM, TLS: m.TLS, Zone: m.Zone, Region: m.Region, Options: m.Options, Address: m.Address,
	}
}
