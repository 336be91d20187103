package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/leaven-dev/leaven/e2e/debroot"
	"github.com/leaven-dev/leaven/e2e/imds"
	"github.com/leaven-dev/leaven/e2e/netns"
	"github.com/leaven-dev/leaven/e2e/nspawn"
	"github.com/leaven-dev/leaven/firstboot"
)

const shebang = "#!/usr/bin/leaven firstboot --config\n"

// vpc is a network as an instance finds it: a router, and nothing on it until the test wants it.
type vpc struct {
	t        *testing.T
	instance *netns.Namespace
	outside  *netns.Switch
}

func newVPC(t *testing.T) *vpc {
	t.Helper()
	ns, err := netns.New(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	outside, err := netns.NewSwitch(t.Context())
	if err != nil {
		t.Fatal(errors.Join(err, ns.Close()))
	}
	t.Cleanup(func() {
		if err := errors.Join(outside.Close(), ns.Close()); err != nil {
			t.Error(err)
		}
	})
	return &vpc{t, ns, outside}
}

// up brings the network up.
func (v *vpc) up() {
	v.t.Helper()
	err := v.outside.Plug(v.t.Context(), v.instance, "eth0", "10.9.0.10/24")
	if err == nil {
		_, err = v.instance.Run(v.t.Context(), "ip", "route", "add", "default", "via", "10.9.0.1")
	}
	if err != nil {
		v.t.Fatal(err)
	}
}

// metadata starts the metadata service, with user data.
func (v *vpc) metadata(id, userData string) *imds.Fake {
	v.t.Helper()
	data := imds.Instance(id)
	if userData != "" {
		data["user-data"] = userData
	}
	data["meta-data/tags/instance"] = "Name"
	data["meta-data/tags/instance/Name"] = "web"
	f, err := imds.Start(v.t.Context(), v.instance, data)
	if err != nil {
		v.t.Fatal(err)
	}
	v.t.Cleanup(func() { f.Close() })
	return f
}

// onEC2 makes a root ask for its metadata. (In a container /sys shows the host's firmware.)
func onEC2(t *testing.T, root string) string {
	t.Helper()
	put(t, root, "etc/leaven/firstboot.yaml", "network: {metadata: \"on\"}\n", 0o644)
	remove(t, root, "etc/resolv.conf")
	put(t, root, "etc/resolv.conf", "nameserver 10.9.0.1\n", 0o644)
	return root
}

// statusOf waits for first boot and returns how it went.
func statusOf(t *testing.T, c *nspawn.Container) firstboot.Status {
	t.Helper()
	var s firstboot.Status
	text, _ := c.Run(t.Context(), "leaven", "status", "--wait", "--output", "json") // the exit status says how it went
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return s
}

func find(s firstboot.Status, id string) firstboot.StepRecord {
	for _, rec := range s.Steps {
		if rec.ID == id {
			return rec
		}
	}
	return firstboot.StepRecord{}
}

// scanFor asks for host keys until there are as many: a reload of sshd takes its time, and in the middle of it there are few.
func scanFor(t *testing.T, c *nspawn.Container, count int) []string {
	t.Helper()
	keys := scan(t, c)
	for range 20 {
		if len(keys) >= count {
			break
		}
		time.Sleep(500 * time.Millisecond)
		keys = scan(t, c)
	}
	return keys
}

// TestUserData boots instances whose user data comes from a metadata service, without cloud-init: one that is there, late, slow, broken
// or absent. Whatever it is, nobody is shown a host key of the image.
func TestUserData(t *testing.T) {
	image := copyRoot(t, "bookworm")
	baked := publicKeys(t, image)
	install(t, image)
	onEC2(t, image)
	const id = "i-0123456789abcdef0"
	credentials := map[string]string{"leaven.instance-id": id}
	start := func(t *testing.T, v *vpc, root string) *nspawn.Container {
		return begin(t, nspawn.Config{Root: root, Credentials: credentials, Network: v.instance.Path()})
	}
	const ours = shebang + "hostname: ${tag.Name}-${instance.zone}\nssh: {rsa: 2048}\nrun:\n- {name: greet, command: 'echo ${instance.ipv4} ${instance.id} >/greeting'}\n"

	// Side by side: one of them waits for a minute.
	t.Run("metadata", func(t *testing.T) { t.Parallel(); testMetadataService(t, image, baked) })
	t.Run("bad user data", func(t *testing.T) { t.Parallel(); testBadUserData(t, image, baked) })

	t.Run("late network, late service", func(t *testing.T) {
		t.Parallel()
		v, root := newVPC(t), clone(t, image)
		c := start(t, v, root)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		await := func(what string) {
			t.Helper()
			if _, err := c.Run(ctx, "sh", "-c", fmt.Sprintf("until journalctl -u leaven-firstboot -o cat | grep -q %q; do sleep 0.2; done", what)); err != nil {
				t.Fatalf("the journal never says %q: %v", what, err)
			}
		}
		await("waiting for a network interface")
		v.up()
		await("waiting for instance metadata")
		fake := v.metadata(id, ours)
		fake.Fail(2, 503)
		s := statusOf(t, c)
		if s.Result != firstboot.OK {
			t.Fatalf("status: %s\n%s", s.Verdict, run(t, c, "journalctl", "-u", "leaven-firstboot", "-o", "cat"))
		}
		if text := run(t, c, "cat", "/greeting"); text != "10.9.0.10 "+id {
			t.Errorf("the command said %q", text)
		}
		if name := run(t, c, "hostname"); name != "web-eu-central-1a" {
			t.Errorf("host name %q", name)
		}
		if shown := run(t, c, "leaven", "config", "show"); !strings.Contains(shown, "hostname: ${tag.Name}-${instance.zone} # user data:2:11") {
			t.Errorf("its configuration:\n%s", shown)
		}
		if got := run(t, c, "getent", "-s", "files", "hosts", "web-eu-central-1a"); !strings.HasPrefix(got, "127.0.1.1") {
			t.Errorf("its name resolves to %q", got)
		}
		keys := scanFor(t, c, 3)
		if len(keys) != 3 || share(keys, baked) || !strings.Contains(strings.Join(keys, " "), "ssh-rsa ") {
			t.Errorf("sshd shows %q, want an RSA key too, and none of the image's", keys)
		}
		off(t, c)

		// A reboot without network and service: nothing changes, and nothing fails.
		fake.Close()
		c = start(t, newVPC(t), root)
		if s := statusOf(t, c); s.Result != firstboot.OK || !strings.Contains(find(s, "metadata").Message, "silent") {
			t.Errorf("reboot without a metadata service: %s; %v", s.Verdict, find(s, "metadata"))
		}
		if again := scan(t, c); strings.Join(again, " ") != strings.Join(keys, " ") {
			t.Errorf("it changed the host keys: %q", again)
		}
		if text := run(t, c, "cat", "/greeting"); text != "10.9.0.10 "+id {
			t.Errorf("the command ran again: %q", text)
		}
	})

	for name, c := range map[string]struct {
		data, step, want string
		result           firstboot.Result
	}{
		"MIME part":    {mimeUserData(ours), "user-data", "part 2", firstboot.OK},
		"gzip":         {gzipped(t, ours), "user-data", "user data", firstboot.OK},
		"not ours":     {"#cloud-config\nhostname: x\n", "user-data", "none for Leaven", firstboot.OK},
		"none":         {"", "user-data", "none for Leaven", firstboot.OK},
		"typing error": {shebang + "hostnme: x\n", "config", `user data:2:1: unknown key "hostnme" (did you mean "hostname"?)`, firstboot.Failed},
		"bad shebang":  {"#!/usr/local/bin/leaven firstboot\nhostname: x\n", "user-data", "firstboot --config", firstboot.Failed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, root := newVPC(t), clone(t, image)
			v.up()
			v.metadata(id, c.data)
			container := start(t, v, root)
			s := statusOf(t, container)
			if rec := find(s, c.step); s.Result != c.result || !strings.Contains(rec.Message, c.want) {
				t.Errorf("status: %s; step %v, want %q", s.Verdict, rec, c.want)
			}
			if keys := scanFor(t, container, 2); len(keys) < 2 || share(keys, baked) {
				t.Errorf("nobody can log in, or sees a key of the image: %q", keys)
			}
			if c.result == firstboot.Failed {
				if !strings.Contains(container.Console.Text(), c.want) {
					t.Errorf("the console does not say why:\n%s", container.Console.Tail(20))
				}
				if motd := run(t, container, "cat", "/run/motd.d/leaven"); !strings.Contains(motd, "FAILED") {
					t.Errorf("the message of the day: %s", motd)
				}
			}
		})
	}
}

