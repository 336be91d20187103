package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/leaven-dev/leaven/bake"
	"github.com/leaven-dev/leaven/e2e/nspawn"
)

// writer is a service that writes its identity whenever it is not there, as daemons do that nobody stops.
const writer = `[Service]
ExecStart=/bin/sh -c 'mkdir -p %[1]s; while :; do [ -e %[1]s/%[2]s ] || cp /proc/sys/kernel/random/uuid %[1]s/%[2]s; sleep 0.02; done'
`

// acme is a vendor's rule for a service of its own, with a script to run afterwards.
const acme = `rules:
  - id: acme-agent
    title: identity of the ACME agent
    why: clones would report under one name
    where: [/var/lib/acme/id]
    action: delete
    before: [[systemctl, stop, acme-agent.service]]
    scripts: [/usr/lib/acme/clean]
    made_again: the agent
`

// bakedMounts are lines for an image. A builder has no such file system.
const bakedMounts = "mounts: [{efs: fs-0123456789abcdef0, region: eu-central-1, at: /srv/shared, required_by: [nomad.service]}]\n"

// TestLivePrograms seals a running system in which services write again what is taken from them, and in which others left
// programs that want to run when sealing is done. Only rules that have something to do stop and run anything.
func TestLivePrograms(t *testing.T) {
	for _, suite := range []string{"bookworm", "trixie"} {
		t.Run(suite, func(t *testing.T) {
			root := copyRoot(t, suite)
			install(t, root)
			services := map[string][2]string{
				"consul": {"/opt/consul", "node-id"}, "acme-agent": {"/var/lib/acme", "id"}, "nomad": {"/srv/other", "id"},
			}
			for name, at := range services {
				put(t, root, "etc/systemd/system/"+name+".service", strings.NewReplacer("%[1]s", at[0], "%[2]s", at[1]).Replace(writer), 0o644)
			}
			put(t, root, "usr/lib/leaven/rules.d/acme.yaml", acme, 0o644)
			put(t, root, "usr/lib/acme/clean", "#!/bin/sh\n[ ! -e /var/lib/acme/id ] && echo acme >>/srv/ran\n", 0o755)
			// As cloud-init's own `clean` does it, these run when its state is gone.
			put(t, root, "etc/cloud/clean.d/10-mine", "#!/bin/sh\n[ ! -e /var/lib/cloud/instances ] && [ -e /home/admin/.ssh/authorized_keys ] && echo mine >>/srv/ran\n", 0o755)
			put(t, root, "etc/cloud/clean.d/20-broken", "#!/bin/sh\necho no licence server >&2\nexit 3\n", 0o755)
			put(t, root, "etc/cloud/clean.d/30-note", "#!/bin/sh\necho note >>/srv/ran\n", 0o644) // not executable
			put(t, root, "var/lib/cloud/instances/i-1/user-data.txt", "x", 0o600)
			c := boot(t, nspawn.Config{Root: root})
			authorize(t, c)
			run(t, c, "systemctl", "start", "consul", "acme-agent", "nomad")
			run(t, c, "sh", "-c", "until [ -e /opt/consul/node-id ] && [ -e /var/lib/acme/id ] && [ -e /srv/other/id ]; do sleep 0.05; done")

			// What a shell provisioner does that wants lines for mounts in the image.
			put(t, root, "var/tmp/hub.yaml", bakedMounts, 0o644)
			run(t, c, "leaven", "mounts", "apply", "--root", "/", "--no-mount", "--config", "/var/tmp/hub.yaml")

			preview := liveBake(t, c, "0", "--dry-run")
			for _, program := range []string{"/etc/cloud/clean.d/10-mine", "/etc/cloud/clean.d/20-broken", "/usr/lib/acme/clean"} {
				if got := resultOf(preview, program); got != bake.Planned {
					t.Errorf("a dry run calls %s %q", program, got)
				}
			}
			if there(t, root, "/srv/ran") || run(t, c, "systemctl", "is-active", "consul", "acme-agent") != "active\nactive" {
				t.Error("a dry run runs or stops something")
			}

			report := liveBake(t, c, "1")
			for path, want := range map[string]bake.Result{
				"/opt/consul/node-id": bake.Done, "/var/lib/acme/id": bake.Done, "/var/lib/cloud/instances": bake.Done,
				"/etc/cloud/clean.d/10-mine": bake.Done, "/etc/cloud/clean.d/20-broken": bake.Failed, "/usr/lib/acme/clean": bake.Done,
				"/etc/cloud/clean.d/30-note": "", "/home/admin/.ssh/authorized_keys": bake.Done, "/etc/machine-id": bake.Done,
			} {
				if got := resultOf(report, path); got != want {
					t.Errorf("%s is %q, not %q", path, got, want)
				}
			}
			broken := slices.IndexFunc(report.Changes, func(c bake.Change) bool { return c.Path == "/etc/cloud/clean.d/20-broken" })
			if broken < 0 || !strings.Contains(report.Changes[broken].Message, "exit status 3") || !strings.Contains(report.Changes[broken].Message, "no licence server") {
				t.Errorf("a script that fails does not say why: %+v", report.Changes)
			}
			fstab := run(t, c, "cat", "/etc/fstab")
			if !strings.Contains(fstab, "fs-0123456789abcdef0.efs.eu-central-1.amazonaws.com:/ /srv/shared nfs4 nfsvers=4.1,") || !strings.Contains(fstab, ",_netdev,nofail,x-systemd.mount-timeout=90s,x-leaven 0 0") {
				t.Errorf("fstab is\n%s", fstab)
			}
			if dropIn := run(t, c, "cat", "/etc/systemd/system/nomad.service.d/50-leaven-mounts.conf"); !strings.HasSuffix(strings.TrimSpace(dropIn), "RequiresMountsFor=\"/srv/shared\"") {
				t.Errorf("the drop-in is %q", dropIn)
			}
			if fi, err := os.Stat(filepath.Join(root, "srv/shared")); err != nil || fi.Mode().Perm() != 0o700 {
				t.Errorf("the folder: %v, %v", fi, err)
			}
			ran, err := os.ReadFile(filepath.Join(root, "srv/ran"))
			lines := strings.Fields(string(ran))
			slices.Sort(lines)
			if err != nil || !slices.Equal(lines, []string{"acme", "mine"}) {
				t.Errorf("ran %q, %v", lines, err)
			}
			for name, want := range map[string]string{"consul": "inactive", "acme-agent": "inactive", "nomad": "active"} {
				out, _ := c.Run(t.Context(), "systemctl", "is-active", name) // fails for what is inactive
				if got := strings.TrimSpace(out); got != want {
					t.Errorf("%s is %s, not %s", name, got, want)
				}
			}
			run(t, c, "sleep", "0.2") // ten times what the writers wait
			for _, gone := range []string{"/opt/consul/node-id", "/var/lib/acme/id", "/var/lib/cloud/instances"} {
				if there(t, root, gone) {
					t.Errorf("%s is back", gone)
				}
			}
		})
	}
}

// liveBake seals the running system for good, which must end with an exit status.
func liveBake(t *testing.T, c *nspawn.Container, code string, flags ...string) (report bake.BakeReport) {
	t.Helper()
	command := "leaven bake --root / --output json " + strings.Join(flags, " ") + "; [ $? = " + code + " ]"
	if err := json.Unmarshal([]byte(run(t, c, "sh", "-c", command)), &report); err != nil {
		t.Fatal(err)
	}
	return report
}

// resultOf is what became of a path; empty where nothing was to be done.
func resultOf(r bake.BakeReport, path string) bake.Result {
	for _, c := range r.Changes {
		if c.Path == path {
			return c.Result
		}
	}
	return ""
}
