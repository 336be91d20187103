package firstboot

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/leaven-dev/leaven/firstboot/config"
	"github.com/leaven-dev/leaven/internal/journal"
)

// cloud is what an instance finds outside of itself.
type cloud struct {
	t     *testing.T
	dir   string
	id    string // what the metadata service says
	data  string // user data
	down  error  // of the metadata service
	tags  map[string]string
	early int // times that a lifecycle hook is not there yet

	mu     sync.Mutex
	hooks  []string
	tagged []string
	reload int
	log    []string
}

func newCloud(t *testing.T, id string) *cloud {
	c := &cloud{t: t, dir: instance(t, id), id: id, tags: map[string]string{}}
	write(t, c.dir, "etc/leaven/firstboot.yaml", "network: {metadata: \"on\"}\n")
	return c
}

func (c *cloud) outside() *Outside {
	note := func(list *[]string, text string) { c.mu.Lock(); defer c.mu.Unlock(); *list = append(*list, text) }
	return &Outside{
		Network: func(context.Context, func(string)) (string, error) { return "eth0 is up", nil },
		Metadata: func(context.Context) (map[string]string, error) {
			return map[string]string{"instance.id": c.id, "instance.zone": "eu-west-1a", "instance.region": "eu-west-1", "instance.ipv4": "10.0.0.7"}, c.down
		},
		UserData: func(context.Context) ([]byte, error) { return []byte(c.data), c.down },
		Tag: func(_ context.Context, name string) (string, error) {
			if value, ok := c.tags[name]; ok {
				return value, nil
			}
			return "", errors.New("no such tag")
		},
		CompleteHook: func(_ context.Context, hook, group, instance, result string) (bool, error) {
			if c.early--; c.early >= 0 {
				return false, nil
			}
			note(&c.hooks, strings.Join([]string{hook, group, instance, result}, " "))
			return true, nil
		},
		SetTag: func(_ context.Context, instance, key, value string) error {
			note(&c.tagged, instance+" "+key+"="+value)
			return nil
		},
		ReloadSSH: func(context.Context) error { c.mu.Lock(); defer c.mu.Unlock(); c.reload++; return nil },
	}
}

func (c *cloud) agent() *Agent {
	return &Agent{Root: open(c.t, c.dir), Version: "test", Hostname: "golden", Outside: c.outside(), Log: func(e journal.Entry) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.log = append(c.log, e.Message)
	}}
}

// boot runs both stages.
func (c *cloud) boot(n string) Summary {
	c.t.Helper()
	reboot(c.t, c.dir, n)
	a := c.agent()
	a.Run(c.t.Context(), Identity)
	return a.Run(c.t.Context(), Provision)
}

func (c *cloud) step(id string) StepRecord {
	c.t.Helper()
	last, err := os.Readlink(filepath.Join(c.dir, currentLink))
	if err != nil {
		c.t.Fatal(err)
	}
	rec, _ := readState(c.t, c.dir, last).step(id)
	return rec
}

const ours = "#!/usr/bin/leaven firstboot --config\n"

func TestUserData(t *testing.T) {
	c := newCloud(t, "i-00000001")
	c.tags["Name"] = "web"
	c.data = ours + "hostname: ${tag.Name}-${instance.id}\nrun:\n- name: make\n  command: [/bin/sh, -c, 'echo ${instance.zone} >>" + c.dir + "/made']\n"
	if sum := c.boot("1"); sum.Result != OK {
		t.Fatalf("first boot: %v", sum)
	}
	if name := read(t, c.dir, "etc/hostname"); name != "web-i-00000001\n" {
		t.Errorf("host name %q", name)
	}
	if hosts := read(t, c.dir, "etc/hosts"); !strings.Contains(hosts, "127.0.1.1\tweb-i-00000001\t") {
		t.Errorf("hosts %q", hosts)
	}
	// A silent service at a later boot changes nothing, and what is done once is not done again.
	c.down = errors.New("503 Service Unavailable")
	if sum := c.boot("2"); sum.Result != OK {
		t.Errorf("with a silent metadata service: %v", sum)
	}
	if made := read(t, c.dir, "made"); made != "eu-west-1a\n" {
		t.Errorf("the command made %q", made)
	}
	if name := read(t, c.dir, "etc/hostname"); name != "web-i-00000001\n" {
		t.Errorf("host name %q", name)
	}
	if text := c.step("metadata").Message; !strings.Contains(text, "silent") {
		t.Errorf("nobody says that the service is silent: %q", text)
	}
	fi, err := os.Stat(filepath.Join(c.dir, launchFile("i-00000001")))
	if err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("the record of user data: %v, %v", fi, err)
	}
}

