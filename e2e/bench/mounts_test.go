package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/leaven-dev/leaven/e2e/debroot"
	"github.com/leaven-dev/leaven/e2e/imds"
	"github.com/leaven-dev/leaven/e2e/netns"
	"github.com/leaven-dev/leaven/e2e/nfs"
	"github.com/leaven-dev/leaven/e2e/sshclient"
	"github.com/leaven-dev/leaven/e2e/uml"
	"github.com/leaven-dev/leaven/firstboot"
)

// efsMounts is the configuration of an instance with two EFS file systems.
const efsMounts = `mounts:
- {efs: "fs-0123456789abcdef0:/a", at: /srv/a, region: eu-central-1}
- {efs: "fs-0fedcba9876543210:/b", at: /srv/b, region: eu-central-1}
`

// BenchmarkMountsBack has first boot wait for an NFS server that is down and comes back, and measures how long that server is
// there before both file systems are used, and what a step of first boot costs beyond mount(8).
//
// It has a kernel of its own, a program of this machine, and a real server.
func BenchmarkMountsBack(b *testing.B) {
	l := newMountsLab(b)
	g := l.start(instanceDisk{name: l.base["with"]})
	l.serve()
	g.run("leaven status --wait")
	back := map[string][]float64{}
	var bare, step []float64
	for b.Loop() {
		g.weigh(&bare, &step)
		g.comeBack(back)
	}
	g.end()
	t := table{title: fmt.Sprintf("Two EFS file systems whose server comes back, %d rounds", len(back["refuses"])), columns: []string{"median", "slowest"}}
	for _, how := range []string{"refuses", "refuses, modules not loaded", "hangs"} {
		t.row("server "+how+": both used after, s", "%.2f", median(back[how]), slices.Max(back[how]))
	}
	b.ReportMetric(median(back["refuses"]), "back-s")
	var more []float64
	for i := range bare {
		more = append(more, 1000*(step[i]-bare[i]))
	}
	t.row("mount(8) alone, ms", "%.0f", 1000*median(bare), 1000*slices.Max(bare))
	t.row("a step beyond that, ms", "%.0f", median(more), slices.Max(more))
	b.ReportMetric(median(more), "step-ms")
	b.ReportMetric(0, "ns/op") // what a round took says nothing
	t.goals = []goal{
		{what: "a server that comes back is used, slowest", figure: max(slices.Max(back["refuses"]), slices.Max(back["hangs"])), limit: 3, unit: "s"},
		{what: "the same, modules not loaded", figure: slices.Max(back["refuses, modules not loaded"]), limit: 3, unit: "s"},
		{what: "a step beyond mount(8)", figure: median(more), limit: 50, unit: "ms"},
	}
	t.print(b)
}

// BenchmarkMountsBoot boots instances without mounts, with two file systems whose server is there, and with two whose server is dead, in
// turns, and compares what is up when. A later boot has the lines of the first one in fstab.
func BenchmarkMountsBoot(b *testing.B) {
	l := newMountsLab(b)
	columns := []string{"no mounts", "server up", "later", "server dead", "later"}
	times := make([][]bootTimes, len(columns))
	add := func(column int, disk instanceDisk) { times[column] = append(times[column], l.boot(disk)) }
	for b.Loop() {
		for range min(turns(), 3) {
			add(0, l.disk("without"))
			l.serve()
			disk := l.disk("with")
			add(1, disk)
			add(2, disk)
			l.fall()
			disk = l.disk("with")
			add(3, disk)
			add(4, disk)
		}
	}
	b.ReportMetric(0, "ns/op") // what a round took says nothing
	t := table{title: fmt.Sprintf("Boots with two EFS file systems, medians of %d", len(times[0])), columns: columns}
	each := func(pick func(bootTimes) float64) (list []float64) {
		for _, boots := range times {
			var picked []float64
			for _, times := range boots {
				picked = append(picked, pick(times))
			}
			list = append(list, median(picked))
		}
		return list
	}
	sshd, multiUser := each(func(t bootTimes) float64 { return t.sshd }), each(func(t bootTimes) float64 { return t.multiUser })
	waiting := each(func(t bootTimes) float64 { return t.waiting })
	t.row("sshd up, s", "%.2f", sshd...)
	t.row("multi-user.target, s", "%.2f", multiUser...)
	t.row("units that wait for others", "%.0f", waiting...)
	t.goals = []goal{
		{what: "units that wait when multi-user.target is reached", figure: max(waiting[3], waiting[4]), limit: 0},
		{what: "sshd later than with the server up", figure: max(sshd[3]-sshd[1], sshd[4]-sshd[2]), limit: noise, unit: "s"},
		{what: "multi-user.target later than with the server up", figure: max(multiUser[3]-multiUser[1], multiUser[4]-multiUser[2]), limit: noise, unit: "s"},
	}
	t.print(b)
}

