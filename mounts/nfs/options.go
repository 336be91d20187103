package nfs

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/leaven-dev/leaven/internal/nearest"
)

// kind is what follows an option's equals sign.
type kind int

const (
	nothing kind = iota
	number
	text
)

// server is what is mounted from, which decides what can be asked for.
type server int

const (
	anyServer server = iota // of NFS
	efsPlain                // EFS, by the kernel's client alone
	efsTunnel               // EFS, by mount.efs
)

// option is one that can be asked for. Those of one group are alternatives: there can be one of them.
type option struct {
	name, group string
	value       kind
	tunnel      bool   // is for mount.efs
	refuse      string // why it cannot be asked for here; "" where it can
}

// known are the options of nfs(5) for version 4, and those of mount(8) that fit a share.
func known() []option {
	list := []option{
		{name: "nfsvers", group: "version", value: text}, {name: "vers", group: "version", value: text}, {name: "minorversion", value: number},
		{name: "x-systemd.mount-timeout", value: text}, {name: "x-systemd.requires", value: text}, {name: "x-systemd.after", value: text},
		{name: "x-systemd.before", value: text}, {name: "x-systemd.wanted-by", value: text}, {name: "x-systemd.required-by", value: text},
		{name: "_netdev"}, {name: "nofail"}, {name: "auto", group: "auto"}, {name: "nosuid", group: "suid"}, {name: "suid", group: "suid"},
		{name: "noatime", group: "atime"}, {name: "relatime", group: "atime"}, {name: "strictatime", group: "atime"}, {name: "atime", group: "atime"},
		{name: "noauto", group: "auto", refuse: "it would not be mounted at later boots"},
		{name: "bg", group: "fg", refuse: "the mount would be reported before it is there"}, {name: "fg", group: "fg"},
		{name: "x-systemd.automount", refuse: "the first access would fail where the server is late; a step waits for it instead"},
		{name: "tls", refuse: "write `tls: true` beside options"}, {name: "iam", refuse: "write `iam: true` beside options"},
		{name: "accesspoint", value: text, refuse: "write `access_point:` beside options"}, {name: "az", value: text, refuse: "write `az:` beside options"},
		{name: "region", value: text, refuse: "write `region:` beside options"}, {name: "mounttargetip", value: text, refuse: "write `address:` beside options"},
	}
	for _, pair := range []string{
		"hard soft softerr", "softreval nosoftreval", "ac noac", "cto nocto", "rdirplus nordirplus", "sharecache nosharecache",
		"resvport noresvport", "fsc nofsc", "migration nomigration", "trunkdiscovery notrunkdiscovery",
		"ro rw", "sync async", "diratime nodiratime", "dev nodev", "exec noexec", "lazytime nolazytime", "intr nointr",
	} {
		for name := range strings.FieldsSeq(pair) {
			list = append(list, option{name: name, group: pair})
		}
	}
	for name := range strings.FieldsSeq("timeo retrans rsize wsize acregmin acregmax acdirmin acdirmax actimeo nconnect max_connect port retry") {
		list = append(list, option{name: name, value: number})
	}
	for name := range strings.FieldsSeq("proto clientaddr sec lookupcache local_lock xprtsec context fscontext defcontext rootcontext") {
		list = append(list, option{name: name, value: text})
	}
	for name := range strings.FieldsSeq("mountport mountproto mounthost mountvers namlen lock nolock acl noacl udp") {
		list = append(list, option{name: name, value: text, refuse: "it is for NFS version 3"})
	}
	// Those of mount.efs(8) that are about its tunnel. What it reads as ports and names of its own is left out.
	for name := range strings.FieldsSeq("stunnel ocsp noocsp") {
		list = append(list, option{name: name, group: strings.TrimPrefix(name, "no"), tunnel: true})
	}
	list = append(list, option{name: "awsprofile", value: text, tunnel: true}, option{name: "cafile", value: text, tunnel: true},
		option{name: "verify", value: number, tunnel: true}, option{name: "tlsport", value: number, tunnel: true})
	return list
}