func TestMetadataServiceIsDownAtFirstBoot(t *testing.T) {
	c := newCloud(t, "i-00000001")
	c.down = errors.New("no route to host")
	if sum := c.boot("1"); sum.Result != Failed || sum.Step != "metadata" || !strings.Contains(sum.Message, "no route to host") {
		t.Errorf("verdict: %v", sum)
	}
	if len(hostKeys(t, c.dir)) != 4 {
		t.Error("there are no host keys to log in with")
	}
	c.down = nil
	if sum := c.boot("2"); sum.Result != OK {
		t.Errorf("when it is back: %v", sum)
	}
}

// Bad user data fails the instance; what the image says still counts, and who waits for the instance is told.
func TestBadUserData(t *testing.T) {
	for data, want := range map[string]string{
		ours + "hostnam: x\n":                                 `user data:2:1: unknown key "hostnam" (did you mean "hostname"?)`,
		ours + "hostname: ${tag.Nmae}\n":                      "no such tag",
		"#!/usr/bin/leaven firstboot\nrun: []\n":              "#!/usr/bin/leaven firstboot --config",
		ours + "run: [{name: a, command: [x], after: [b]}]\n": `comes after "b", which does not exist`,
	} {
		c := newCloud(t, "i-00000001")
		write(t, c.dir, "etc/leaven/firstboot.d/a.yaml", "hostname: from-image\nsignal: {lifecycle_hook: ready, tag: state}\n")
		c.data = data
		sum := c.boot("1")
		if sum.Result != Failed || !strings.Contains(sum.String(), want) {
			t.Errorf("%q: %v, want %q", data, sum, want)
		}
		if name := read(t, c.dir, "etc/hostname"); name != "from-image\n" || len(hostKeys(t, c.dir)) != 4 {
			t.Errorf("%q: the image's own configuration did not count: %q", data, name)
		}
		if !slices.Equal(c.hooks, []string{"ready  i-00000001 ABANDON"}) || !slices.Equal(c.tagged, []string{"i-00000001 state=failed"}) {
			t.Errorf("%q: told %q, %q", data, c.hooks, c.tagged)
		}
		// Corrected, it comes up and says so.
		c.data = ours + "run: []\n"
		if sum := c.boot("2"); sum.Result != OK || len(c.hooks) != 2 || c.tagged[1] != "i-00000001 state=ok" {
			t.Errorf("corrected: %v, told %q, %q", sum, c.hooks, c.tagged)
		}
		if c.boot("3"); len(c.hooks) != 2 || len(c.tagged) != 2 {
			t.Errorf("told again: %q, %q", c.hooks, c.tagged)
		}
	}
}

// On Xen types the id is only in the metadata service.
func TestProvisionalIdentity(t *testing.T) {
	c := newCloud(t, "i-00000001")
	write(t, c.dir, dmi+"board_asset_tag", "\n")
	write(t, c.dir, dmi+"sys_vendor", "Xen\n")
	if sum := c.boot("1"); sum.Result != OK || sum.Instance != "i-00000001" {
		t.Fatalf("first boot: %v", sum)
	}
	before := hostKeys(t, c.dir)
	c.down = errors.New("silent")
	if sum := c.boot("2"); sum.Result != OK || sum.Instance != "i-00000001" {
		t.Errorf("second boot: %v", sum)
	}
	if !sameKeys(before, hostKeys(t, c.dir)) {
		t.Error("the keys were made twice")
	}
	// The disk is copied, and its copy started: only the metadata service can tell.
	c.down, c.id = nil, "i-00000002"
	if sum := c.boot("3"); sum.Instance != "i-00000002" || sum.Result == Failed {
		t.Errorf("the copy: %v", sum)
	}
	for name, key := range hostKeys(t, c.dir) {
		if before[name] == key {
			t.Errorf("the copy has its parent's %s", name)
		}
	}
	if c.reload == 0 {
		t.Error("sshd was not told of its new keys")
	}
	after := hostKeys(t, c.dir)
	if sum := c.boot("4"); sum.Instance != "i-00000002" || !sameKeys(after, hostKeys(t, c.dir)) {
		t.Errorf("the copy's second boot: %v", sum)
	}
}

