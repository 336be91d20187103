package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/leaven-dev/leaven/e2e/hubs"
	"github.com/leaven-dev/leaven/e2e/nspawn"
	"github.com/leaven-dev/leaven/firstboot"
)

// policyImage is a sealed image with CFEngine.
func policyImage(t *testing.T, suite string) string {
	t.Helper()
	image, err := hubs.NewImage(t.Context(), suite, binary(t, "leaven"), t.Output())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := image.Close(); err != nil {
			t.Error(err)
		}
	})
	return image.Root
}

// policyNet is a network with hubs and clients, and the share of the hubs.
type policyNet struct {
	t *testing.T
	*hubs.VPC
}

func newPolicyNet(t *testing.T) *policyNet {
	t.Helper()
	v, err := hubs.NewVPC(t.Context(), t.ArtifactDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := v.Close(); err != nil {
			t.Error(err)
		}
	})
	return &policyNet{t, v}
}

// hub is the user data for a hub.
func (n *policyNet) hub() string {
	n.t.Helper()
	text, err := n.HubUserData()
	if err != nil {
		n.t.Fatal(err)
	}
	return text
}

// machine is an instance with user data that is off.
func (n *policyNet) machine(image, userData string, mounts ...string) *hubs.Machine {
	n.t.Helper()
	m, err := n.New(n.t.Context(), image, userData, mounts...)
	if err != nil {
		n.t.Fatal(err)
	}
	return m
}

var keyDigest = regexp.MustCompile(`MD5=[0-9a-f]{32}`)

// wantOK stops the test unless first boot went well.
func wantOK(t *testing.T, c *nspawn.Container) firstboot.Status {
	t.Helper()
	s := statusOf(t, c)
	if s.Result != firstboot.OK {
		log, _ := c.Journal(t.Context())
		t.Fatalf("status: %s\n%s", s.Verdict, log)
	}
	return s
}

func daemons() []string { return []string{"cf-serverd", "cf-execd", "cf-monitord"} }

// silentHub stops the test if anybody could take the host for a hub.
func silentHub(t *testing.T, c *nspawn.Container) {
	t.Helper()
	if out := run(t, c, "ss", "--listening", "--tcp", "--numeric", "--no-header"); strings.Contains(out, ":5308") {
		t.Errorf("somebody listens on 5308: %s", out)
	}
	for _, unit := range daemons() {
		if state := run(t, c, "systemctl", "show", "--value", "--property=ActiveState", unit); state == "active" {
			t.Errorf("%s is active", unit)
		}
	}
}

// unplug ends a container as a power cut does. CFEngine's locks go: a cf-serverd that was killed within a minute of its start takes
// itself for running still, and does not start before that minute is over.
func unplug(t *testing.T, c *nspawn.Container, root string) {
	t.Helper()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	locks, err := filepath.Glob(filepath.Join(root, "var/lib/cfengine3/state/cf_lock.lmdb*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, lock := range locks {
		if err := os.Remove(lock); err != nil {
			t.Fatal(err)
		}
	}
}

func content(t *testing.T, root, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}
