package network

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"slices"
	"strings"
)

const (
	resolvConf = "/etc/resolv.conf"
	// resolvedConf lists the servers that systemd-resolved asks, where resolvConf names systemd-resolved itself
	// (systemd-resolved.service(8), "/etc/resolv.conf").
	resolvedConf = "/run/systemd/resolve/resolv.conf"
)

// The addresses where systemd-resolved listens.
var resolved = []netip.Addr{netip.MustParseAddr("127.0.0.53"), netip.MustParseAddr("127.0.0.54")}

// noResolver says why names cannot be looked up, or "".
func noResolver(conf, upstream string) (string, error) {
	servers, why, err := nameServers(conf)
	if err != nil || why != "" {
		return why, err
	}
	if slices.ContainsFunc(servers, func(s netip.Addr) bool { return !slices.Contains(resolved, s) }) {
		return "", nil
	}
	_, why, err = nameServers(upstream)
	if why != "" {
		why = fmt.Sprintf("%s names systemd-resolved, and %s", conf, why)
	}
	return why, err
}

// nameServers reads resolv.conf(5): those it names, or why there are none.
func nameServers(path string) (servers []netip.Addr, why string, err error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "there is no " + path, nil
	}
	if err != nil {
		return nil, "", fmt.Errorf("cannot read which name servers there are: %w", err)
	}
	for line := range strings.Lines(string(data)) {
		fields := strings.Fields(line)
		if len(fields) < 2 || fields[0] != "nameserver" {
			continue
		}
		if server, err := netip.ParseAddr(fields[1]); err == nil {
			servers = append(servers, server)
		}
	}
	if servers == nil {
		why = path + " names none"
	}
	return servers, why, nil
}