// A crash between the two halves of taking the real id must not cost the keys.
func TestProvisionalIdentityCutOff(t *testing.T) {
	c := newCloud(t, "i-00000001")
	write(t, c.dir, dmi+"board_asset_tag", "\n")
	write(t, c.dir, dmi+"sys_vendor", "Xen\n")
	reboot(t, c.dir, "1")
	a := c.agent()
	a.Run(t.Context(), Identity)
	before := hostKeys(t, c.dir)
	b, _, err := a.read("boot-1")
	if err != nil {
		t.Fatal(err)
	}
	if err := b.adopt(Instance{ID: "i-00000001", Source: FromMetadata}, true); err != nil {
		t.Fatal(err)
	}
	if sum := c.boot("2"); sum.Instance != "i-00000001" || !sameKeys(before, hostKeys(t, c.dir)) {
		t.Errorf("the keys were made twice: %v", sum)
	}
}

func sameKeys(a, b map[string]string) bool {
	for name, key := range a {
		if b[name] != key {
			return false
		}
	}
	return len(a) == len(b)
}

func TestMetadataContradictsFirmware(t *testing.T) {
	c := newCloud(t, "i-00000001")
	c.id = "i-00000002"
	if sum := c.boot("1"); sum.Result != Failed || sum.Step != "metadata" || !strings.Contains(sum.Message, "the firmware says i-00000001") {
		t.Errorf("verdict: %v", sum)
	}
}

func TestCommands(t *testing.T) {
	c := newCloud(t, "i-00000001")
	secret := "s3cr3t-of-the-user"
	c.tags["Evil"] = "$(touch " + c.dir + "/evil)"
	c.data = ours + `run:
- {name: always, command: "echo x >>` + c.dir + `/always", always: true}
- {name: once, command: "echo x >>` + c.dir + `/once"}
- {name: creates, command: "touch ` + c.dir + `/created", creates: /created}
- {name: unless, command: "touch ` + c.dir + `/unless", unless: [test, -e, ` + c.dir + `/unless]}
- {name: lies, command: ["true"], creates: /nothing, policy: degrade}
- {name: fails, command: "echo $TOKEN; exit 3", policy: ignore, environment: {TOKEN: ` + secret + `}}
- {name: hangs, command: "sleep 100 & sleep 100", policy: ignore, deadline: 300ms}
- {name: user, command: "id -un >` + c.dir + `/who", user: nobody, policy: degrade}
- {name: tag, command: "echo ${tag.Evil} ${HOME} >` + c.dir + `/tag", after: [once]}
- {name: behind, command: [touch, ` + c.dir + `/behind], after: [lies]}
`
	if err := os.Chmod(c.dir, 0o777); err != nil {
		t.Fatal(err)
	}
	sum := c.boot("1")
	for id, want := range map[string]string{
		"always": "ok", "once": "ok", "creates": "ok", "unless": "ok", "lies": "it was applied and is still not so",
		"fails": "exit status 3", "hangs": "took longer than 300ms", "user": "", "tag": "ok", "behind": "waits for step lies",
	} {
		if rec := c.step(id); !strings.Contains(rec.String(), want) {
			t.Errorf("step %s: %v, want %q", id, rec, want)
		}
	}
	if sum.Result != Failed || sum.Step != "lies" && sum.Step != "behind" { // behind is required and did not run
		t.Errorf("verdict: %v", sum)
	}
	if text := read(t, c.dir, "tag"); text != c.tags["Evil"]+" /root\n" {
		t.Errorf("the tag came to the command as %q", text)
	}
	if _, err := os.Stat(filepath.Join(c.dir, "evil")); err == nil {
		t.Error("a tag was run as a command")
	}
	state := read(t, c.dir, stateFile("i-00000001")) + read(t, c.dir, instanceDir("i-00000001")+"/events.jsonl")
	if strings.Contains(state, secret) {
		t.Error("the records hold a secret")
	}
	if !slices.Contains(c.log, "fails: "+secret) {
		t.Errorf("what a command says is not in the journal: %q", c.log)
	}
	c.boot("2")
	if text := read(t, c.dir, "always"); text != "x\nx\n" {
		t.Errorf("always ran: %q", text)
	}
	if text := read(t, c.dir, "once"); text != "x\n" {
		t.Errorf("once ran: %q", text)
	}
}

