package e2e

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/leaven-dev/leaven/e2e/imds"
	"github.com/leaven-dev/leaven/firstboot"
)

// policyHubData is the user data of docs/cfengine-hubs.md. The server of the test has both file systems as folders, of which there
// are more than one set: %[1]s.
const policyHubData = `#!/usr/bin/leaven firstboot --config
mounts:
  - {efs: "fs-0fedcba9876543210:/ppkeys%[1]s", at: /var/lib/cfengine3/ppkeys, mode: "0700"}
  - {efs: "fs-0123456789abcdef0:/masterfiles%[1]s", at: /var/lib/cfengine3/masterfiles}
cfengine:
  role: hub
  acl: [10.0.0.0/8]
health: {listen: "8088"}
`

// TestHubsOnNFS brings up policy hubs whose share is NFS 4.1. One is a virtual machine, the others are containers in it.
func TestHubsOnNFS(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	l := newHubsLab(ctx, t)
	data := imds.Instance("i-0000000000000000a")
	data["user-data"] = fmt.Sprintf(policyHubData, "")
	fake, err := imds.Start(ctx, l.ns, data)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { fake.Close() })
	l.serve()
	vm, g := l.boot("first")
	digest := g.wantHub("")
	lines := g.run("grep efs /etc/fstab; findmnt --types nfs4 --noheadings --output TARGET,SOURCE; stat --format=%a /var/lib/cfengine3/ppkeys; cat /sys/module/nfs/parameters/nfs4_unique_id; ls -A /var/lib/cfengine3/ppkeys")
	for _, want := range []string{
		ppkeysName + ":/ppkeys /var/lib/cfengine3/ppkeys nfs4 nfsvers=4.1,rsize=1048576,wsize=1048576,hard,timeo=600,retrans=2,noresvport,_netdev,nofail,",
		masterfilesName + ":/masterfiles /var/lib/cfengine3/masterfiles nfs4 nfsvers=4.1,",
		"\n700\ni-0000000000000000a\nlocalhost.priv\nlocalhost.pub\nroot-" + digest + ".pub",
	} {
		if !strings.Contains(lines, want) {
			t.Errorf("not as it should be: %q in\n%s", want, lines)
		}
	}
	t.Run("contenders", func(t *testing.T) { contenders(t, g) }) // before there is more for the one CPU to do
	t.Run("three hubs", func(t *testing.T) { threeHubs(t, g) })

	const client = "i-0000000000000000e"
	t.Run("client", func(t *testing.T) {
		g.configure("client", shebang+"cfengine: {role: client, hub: 10.0.2.15, policy_server_key: "+digest+"}\n")
		g.run("host client 10.0.2.31 " + client)
		if s := g.outcome("client"); s.Result != firstboot.OK {
			t.Fatalf("%s: %v", s.Verdict, s.Steps)
		}
		g.run(on("client", "cf-agent -K -f update.cf && test -e /var/lib/cfengine3/inputs/promises.cf"))
	})

	t.Run("clients of one host name", func(t *testing.T) { sameHostName(t, g) })

	// A reboot with the share down. The machine loses its power: an orderly shutdown would wait for the server.
	g.run("sync")
	l.fall()
	g.client.Close()
	if err := vm.Kill(); err != nil {
		t.Fatal(err)
	}
	_, g = l.boot("second")
	g.wantWaiting("")
	l.serve()
	if again := g.wantHub(""); again != digest {
		t.Errorf("after a reboot with the share down the hub has the key %s, and had %s", again, digest)
	}
	g.run("host client 10.0.2.31 " + client)
	if s := g.outcome("client"); s.Result != firstboot.OK {
		t.Errorf("%s: %v", s.Verdict, s.Steps)
	}
	if out := g.run(on("client", "cf-agent -K -I -f update.cf 2>&1")); strings.Contains(out, "error:") {
		t.Errorf("the client says: %s", out)
	}
}