// noise is by how much two medians of equal boots differ, in seconds.
const noise = 0.3

// bootTimes is when things were there, in seconds after user space started, and how many units then still waited for others.
type bootTimes struct{ sshd, multiUser, waiting float64 }

// mountsLab is a network with names and an NFS server, and disks of instances.
type mountsLab struct {
	b      *testing.B
	dir    string
	ns     *netns.Namespace
	shares map[string]string
	server *nfs.Server
	base   map[string]string
	key    *sshclient.Key
	disks  int
}

const instanceID = "i-0123456789abcdef0"

func newMountsLab(b *testing.B) *mountsLab {
	b.Helper()
	root, err := debroot.Build(b.Context(), debroot.VM("bookworm").With("nfs-common"), os.Stderr)
	if err != nil {
		b.Fatal(err)
	}
	l := &mountsLab{b: b, dir: scratch(b), shares: map[string]string{}, base: map[string]string{}}
	if l.key, err = sshclient.NewKey(); err != nil {
		b.Fatal(err)
	}
	qcow2, err := root.Image(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	for name, config := range map[string]string{"without": "", "with": efsMounts} {
		raw, dir := filepath.Join(l.dir, name+".raw"), filepath.Join(l.dir, name)
		command(b, "qemu-img", "convert", "-q", "-O", "raw", qcow2, raw)
		if err := os.Mkdir(dir, 0o755); err != nil {
			b.Fatal(err)
		}
		mounted(b, raw, dir, func() {
			command(b, program(b), "install", "--root", dir)
			put(b, dir, "etc/leaven/firstboot.yaml", "network: {metadata: \"off\"}\n"+config, 0o644)
			put(b, dir, "etc/resolv.conf", "nameserver 10.0.2.2\noptions use-vc\n", 0o644)
			put(b, dir, "etc/dhcp/dhclient-enter-hooks.d/keep", "make_resolv_conf() { :; }\n", 0o644)
			if err := uml.Prepare(b.Context(), dir); err != nil {
				b.Fatal(err)
			}
		})
		l.base[name] = raw
	}
	if l.ns, err = netns.New(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.ns.Close() })
	// Its address is one beside loopback, without which Ganesha finds none to listen on.
	fake, err := imds.Start(b.Context(), l.ns, imds.Instance(instanceID))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { fake.Close() })
	names, err := nfs.ServeNames(b.Context(), l.ns, "fs-0123456789abcdef0.efs.eu-central-1.amazonaws.com", "fs-0fedcba9876543210.efs.eu-central-1.amazonaws.com")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { names.Close() })
	for _, name := range []string{"a", "b"} {
		l.shares["/"+name] = filepath.Join(l.dir, "export", name)
		if err := os.MkdirAll(l.shares["/"+name], 0o755); err != nil {
			b.Fatal(err)
		}
	}
	return l
}

// serve returns when the server accepts connections.
func (l *mountsLab) serve() {
	l.b.Helper()
	var err error
	if l.server, err = nfs.Start(l.b.Context(), l.ns, l.dir, l.shares); err != nil {
		l.b.Fatal(err)
	}
}

func (l *mountsLab) fall() {
	l.b.Helper()
	if err := l.server.Kill(); err != nil {
		l.b.Fatal(err)
	}
	l.server = nil
}

// instanceDisk is an instance's disk: a raw image, or what differs from one.
type instanceDisk struct{ name, base string }

func (l *mountsLab) disk(kind string) instanceDisk {
	l.disks++
	return instanceDisk{filepath.Join(l.dir, fmt.Sprintf("%d.cow", l.disks)), l.base[kind]}
}

// start boots an instance.
func (l *mountsLab) start(disk instanceDisk) *mountsGuest {
	l.b.Helper()
	ctx, cancel := context.WithTimeout(l.b.Context(), 20*time.Minute)
	vm, err := uml.Start(ctx, uml.Config{
		Disk: disk.name, Base: disk.base, Dir: l.b.TempDir(), Network: l.ns, Key: l.key, Credentials: map[string]string{"leaven.instance-id": instanceID},
	})
	if err != nil {
		l.b.Fatal(err)
	}
	client, err := vm.Dial(ctx)
	if err != nil {
		l.b.Fatal(err)
	}
	return &mountsGuest{l, ctx, client, func() {
		client.Close()
		vm.Close()
		cancel()
	}}
}

