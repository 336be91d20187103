package firstboot

import (
	"slices"
	"strings"
	"testing"

	"github.com/leaven-dev/leaven/mounts/volume"
)

// What volumes do is tried in mounts/volume, and with real disks in e2e. Here: what first boot makes of it.

func TestVolumeThatNeverComes(t *testing.T) {
	c := newCloud(t, "i-00000001")
	c.data = ours + "volumes: [{volume: vol-0000dead, at: /data, wait: 50ms, policy: degrade}]\nrun: [{name: after, command: 'true', after: [volume-data], policy: ignore}]\n"
	sum := c.boot("1")
	if sum.Result != Degraded || sum.Step != "volume-data" {
		t.Errorf("verdict: %v", sum)
	}
	rec := c.step("volume-data")
	if !strings.Contains(rec.Message, "waited 50ms for it: volume vol-0000dead is not there; the disks are: ") || !strings.Contains(rec.Cure, "attach it") {
		t.Errorf("it says %s", rec)
	}
	if rec := c.step("after"); rec.Result != Blocked {
		t.Errorf("what comes after it: %s", rec)
	}
}

func TestUnwantedVolume(t *testing.T) {
	c := newCloud(t, "i-00000001")
	const foreign = "# by hand\nUUID=1 / ext4 defaults 0 1\nfs-01234567.efs.eu-west-1.amazonaws.com:/ /shared nfs4 _netdev,x-leaven 0 0\nUUID=0dd2 /image ext4 nofail,x-leaven 0 2\n"
	write(t, c.dir, "etc/fstab", foreign+"UUID=0dd1 /old ext4 nofail,x-leaven=firstboot 0 2\n")
	if sum := c.boot("1"); sum.Result != OK {
		t.Errorf("verdict: %v", sum)
	}
	if text := read(t, c.dir, "etc/fstab"); text != foreign {
		t.Errorf("fstab is %q", text)
	}
	if rec := c.step("volumes-unwanted"); !rec.Changed {
		t.Errorf("it says %s", rec)
	}
	if sum := c.boot("2"); sum.Result != OK {
		t.Errorf("verdict of the next boot: %v", sum)
	}
}

func TestVolumeSteps(t *testing.T) {
	c := newCloud(t, "i-00000001")
	c.data = ours + "volumes:\n- {volume: vol-00000001, at: /srv/a/b}\n- {volume: vol-00000002, at: /srv/a-b}\n- {volume: vol-00000003, at: /srv}\n- {volume: vol-00000004, at: swap}\n- {swap: 1M, at: /srv/swap file}\n"
	lines, err := c.agent().Plan(t.Context(), Identity, Provision)
	if err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(lines, func(line string) bool { return strings.HasPrefix(line, "volume-") }) {
		t.Error("user data is not known yet")
	}
	if ids := volumeIDs([]volume.Spec{{At: "/srv/a/b"}, {At: "/srv/a-b"}, {At: "/srv"}, {At: "swap"}, {At: "/Swap file"}}); !slices.Equal(ids, []string{"volume-srv-a-b", "volume-srv-a-b-2", "volume-srv", "volume-swap", "volume-swap-file"}) {
		t.Errorf("the steps are %q", ids)
	}
	write(t, c.dir, "etc/leaven/firstboot.d/v.yaml", strings.TrimPrefix(c.data, ours))
	if lines, err = c.agent().Plan(t.Context(), Identity, Provision); err != nil {
		t.Fatal(err)
	}
	text := strings.Join(lines, "\n") + "\n"
	for _, want := range []string{
		"\nvolume-srv-a-b (after config, volume-srv): would wait up to 2m0s for volume vol-00000001\n", "\nvolume-srv (after config): would wait", "\nvolume-swap (after config): would wait",
		"\nvolume-srv-swap-file (after config, volume-srv): /srv/swap file: would make the swap file /srv/swap file of 1 MiB, write its line to /etc/fstab, swap to it\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the plan does not say %q:\n%s", want, text)
		}
	}
}
