package firstboot

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"syscall"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// Source says where an instance id came from.
type Source string

// The sources, in the order in which they are asked.
const (
	FromDMI        Source = "dmi"        // EC2 on Nitro: the board's asset tag
	FromCredential Source = "credential" // systemd credential leaven.instance-id
	FromUUID       Source = "uuid"       // the system UUID of the virtual or real hardware
	FromMachineID  Source = "machine-id" // containers, and machines whose firmware tells nothing
	FromMetadata   Source = "metadata"   // EC2 on Xen: known once the network is there
	FromRecord     Source = "record"     // could not be established now; what this machine last was
)

// Instance is who this machine is.
type Instance struct {
	ID     string `json:"id"`
	Source Source `json:"source"`
	// Provisional ids stand in for one that only the metadata service knows (EC2 on Xen), which needs the network.
	Provisional bool `json:"provisional,omitempty"`
}

func (i Instance) String() string {
	text := fmt.Sprintf("%s (%s)", i.ID, i.Source)
	if i.Provisional {
		text += ", provisional"
	}
	return text
}

var (
	ec2ID = regexp.MustCompile(`^i-[0-9a-f]{8,17}$`)
	// validID is what may become the name of a folder, and of a host (at most 64 bytes, sethostname(2)).
	validID = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._-]{0,63}$`)
	uuid    = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	hex128  = regexp.MustCompile(`^[0-9a-f]{32}$`)
)

const dmi = "/sys/class/dmi/id/"

// sighting is what a machine shows of itself, without network.
type sighting struct {
	Instance
	uuid      string // of the firmware, "" where it shows none
	machineID string // systemd's, "" where it is not set
	onEC2     bool   // the firmware says so
}

// observe looks at the machine alone, not at what it was before. The error leaves those fields set that were found.
//
// In a container /sys shows the host's firmware, so it is not asked there.
func observe(root *rootfs.Root, credentials string) (sighting, error) {
	var s sighting
	container, err := root.Exists("/run/systemd/container")
	if err != nil {
		return s, err
	}
	id, err := line(root, "/etc/machine-id")
	if err != nil {
		return s, err
	}
	if hex128.MatchString(id) {
		s.machineID = id
	}
	f := firmware{root: root, absent: container}
	if id := f.line(dmi + "product_uuid"); uuid.MatchString(strings.ToLower(id)) && !placeholder(strings.ToLower(id)) {
		s.uuid = strings.ToLower(id) // kernels differ
	}
	tag := f.line(dmi + "board_asset_tag")
	s.onEC2 = f.looksLikeEC2()
	if f.err != nil {
		return s, f.err
	}
	given, err := credential(credentials)
	switch {
	case ec2ID.MatchString(tag):
		s.Instance = Instance{ID: tag, Source: FromDMI}
	case err != nil:
		return s, err
	case given != "":
		s.Instance = Instance{ID: given, Source: FromCredential}
	case s.uuid != "":
		s.Instance = Instance{ID: "uuid-" + s.uuid, Source: FromUUID, Provisional: s.onEC2}
	case s.machineID != "":
		s.Instance = Instance{ID: "machine-" + s.machineID, Source: FromMachineID, Provisional: s.onEC2}
	default:
		return s, errors.New("the firmware shows no instance id and no UUID, there is no credential leaven.instance-id, and /etc/machine-id holds none")
	}
	return s, nil
}

// firmware reads what the kernel shows of DMI and hypervisor. The first error stays.
type firmware struct {
	root   *rootfs.Root
	absent bool
	err    error
}

func (f *firmware) line(name string) string {
	if f.absent || f.err != nil {
		return ""
	}
	var text string
	text, f.err = line(f.root, name)
	return text
}

// looksLikeEC2 tells an EC2 instance, also one whose asset tag holds no id: a Xen type ("Identify EC2 instances" in the EC2 user
// guide).
func (f *firmware) looksLikeEC2() bool {
	for _, c := range []struct{ name, mark string }{
		{dmi + "product_uuid", "ec2"}, {"/sys/hypervisor/uuid", "ec2"}, {dmi + "sys_vendor", "amazon ec2"},
	} {
		if strings.HasPrefix(strings.ToLower(f.line(c.name)), c.mark) {
			return true
		}
	}
	return strings.Contains(f.line(dmi+"bios_version"), "amazon") // "4.11.amazon"
}

// placeholder tells a UUID that a maker of boards left as it came (dmidecode's list of known offenders is longer; these are the
// ones that whole series share).
func placeholder(id string) bool {
	switch id {
	case "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff",
		"03000200-0400-0500-0006-000700080009", "12345678-1234-5678-90ab-cddeefaabbcc", "00020003-0004-0005-0006-000700080009":
		return true
	}
	return false
}

// credential reads the id that the host gave. It may not be followed by anything but a newline.
func credential(dir string) (string, error) {
	if dir == "" {
		return "", nil
	}
	root, err := rootfs.Open(dir)
	if err != nil {
		return "", fmt.Errorf("cannot read the credentials: %w", err)
	}
	defer root.Close()
	data, err := root.ReadFile("leaven.instance-id")
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("cannot read credential leaven.instance-id: %w", err)
	}
	id := strings.TrimSpace(string(data))
	if !validID.MatchString(id) || stateDir+"/"+id == currentLink {
		return "", WithCure(errors.New("credential leaven.instance-id is no instance id"),
			"give it letters, digits, dots, dashes and underscores, at most 64")
	}
	return id, nil
}

// line reads a file of one line; "" where it is missing, as sysfs lacks what the firmware does not tell.
func line(root *rootfs.Root, name string) (string, error) {
	data, err := root.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(string(data)), nil
}