func TestGivenOnTheCommandLine(t *testing.T) {
	c := newCloud(t, "i-00000001")
	c.data = "#cloud-config\n"
	reboot(t, c.dir, "1")
	a := c.agent()
	a.Run(t.Context(), Identity)
	a.UserData = &config.Layer{Name: "/x/part-001", Text: []byte(ours + "hostname: given\n")}
	if sum := a.Run(t.Context(), Provision); sum.Result != OK {
		t.Fatalf("verdict: %v", sum)
	}
	// The unit of the next boot does not have it on its command line.
	if sum := c.boot("2"); sum.Result != OK || read(t, c.dir, "etc/hostname") != "given\n" {
		t.Errorf("next boot: %v, %q", sum, read(t, c.dir, "etc/hostname"))
	}
	if rec := c.step("user-data"); !strings.Contains(rec.Message, "/x/part-001") {
		t.Errorf("user data: %v", rec)
	}
}

func TestRSAKey(t *testing.T) {
	c := newCloud(t, "i-00000001")
	c.data = ours + "ssh: {rsa: 2048}\n"
	if sum := c.boot("1"); sum.Result != OK {
		t.Fatalf("verdict: %v", sum)
	}
	keys := hostKeys(t, c.dir)
	if !strings.Contains(keys["etc/ssh/ssh_host_rsa_key"], "PRIVATE KEY") || c.reload != 1 {
		t.Errorf("keys %d, reloads %d", len(keys), c.reload)
	}
	if c.boot("2"); !sameKeys(keys, hostKeys(t, c.dir)) || c.reload != 1 {
		t.Errorf("a reboot changed something; reloads %d", c.reload)
	}
}

// An instance may be faster than its Auto Scaling group.
func TestHookThatComesLate(t *testing.T) {
	c := newCloud(t, "i-00000001")
	c.data, c.early = ours+"signal: {lifecycle_hook: ready, auto_scaling_group: hubs}\n", 2
	if sum := c.boot("1"); sum.Result != OK || !slices.Equal(c.hooks, []string{"ready hubs i-00000001 CONTINUE"}) {
		t.Errorf("verdict: %v, told %q", sum, c.hooks)
	}
}

func TestSignalCommand(t *testing.T) {
	c := newCloud(t, "i-00000001")
	c.data = ours + "signal: {command: \"cat >" + c.dir + "/status; echo x >>" + c.dir + "/tries; [ $(wc -l <" + c.dir + "/tries) = 3 ]\"}\n"
	if sum := c.boot("1"); sum.Result != OK {
		t.Fatalf("verdict: %v", sum)
	}
	var s Status
	if err := json.Unmarshal([]byte(read(t, c.dir, "status")), &s); err != nil || s.Result != OK || s.Instance.ID != "i-00000001" || !strings.Contains(s.Verdict, "i-00000001 is up") {
		t.Errorf("it was told %+v, %v", s, err)
	}
	if text := read(t, c.dir, "tries"); text != "x\nx\nx\n" {
		t.Errorf("it was not tried again: %q", text)
	}
	c.data = ours + "signal: {command: exit 4, deadline: 500ms}\nhostname: y\nrun: [{name: a, command: exit 1, policy: degrade}]\n"
	if c.boot("2"); !strings.Contains(c.step("signal-command").Message, "exit status 4 (gave up at attempt") {
		t.Errorf("a command that always fails: %v", c.step("signal-command"))
	}
}

