package nfs

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Wish is what somebody wants mounted. Either FileSystem or Export is set.
type Wish struct {
	FileSystem  string // of EFS: "fs-0123456789abcdef0", or with a folder in it, "fs-0123456789abcdef0:/folder"
	AccessPoint string // of EFS: "fsap-..."
	IAM, TLS    bool   // of EFS
	Zone        string // of EFS: whose mount target is used; "" is the instance's own
	Region      string // of EFS
	Export      string // "host:/path"
	Options     []string
	Address     string // of the server, for when its name does not resolve; may be ""
}

// Share is a wish as mount(8) and fstab(5) want it.
type Share struct {
	FileSystem string // of EFS, or ""
	Region     string // of EFS
	Zone       string // asked for, or ""
	Host       string // name or address of the server
	Path       string
	Type       string   // nfs4, or efs for what amazon-efs-utils must do
	Source     string   // as fstab names it
	Options    []string // as fstab has them
	Address    string   // for when the name does not resolve; may be ""
	Encrypted  bool     // through a tunnel of mount.efs: the kernel sees a server on loopback
}

func (w Wish) server() server {
	switch {
	case w.FileSystem == "":
		return anyServer
	case w.TLS || w.IAM || w.AccessPoint != "":
		return efsTunnel
	}
	return efsPlain
}

// CheckOptions returns what is wrong with the options. Texts that are filled in later are passed over.
func (w Wish) CheckOptions() []error { return checkOptions(w.Options, w.server()) }

// Share works out what is to be mounted. Helper tells whether mount.efs is installed; it is used only for what the kernel cannot do.
func (w Wish) Share(helper bool) (Share, error) {
	efs, from := w.FileSystem != "", w.server()
	if err := errors.Join(w.CheckOptions()...); err != nil {
		return Share{}, err
	}
	s := Share{Type: "nfs4", Options: withDefaults(w.Options, from), Address: w.Address, Zone: w.Zone}
	if w.Address != "" {
		if _, err := netip.ParseAddr(w.Address); err != nil {
			return Share{}, fmt.Errorf("cannot use %q for the server's address: %w", w.Address, err)
		}
	}
	if !efs {
		host, path, err := splitExport(w.Export)
		s.Host, s.Path, s.Source = host, path, w.Export
		return s, err
	}
	id, path, given := strings.Cut(w.FileSystem, ":")
	if !given {
		path = "/"
	}
	if w.Region == "" {
		return Share{}, fmt.Errorf("cannot name the file system %s: its region is not known; write `region:` beside it", id)
	}
	s.FileSystem, s.Region, s.Path, s.Host = id, w.Region, path, efsName(id, w.Zone, w.Region)
	s.Source = s.Host + ":" + path
	if from != efsTunnel {
		return s, nil
	}
	if !helper {
		return Share{}, fmt.Errorf("cannot mount %s with TLS, IAM or an access point: mount.efs is missing; install amazon-efs-utils in the image", id)
	}
	s.Type, s.Source, s.Encrypted = "efs", w.FileSystem, true
	if !given {
		s.Source += ":/"
	}
	s.Options = append(s.Options, "tls") // which mount.efs wants with the other two
	if w.IAM {
		s.Options = append(s.Options, "iam")
	}
	for _, o := range []struct{ name, value string }{{"accesspoint", w.AccessPoint}, {"az", w.Zone}, {"region", w.Region}} {
		if o.value != "" {
			s.Options = append(s.Options, o.name+"="+o.value)
		}
	}
	return s, nil
}

// splitExport takes "host:/path" and "[fd00::1]:/path" apart.
func splitExport(export string) (host, path string, err error) {
	host, path, found := strings.Cut(export, ":/")
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if !found || host == "" || strings.HasPrefix(host, "-") || strings.ContainsAny(export, " \t\r\n\x00") {
		return "", "", fmt.Errorf("%q names no share: want host:/path", export)
	}
	return host, "/" + path, nil
}

// port is where the server listens.
func (s Share) port() string {
	for _, o := range s.Options {
		if port, ok := strings.CutPrefix(o, "port="); ok {
			return port
		}
	}
	return "2049"
}

// sourceAt is how mount(8) names the share at an address.
func (s Share) sourceAt(address netip.Addr) string {
	if address.Is6() {
		return "[" + address.String() + "]:" + s.Path
	}
	return address.String() + ":" + s.Path
}

// mountOptions are those for mount(8): without what is for fstab alone. We try again ourselves, and know better when.
func (s Share) mountOptions() []string {
	list := slices.DeleteFunc(slices.Clone(s.Options), func(o string) bool {
		return o == "nofail" || o == "_netdev" || o == "auto" || strings.HasPrefix(o, "retry=") || strings.HasPrefix(strings.ToLower(o), "x-")
	})
	return append(list, "retry=0")
}