// TestUserDataThroughCloudInit has cloud-init run user data that is ours, as a script: as the whole, and as a part.
func TestUserDataThroughCloudInit(t *testing.T) {
	pristine, err := debroot.Build(t.Context(), debroot.Container("bookworm").With("cloud-init"), t.Output())
	if err != nil {
		t.Fatal(err)
	}
	image := scratch(t) + "/root"
	if err := pristine.CopyTo(t.Context(), image); err != nil {
		t.Fatal(err)
	}
	baked := publicKeys(t, image)
	install(t, image)
	put(t, image, "var/lib/cloud/seed/nocloud/meta-data", "instance-id: iid-1\n", 0o644)
	put(t, image, "etc/cloud/cloud.cfg.d/90-test.cfg", "locale: C.UTF-8\n", 0o644) // the root has no others
	ours := shebang + "hostname: from-user-data\nrun: [{name: greet, command: 'echo x >>/greeting', network: false}]\n"
	for name, data := range map[string]string{"whole": ours, "part": mimeUserData(ours)} {
		t.Run(name, func(t *testing.T) {
			root := clone(t, image)
			put(t, root, "var/lib/cloud/seed/nocloud/user-data", data, 0o644)
			for range 2 { // the second time it is a reboot: cloud-init does not run it again, Leaven knows it
				c, state := bootAnyhow(t, nspawn.Config{Root: root})
				if out, err := c.Run(t.Context(), "cloud-init", "status", "--wait", "--long"); err != nil || state != "running" {
					t.Fatalf("%s; cloud-init: %v\n%s\n%s", state, err, out, run(t, c, "journalctl", "-b", "-u", "cloud-*", "-o", "cat"))
				}
				if s := statusOf(t, c); s.Result != firstboot.OK || !strings.Contains(find(s, "user-data").Message, "/var/lib/cloud/") {
					t.Errorf("status: %s; %v", s.Verdict, find(s, "user-data"))
				}
				ownKeys(t, c, baked)
				if name := run(t, c, "hostname"); name != "from-user-data" {
					t.Errorf("host name %q", name)
				}
				if text := run(t, c, "cat", "/greeting"); text != "x" {
					t.Errorf("the command ran: %q", text)
				}
				off(t, c)
			}
		})
	}
}
