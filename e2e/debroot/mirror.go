package debroot

import (
	"context"
	"fmt"
	"net/url"
	"os/exec"
	"strings"
)

// mirror returns where this machine's own apt gets Debian from, or "" on a
// machine that is not Debian: mmdebstrap then uses its default.
func mirror(ctx context.Context) (string, error) {
	// indextargets knows both forms of sources; see apt-get(8).
	cmd := exec.CommandContext(ctx, "apt-get", "indextargets", "--format", "$(ORIGIN) $(COMPONENT) $(REPO_URI)", "Created-By: Packages")
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("cannot ask apt for this machine's mirror: %w", err)
	}
	return debianMirror(string(out)), nil
}

// debianMirror picks from lines of "ORIGIN COMPONENT URI". The origin comes from
// the downloaded Release file; without one (no apt-get update yet) apt prints the
// format itself, and the address must tell: Debian's mirrors end in /debian.
// Security mirrors hold no whole suite and end in /debian-security.
func debianMirror(targets string) string {
	for line := range strings.Lines(targets) {
		f := strings.Fields(line)
		if len(f) != 3 || f[1] != "main" {
			continue
		}
		u, err := url.Parse(f[2])
		if err != nil {
			continue
		}
		path := strings.TrimRight(u.Path, "/")
		if f[0] != "Debian" && !strings.HasSuffix(path, "/debian") || strings.HasSuffix(path, "-security") {
			continue
		}
		return f[2]
	}
	return ""
}