func TestDryRunWithConfiguration(t *testing.T) {
	c := newCloud(t, "i-00000001")
	a := c.agent()
	a.UserData = &config.Layer{Name: "x.yaml", Text: []byte(ours + "hostname: ${tag.Name}\nrun: [{name: a, command: [x], unless: [y]}, {name: b, command: z, after: [a]}]\nsignal: {tag: state}\n")}
	before := names(t, c.dir, "")
	lines, err := a.Plan(t.Context(), Identity, Provision)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(lines, "\n")
	for _, want := range []string{
		"\nuser-data (after identity): would take x.yaml\n", "\nb (after config, network, a): would be done once: run z", "\na (after config, network): would look whether `y`",
		"\nsignal-tag: would tell ok",
	} {
		if !strings.Contains(text+"\n", want) {
			t.Errorf("the plan does not say %q:\n%s", want, text)
		}
	}
	if after := names(t, c.dir, ""); !slices.Equal(before, after) {
		t.Errorf("a dry run changed the tree: %q, %q", before, after)
	}
}

// TestNamesOfSteps gives commands names that are taken, and has them wait for what does not exist. All of it is told at once.
func TestNamesOfSteps(t *testing.T) {
	c := newCloud(t, "i-00000001")
	c.data = ours + `run:
- {name: host-keys, command: x}
- {name: signal-tag, command: x}
- {name: a, command: x, after: [netwrok, b]}
- {name: b, command: x, after: [c]}
`
	sum := c.boot("1")
	for _, want := range []string{
		`user data:3:10: Leaven has a step "host-keys" of its own`, `user data:4:10: Leaven has a step "signal-tag" of its own`,
		`user data:5:33: step "a" comes after "netwrok", which does not exist (did you mean "network"?)`, `user data:6:33: step "b" comes after "c"`,
	} {
		if sum.Step != "config" || !strings.Contains(sum.Message, want) {
			t.Errorf("verdict: %v, want %q", sum, want)
		}
	}
	c.data = ours + "run: [{name: a, command: x, after: [b]}, {name: b, command: x, after: [a]}]\n"
	if sum := c.boot("2"); sum.Step != "config" || !strings.Contains(sum.Message, "each waits for the next one") {
		t.Errorf("verdict: %v", sum)
	}
}

// Every step that is not from the configuration has a reserved name.
func TestOwnSteps(t *testing.T) {
	c := newCloud(t, "i-00000001")
	c.data = ours + "hostname: x\nssh: {rsa: 2048, certificate: {ca_key: /ca}}\nsignal: {lifecycle_hook: a, tag: b, command: c, deadline: 300ms}\n"
	a := c.agent()
	a.Relabel = func(context.Context, ...string) error { return nil }
	a.Run(t.Context(), Identity)
	a.Run(t.Context(), Provision)
	state := readState(t, c.dir, c.id)
	if len(state.Steps) != len(ownSteps) {
		t.Errorf("there are %d steps and %d reserved names", len(state.Steps), len(ownSteps))
	}
	for _, s := range state.Steps {
		if !slices.Contains(ownSteps, s.ID) {
			t.Errorf("%s is not reserved", s.ID)
		}
	}
}

// TestCorrectedByHand corrects what failed, in the same boot: by taking a command out, and by having the signal get through. What
// was wrong before does not count, and nobody is told of it.
func TestCorrectedByHand(t *testing.T) {
	c := newCloud(t, "i-00000001")
	c.data = ours + "run: [{name: wrong, command: exit 1}]\nsignal: {tag: state, command: \"[ -e " + c.dir + "/up ] && grep -o is.up >" + c.dir + "/told\", deadline: 1s}\n"
	if sum := c.boot("1"); sum.Result != Failed || sum.Step != "wrong" {
		t.Fatalf("verdict: %v", sum)
	}
	c.data = strings.Replace(c.data, "run: [{name: wrong, command: exit 1}]\n", "", 1)
	write(t, c.dir, "up", "")
	a := c.agent()
	a.Run(t.Context(), Identity)
	if sum := a.Run(t.Context(), Provision); sum.Result != OK {
		t.Errorf("verdict: %v", sum)
	}
	if status, err := ReadStatus(a.Root, "test"); err != nil || status.Result != OK {
		t.Errorf("status: %v, %v", status.Verdict, err)
	}
	if want := []string{"i-00000001 state=failed", "i-00000001 state=ok"}; !slices.Equal(c.tagged, want) {
		t.Errorf("tagged %q, want %q", c.tagged, want)
	}
	if text := read(t, c.dir, "told"); !strings.HasPrefix(text, "is up\n") {
		t.Errorf("the command was told %q", text)
	}
}
