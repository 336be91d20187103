package volume

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/leaven-dev/leaven/internal/schema"
)

// Spec is one volume of the configuration.
type Spec struct {
	At string `key:"at" doc:"where it is mounted, a path; swap for a volume that is swap space; the file's path for a swap file" is:"required,literal" pattern:"/.+|swap"`

	Volume string `key:"volume" doc:"the EBS volume's id" pattern:"vol-[0-9a-f]{8,17}"`
	Serial string `key:"serial" doc:"the disk's serial number, as NVMe, virtio or SCSI has it"`
	Device string `key:"device" doc:"the device's name: as EBS calls it (/dev/sdf), or as the kernel does (/dev/nvme1n1)" pattern:"/dev/.+"`
	UUID   string `key:"uuid" doc:"the UUID of the file system on it"`
	Label  string `key:"label" doc:"the file system's label: finds it where nothing else does; else the label that a new one gets" pattern:"[A-Za-z0-9._-]{1,16}"`

	FS      string        `key:"fs" doc:"the file system that a blank volume gets, and that one that is there must be; without it, a blank volume gets ext4 and any ext or xfs is taken" oneof:"ext4,xfs"`
	Format  string        `key:"format" doc:"blank makes a file system where the volume is provably blank; never makes none" oneof:"blank,never" default:"blank"`
	Size    schema.Size   `key:"size" doc:"how large the device must be, to the byte; 0 for any size"`
	MinSize schema.Size   `key:"min_size" doc:"how large the device must be at least"`
	Options []string      `key:"options" doc:"mount options beyond nofail" pattern:"[^\\s,]+"`
	Owner   string        `key:"owner" doc:"whom the root of the file system belongs to: user, user:group or numbers" pattern:"[a-z0-9_][a-z0-9_.-]*(:[a-z0-9_][a-z0-9_.-]*)?"`
	Mode    schema.Mode   `key:"mode" doc:"the mode of the root of the file system"`
	Grow    bool          `key:"grow" doc:"grow the file system when the volume has grown" default:"true"`
	Wait    time.Duration `key:"wait" doc:"how long first boot waits for the device" default:"2m"`
	Policy  string        `key:"policy" doc:"what a failure means: required (the instance failed), degrade (something is wrong with it), ignore" oneof:"required,degrade,ignore" default:"required"`

	Swap schema.Size `key:"swap" doc:"makes a swap file of this size at the path; needs no device"`
}

// file tells whether it is a swap file.
func (s *Spec) file() bool { return s.Swap > 0 }

// swaps tells whether it is a volume of swap space.
func (s *Spec) swaps() bool { return s.At == "swap" }

// named tells whether anything but the content identifies the device: only then can it be blank.
func (s *Spec) named() bool { return s.Volume != "" || s.Serial != "" || s.Device != "" }

// makes is the type that a blank device gets.
func (s *Spec) makes() string {
	switch {
	case s.swaps():
		return "swap"
	case s.FS != "":
		return s.FS
	}
	return "ext4"
}

// Name is what people call the volume: by what it is found.
func (s *Spec) Name() string {
	switch {
	case s.file():
		return "swap file " + s.At
	case s.Volume != "":
		return "volume " + s.Volume
	case s.Serial != "":
		return "disk " + s.Serial
	case s.Device != "":
		return "device " + s.Device
	case s.UUID != "":
		return "file system " + s.UUID
	}
	return "file system " + s.Label
}

var systemPaths = []string{"/", "/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/root", "/run", "/sbin", "/sys", "/usr", "/var", "/var/lib/leaven"}

// xfsLabel is longest for xfs: 12 bytes (mkfs.xfs(8)).
const xfsLabel = 12

var uuidForm = regexp.MustCompile(`^[0-9a-fA-F-]{4,36}$`)

// Check compares what depends on one another.
func (s *Spec) Check(fail func(key, format string, args ...any)) {
	finders := 0
	for _, f := range []string{s.Volume, s.Serial, s.Device, s.UUID} {
		if f != "" {
			finders++
		}
	}
	switch {
	case s.file() && (finders > 0 || s.Label != "" || s.swaps()):
		fail("swap", "a swap file needs a path and a size, and no device")
	case s.file():
	case finders > 1:
		fail("", "a volume is found in one way: volume, serial, device, uuid or label")
	case finders == 0 && s.Label == "":
		fail("", "how is the volume found? say volume (vol-...), serial, device, uuid or label")
	}
	if strings.HasPrefix(s.At, "/") && path.Clean(s.At) != s.At {
		fail("at", "write the path as %q", path.Clean(s.At))
	}
	if slices.Contains(systemPaths, s.At) {
		fail("at", "%s belongs to the system; nothing can be mounted over it at first boot", s.At)
	}
	if s.UUID != "" && !uuidForm.MatchString(s.UUID) && !strings.Contains(s.UUID, "${") {
		fail("uuid", "%q is no UUID", s.UUID)
	}
	if s.FS == "xfs" && len(s.Label) > xfsLabel {
		fail("label", "a label of xfs has %d bytes at most", xfsLabel)
	}
	if (s.swaps() || s.file()) && (s.FS != "" || s.Owner != "" || s.Mode.Set || len(s.Options) > 0) {
		fail("", "swap space has no fs, owner, mode or options")
	}
	if s.Size > 0 && s.MinSize > 0 {
		fail("min_size", "size says it to the byte already")
	}
	s.checkOptions(fail)
}

// checkOptions looks at what fits no volume, and at what excludes one another (mount(8)). Which options a file system has, it knows
// best itself.
func (s *Spec) checkOptions(fail func(key, format string, args ...any)) {
	taken := map[string]string{}
	for _, o := range s.Options {
		name, _, _ := strings.Cut(o, "=")
		switch name {
		case "bind", "rbind", "remount", "loop", "x-leaven", "defaults":
			fail("options", "%s cannot be an option of a volume", name)
		case "noauto", "x-systemd.automount":
			fail("options", "with %s the volume would not be mounted at later boots", name)
		}
		for _, group := range []string{"ro rw", "exec noexec", "suid nosuid", "dev nodev", "sync async", "noatime relatime strictatime", "diratime nodiratime"} {
			if !slices.Contains(strings.Fields(group), name) {
				continue
			}
			if other, there := taken[group]; there {
				fail("options", "the options %s and %s exclude one another", other, name)
			}
			taken[group] = name
		}
	}
}