// boot boots an instance until all but first boot is through.
func (l *mountsLab) boot(disk instanceDisk) bootTimes {
	l.b.Helper()
	g := l.start(disk)
	fields := strings.Fields(g.run(`until systemctl -q is-active multi-user.target; do sleep 0.2; done
systemctl list-jobs --no-legend | grep -c ' waiting' || true
for x in UserspaceTimestampMonotonic 'ActiveEnterTimestampMonotonic ssh.service' 'ActiveEnterTimestampMonotonic multi-user.target'; do systemctl show --value -p $x; done
sync`))
	var figures []float64
	for _, f := range fields {
		n, err := strconv.ParseFloat(f, 64)
		if err != nil {
			l.b.Fatalf("the instance says %q", fields)
		}
		figures = append(figures, n)
	}
	if len(figures) != 4 {
		l.b.Fatalf("the instance says %q", fields)
	}
	g.end()
	return bootTimes{sshd: (figures[2] - figures[1]) / 1e6, multiUser: (figures[3] - figures[1]) / 1e6, waiting: figures[0]}
}

// mountsGuest is an instance that runs.
type mountsGuest struct {
	*mountsLab
	ctx    context.Context
	client *sshclient.Client
	end    func()
}

func (g *mountsGuest) run(script string) string {
	g.b.Helper()
	out, err := g.client.Run(g.ctx, script)
	if err != nil {
		g.b.Fatalf("%s: %v\n%s", script, err, out)
	}
	return strings.TrimSpace(out)
}

// weigh mounts by hand and by first boot in turns, and adds the seconds that each took for a mount. The other file system stays
// mounted: mounts are made one after another.
func (g *mountsGuest) weigh(bare, step *[]float64) {
	g.b.Helper()
	for range 5 {
		out := g.run("umount /srv/a; a=$(date +%s%N); mount /srv/a; b=$(date +%s%N); umount /srv/a; leaven firstboot --stage provision >/dev/null; echo $(((b-a)/1000))")
		us, err := strconv.ParseFloat(out, 64)
		var status firstboot.Status
		if text := g.run("leaven status --output json"); err == nil {
			err = json.Unmarshal([]byte(text), &status)
		}
		if err != nil {
			g.b.Fatal(err)
		}
		for _, s := range status.Steps {
			if s.ID == "mount-srv-a" && s.Changed && s.Result == firstboot.OK {
				*bare, *step = append(*bare, us/1e6), append(*step, s.Seconds)
			}
		}
	}
	if len(*bare) == 0 || len(*bare) != len(*step) {
		g.b.Fatalf("first boot has not mounted: %s", g.run("leaven status || true"))
	}
}

// comeBack has first boot wait for the server, and adds the seconds from when it is there until both file systems are mounted.
func (g *mountsGuest) comeBack(back map[string][]float64) {
	g.b.Helper()
	for _, how := range []string{"refuses", "refuses, modules not loaded", "hangs"} {
		for range 3 {
			g.run("umount /srv/a /srv/b")
			if how == "refuses, modules not loaded" {
				g.run("modprobe -r nfsv4 rpcsec_gss_krb5 nfs && ! lsmod | grep -q ^nfs")
			}
			there := g.serve
			if how == "hangs" {
				if err := g.server.Suspend(); err != nil {
					g.b.Fatal(err)
				}
				there = func() {
					if err := g.server.Resume(); err != nil {
						g.b.Fatal(err)
					}
				}
			} else {
				g.fall()
			}
			begun := g.run("systemd-run --quiet --unit=again leaven firstboot --stage provision; date +%s")
			mounted := make(chan error, 1)
			go func() {
				_, err := g.client.Run(g.ctx, "findmnt --poll=mount --first-only /srv/a & findmnt --poll=mount --first-only /srv/b & wait; findmnt /srv/a && findmnt /srv/b")
				mounted <- err
			}()
			g.run("until journalctl --since=@" + begun + " | grep -q 'mount-srv-b: waiting: '; do sleep 0.2; done")
			time.Sleep(2*time.Second + rand.N(2*time.Second))
			there()
			since := time.Now()
			if err := <-mounted; err != nil {
				g.b.Fatal(err)
			}
			back[how] = append(back[how], time.Since(since).Seconds())
			g.run("while systemctl -q is-active again; do sleep 0.2; done")
		}
	}
}