// threeHubs boots three hubs while their share is down. When it is back, all of them make a key at once; and the server dies once
// more while they publish theirs.
func threeHubs(t *testing.T, g *guest) {
	hosts := []string{"hub1", "hub2", "hub3"}
	g.fall()
	for i, host := range hosts {
		g.configure(host, strings.ReplaceAll(fmt.Sprintf(policyHubData, "2"), ", at:", ", region: eu-central-1, at:"))
		g.run(fmt.Sprintf("host %s 10.0.2.2%d i-0000000000000000%[2]d", host, i+1))
	}
	for _, host := range hosts {
		g.wantWaiting(host)
	}
	// What others do to systemd ends no wait.
	if limit := g.run(on("hub1", "systemctl daemon-reload && systemctl show --value --property=TimeoutStartUSec leaven-firstboot")); limit != "6h" {
		t.Errorf("first boot has a limit of %s, which a daemon-reload enforces whatever the steps have asked for", limit)
	}
	g.serve()
	keys := g.shares["/ppkeys2"]
	for begun := time.Now(); ; time.Sleep(time.Millisecond) {
		if entries, err := os.ReadDir(keys); err != nil || len(entries) > 0 {
			t.Logf("the server dies when there is %v, %v", entries, err)
			break
		}
		if time.Since(begun) > 5*time.Minute {
			t.Fatal("nobody published a key")
		}
	}
	g.fall()
	time.Sleep(3 * time.Second)
	g.serve()
	digests := map[string]bool{}
	for _, host := range hosts {
		digests[g.wantHub(host)] = true
	}
	if len(digests) != 1 {
		t.Errorf("the hubs have the keys %v", digests)
	}
	if entries, err := os.ReadDir(keys); err != nil || len(entries) != 3 {
		t.Errorf("in ppkeys are %v, %v", entries, err)
	}
	by, err := os.ReadFile(filepath.Join(g.shares["/masterfiles2"], ".leaven-seed"))
	if err != nil || strings.Count(string(by), "\n") != 1 {
		t.Errorf("masterfiles was filled by %q, %v", by, err)
	}
}

// sameHostName makes two more NFS clients, whose host name is the machine's own. Were that all they called themselves, the server
// would take each for the same one that has rebooted, and drop its locks.
func sameHostName(t *testing.T, g *guest) {
	out := g.run(`set -e
mkdir -p /mnt/twin
network twin 10.0.2.41
own=$(cat /sys/module/nfs/parameters/nfs4_unique_id)
exec 9>/var/lib/cfengine3/masterfiles/.lock
flock --nonblock 9
touch /var/lib/cfengine3/masterfiles/.mine
echo i-00000000000000002 >/sys/module/nfs/parameters/nfs4_unique_id
nsenter --net=/run/netns/twin mount -t nfs4 -o nfsvers=4.1,hard,timeo=600,retrans=2,noresvport 10.0.2.2:/masterfiles /mnt/twin
echo $own >/sys/module/nfs/parameters/nfs4_unique_id
for i in 1 2 3; do
	echo x >>/mnt/twin/.theirs
	echo x >>/var/lib/cfengine3/masterfiles/.mine
	flock --nonblock /mnt/twin/.lock true && echo "both have the lock"
done
dmesg | grep "lost .* locks" || true
umount /mnt/twin
exec 9>&-
rm /var/lib/cfengine3/masterfiles/.lock /var/lib/cfengine3/masterfiles/.mine /var/lib/cfengine3/masterfiles/.theirs
`)
	if out != "" {
		t.Errorf("two clients of one host name: %s", out)
	}
}

// contenders lets 16 processes publish a key pair again and again, over three NFS clients, while they are killed at random and the
// server dies now and then.
func contenders(t *testing.T, g *guest) {
	rounds := "8"
	if os.Getenv("CI") != "" {
		rounds = "500"
	}
	rounds = cmp.Or(os.Getenv("LEAVEN_CONTEST_ROUNDS"), rounds)
	g.run(`set -e
for i in 1 2 3; do
	network c$i 10.0.2.5$i
	mkdir -p /mnt/c$i
	nsenter --net=/run/netns/c$i unshare --uts sh -ec "hostname client$i; mount -t nfs4 -o nfsvers=4.1,rsize=1048576,wsize=1048576,hard,timeo=600,retrans=2,noresvport 10.0.2.2:/contest /mnt/c$i"
done
# What one of them remembers, no other one does.
mkdir /mnt/c1/apart
! ls /mnt/c2/apart/x /mnt/c3/apart/x 2>/dev/null
touch /mnt/c1/apart/x
[ ! -e /mnt/c2/apart/x ]
[ ! -e /mnt/c3/apart/x ]`)
	ended := make(chan error, 1)
	go func() {
		out, err := g.client.Run(g.ctx, "LEAVEN_TEST_CONTEST_PLACES=/mnt/c1:/mnt/c2:/mnt/c3 LEAVEN_TEST_CONTEST_KEYS=/mnt/c1/keys LEAVEN_TEST_CONTEST_ROUNDS="+rounds+" contest -test.v -test.timeout 2h -test.run TestKilledContenders 2>&1")
		t.Log(out)
		ended <- err
	}()
	for pause := 8 * time.Second; ; pause = 20 * time.Second {
		select {
		case <-time.After(pause):
			g.fall()
			time.Sleep(time.Second)
			g.serve()
			continue
		case err := <-ended:
			if err != nil {
				t.Error(err)
			}
		}
		break
	}
	g.run("umount /mnt/c1 /mnt/c2 /mnt/c3; for i in 1 2 3; do ip netns delete c$i; done")
}