// checkOptions returns what is wrong with options that were asked for: unknown ones, wrong values, ones that exclude one another.
// Texts that are filled in later are passed over.
func checkOptions(asked []string, from server) []error {
	var faults []error
	taken := map[string]string{} // by group
	for _, text := range asked {
		if strings.Contains(text, "${") {
			continue
		}
		o, err := parseOption(text, from)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		if o.name == "" {
			continue
		}
		if other, there := taken[o.group]; there {
			faults = append(faults, fmt.Errorf("the options %s and %s exclude one another", other, text))
		}
		taken[o.group] = text
	}
	return faults
}

// parseOption finds an option and checks its value. One that begins with "x-" or "X-" is for other programs (mount(8)) and is
// passed on; its name is "".
func parseOption(asked string, from server) (option, error) {
	name, value, given := strings.Cut(asked, "=")
	if strings.ContainsAny(asked, " \t\r\n\"\\\x00") || strings.Contains(asked, ",") {
		return option{}, fmt.Errorf("%q is no mount option: write each as an entry of its own", asked)
	}
	var names []string
	for _, o := range known() {
		if o.group == "" {
			o.group = o.name
		}
		if o.refuse == "" && (!o.tunnel || from == efsTunnel) {
			names = append(names, o.name)
		}
		if o.name != name {
			continue
		}
		_, bad := strconv.Atoi(value)
		switch {
		case o.refuse != "":
			return o, fmt.Errorf("the option %s cannot be used: %s", name, o.refuse)
		case o.tunnel && from != efsTunnel:
			return o, fmt.Errorf("the option %s is for mount.efs: write `tls: true` beside options, too", name)
		case name == "port" && from == efsTunnel:
			return o, fmt.Errorf("the option port is not for mount.efs, whose tunnel has a port of its own (tlsport)")
		case o.value == nothing && given:
			return o, fmt.Errorf("the option %s takes no value", name)
		case o.value != nothing && value == "":
			return o, fmt.Errorf("the option %s needs a value: %s=VALUE", name, name)
		case o.value == number && (bad != nil || value[0] < '0' || value[0] > '9'):
			return o, fmt.Errorf("the option %s needs a number, not %q", name, value)
		case o.group == "version":
			return o, checkVersion(value, from != anyServer)
		case name == "sec" && from != anyServer && value != "sys":
			return o, fmt.Errorf("EFS has no sec=%s, only sec=sys", value)
		}
		return o, nil
	}
	if strings.HasPrefix(name, "x-") && !strings.HasPrefix(name, "x-systemd.") || strings.HasPrefix(name, "X-") {
		return option{}, nil
	}
	return option{}, fmt.Errorf("unknown mount option %q%s", name, nearest.Hint(name, names))
}

func checkVersion(value string, efs bool) error {
	switch {
	case value == "4", value == "4.0", value == "4.1":
		return nil
	case value == "4.2" && !efs:
		return nil
	case efs:
		return fmt.Errorf("EFS has the versions 4.0 and 4.1, not %q", value)
	}
	return fmt.Errorf("the NFS version must be 4, 4.0, 4.1 or 4.2, not %q", value)
}

// defaults are what AWS recommends ("Recommended NFS mount settings" in the EFS user guide), and what keeps a boot from failing
// where the server is away: with nofail nothing of the boot but who asks for it waits for the mount, without _netdev systemd would take
// type efs for a local file system. The time-out is for systemd's one try.
func defaults() []string {
	return []string{"nfsvers=4.1", "rsize=1048576", "wsize=1048576", "hard", "timeo=600", "retrans=2", "noresvport", "_netdev", "nofail", "x-systemd.mount-timeout=90s"}
}

// withDefaults adds the defaults whose group nobody asked for.
func withDefaults(asked []string, from server) []string {
	groups := map[string]bool{}
	for _, text := range asked {
		if o, err := parseOption(text, from); err == nil && o.name != "" {
			groups[o.group] = true
		}
	}
	var all []string
	for _, text := range defaults() {
		if o, _ := parseOption(text, from); !groups[o.group] {
			all = append(all, text)
		}
	}
	return append(all, asked...)
}
