package install

import (
	"embed"
	"io/fs"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

//go:embed files
var embedded embed.FS

// Where the programs go.
const (
	Program = "/usr/bin/leaven"        // what boots run
	Whole   = "/usr/lib/leaven/leaven" // where Program is the agent: what knows all commands
)

// Programs are the contents of the executables. The agent has what boots need; where it is nil, the whole program does all.
type Programs struct{ Whole, Agent []byte }

const unitDir = "/usr/lib/systemd/system"

// file is what belongs at a path: content, or a link.
type file struct {
	path string
	data []byte
	mode fs.FileMode
	link string
}

// servers are the units that answer SSH: Debian and Ubuntu say ssh, Fedora, RHEL and SUSE sshd, and the last four come from
// systemd-ssh-generator(8) since systemd 256. A drop-in for a unit that is not there does nothing.
func servers() []string {
	return []string{
		"ssh.service", "ssh@.service", "ssh.socket",
		"sshd.service", "sshd@.service", "sshd.socket",
		"sshd-unix-local@.service", "sshd-unix-local.socket", "sshd-vsock@.service", "sshd-vsock.socket",
	}
}

// layout lists what belongs into a root, in the order in which it is put there: the drop-ins come last, because sshd does not
// start while they are there and the units are not.
func layout(root *rootfs.Root, p Programs) ([]file, error) {
	list := []file{{path: Program, data: p.Whole, mode: 0o755}}
	if p.Agent != nil {
		list = []file{{path: Whole, data: p.Whole, mode: 0o755}, {path: Program, data: p.Agent, mode: 0o755}}
	}
	list = append(list, []file{
		text(unitDir+"/leaven-identity.service", "leaven-identity.service"),
		text(unitDir+"/leaven-firstboot.service", "leaven-firstboot.service"),
		// Off: they have no [Install] section, and first boot starts what the configuration asks for.
		text(unitDir+"/leaven-health.socket", "leaven-health.socket"),
		text(unitDir+"/leaven-health.service", "leaven-health.service"),
		text(unitDir+"/leaven-leave.service", "leaven-leave.service"),
		text("/usr/lib/systemd/system-preset/80-leaven.preset", "leaven.preset"),
		{path: "/etc/systemd/system/sysinit.target.wants/leaven-identity.service", link: unitDir + "/leaven-identity.service"},
		{path: "/etc/systemd/system/multi-user.target.wants/leaven-firstboot.service", link: unitDir + "/leaven-firstboot.service"},
	}...)
	cloud, err := root.Exists("/etc/cloud/cloud.cfg")
	if err != nil {
		return nil, err
	}
	if cloud {
		list = append(list, text("/etc/cloud/cloud.cfg.d/99-leaven.cfg", "cloud.cfg"))
	}
	for _, unit := range []string{"sshd-keygen@.service", "sshd-keygen.service"} {
		list = append(list, text(unitDir+"/"+unit+".d/leaven.conf", "sshd-keygen.conf"))
	}
	for _, unit := range servers() {
		list = append(list, text(unitDir+"/"+unit+".d/leaven.conf", "sshd.conf"))
	}
	return list, nil
}

func text(path, name string) file {
	data, err := embedded.ReadFile("files/" + name)
	if err != nil {
		panic(err) // the file is part of this program
	}
	return file{path: path, data: data, mode: 0o644}
}
