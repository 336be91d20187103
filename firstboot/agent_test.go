package firstboot

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/leaven-dev/leaven/internal/journal"
)

func TestRebootChangesNothing(t *testing.T) {
	dir := instance(t, "i-00000001")
	if sum := runStages(dir, Identity, Provision); sum.Result != OK || sum.Done < 6 {
		t.Fatalf("first boot: %v", sum)
	}
	keys, first := hostKeys(t, dir), readState(t, dir, "i-00000001")
	reboot(t, dir, "2")
	if sum := runStages(dir, Identity, Provision); sum.Result != OK {
		t.Fatalf("second boot: %v", sum)
	}
	for name, key := range hostKeys(t, dir) {
		if keys[name] != key {
			t.Errorf("a reboot changed %s", name)
		}
	}
	for _, s := range readState(t, dir, "i-00000001").Steps {
		was, _ := first.step(s.ID)
		if s.Boot != "boot-2" || s.Changed || s.Done != was.Done || s.Seconds != was.Seconds {
			t.Errorf("the reboot made of step %+v: %+v", was, s)
		}
	}
}

func readState(t *testing.T, dir, id string) *State {
	t.Helper()
	s, err := loadState(open(t, dir), id)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestImageOfARunningInstance(t *testing.T) {
	dir := instance(t, "i-00000001")
	runStages(dir, Identity)
	old := hostKeys(t, dir)
	reboot(t, dir, "2")
	write(t, dir, dmi+"board_asset_tag", "i-00000002\n")
	sum := runStages(dir, Identity)
	if sum.Result != Degraded || sum.Instance != "i-00000002" || !strings.Contains(sum.Message, "machine-id is still that of instance i-00000001") {
		t.Errorf("the clone says: %v", sum)
	}
	for name, key := range hostKeys(t, dir) {
		if old[name] == key {
			t.Errorf("the clone has its parent's %s", name)
		}
	}
	if link, err := os.Readlink(filepath.Join(dir, currentLink)); link != "i-00000002" {
		t.Errorf("the link leads to %q, %v", link, err)
	}
}

// A disk that is full or read-only takes no records. On an instance whose keys are made, sshd must start all the same. As a
// folder in the place of the state file fails the write even for root, it stands in for the disk here.
func TestRecordsCannotBeWritten(t *testing.T) {
	dir := instance(t, "i-00000001")
	runStages(dir, Identity)
	keys := hostKeys(t, dir)
	reboot(t, dir, "2")
	state := filepath.Join(dir, stateFile("i-00000001"))
	if err := os.Remove(state); err != nil {
		t.Fatal(err)
	}
	// The state is missing and cannot be written again: the name is taken by a folder that is not empty only after it was read.
	a := &Agent{Root: open(t, dir), Version: "test", Hostname: "golden", Log: func(journal.Entry) {
		if err := os.MkdirAll(filepath.Join(state, "full"), 0o755); err != nil {
			t.Fatal(err)
		}
	}}
	sum := a.Run(t.Context(), Identity)
	if sum.Result != Degraded || strings.Count(sum.String(), "is a directory") != 1 || !strings.Contains(sum.String(), "cannot write the records") {
		t.Errorf("verdict: %v", sum)
	}
	for name, key := range hostKeys(t, dir) {
		if keys[name] != key {
			t.Errorf("%s changed", name)
		}
	}
}

// On a full disk the keys of a new instance cannot be made, and the records cannot say so. Whoever asks is told all the same.
func TestNothingCanBeWritten(t *testing.T) {
	dir := instance(t, "i-00000001")
	if err := os.MkdirAll(filepath.Join(dir, "var/lib/leaven/host-keys.json/full"), 0o755); err != nil {
		t.Fatal(err)
	}
	// The state's name is taken only after it was looked for.
	a := &Agent{Root: open(t, dir), Version: "test", Hostname: "golden", Log: func(journal.Entry) {
		if err := os.MkdirAll(filepath.Join(dir, stateFile("i-00000001"), "full"), 0o755); err != nil {
			t.Fatal(err)
		}
	}}
	if sum := a.Run(t.Context(), Identity); sum.Result != Failed || sum.Step != "host-keys" {
		t.Errorf("verdict: %v", sum)
	}
	rec, _, err := loadStage(a.Root, Identity, "boot-1")
	if err != nil || !strings.Contains(rec.Message, "step host-keys: ") || !strings.Contains(rec.Message, "host-keys.json") || rec.Cure == "" {
		t.Errorf("this boot's record says %q, %v", rec.Message, err)
	}
}

func TestDamagedState(t *testing.T) {
	for _, text := range []string{"", "{", `{"schema":"leaven/state/1","instance":{"id":"i-00000009"}}`, `{"schema":"leaven/state/99","instance":{"id":"i-00000001"}}`} {
		dir := instance(t, "i-00000001")
		runStages(dir, Identity)
		keys := hostKeys(t, dir)
		reboot(t, dir, "2")
		write(t, dir, stateFile("i-00000001"), "")
		if err := os.WriteFile(filepath.Join(dir, stateFile("i-00000001")), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		for _, stage := range []Stage{Identity, Provision} {
			sum := runStages(dir, stage)
			if sum.Result != Degraded || !strings.Contains(sum.Message, "state.json is damaged") || !strings.Contains(sum.Cure, "remove that file") {
				t.Errorf("with state %q, %s says: %v", text, stage, sum)
			}
		}
		if got := read(t, dir, stateFile("i-00000001")); got != text {
			t.Errorf("state %q was written over: %q", text, got)
		}
		for name, key := range hostKeys(t, dir) {
			if keys[name] != key {
				t.Errorf("with state %q, %s changed", text, name)
			}
		}
		// Without the manifest of the keys nobody can say whose they are.
		if err := os.Remove(filepath.Join(dir, "var/lib/leaven/host-keys.json")); err != nil {
			t.Fatal(err)
		}
		if sum := runStages(dir, Identity); sum.Result != Failed {
			t.Errorf("with state %q and no manifest: %v", text, sum)
		}
	}
}

func TestWhoItIsCannotBeTold(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "etc/ssh/sshd_config", "")
	write(t, dir, "etc/ssh/ssh_host_rsa_key", "baked")
	reboot(t, dir, "1")
	sum := runStages(dir, Identity)
	if sum.Result != Failed || !strings.Contains(sum.Message, "cannot tell which instance this is") || sum.Cure == "" {
		t.Errorf("verdict: %v", sum)
	}
	if _, err := os.Stat(filepath.Join(dir, "etc/ssh/ssh_host_rsa_key")); err != nil {
		t.Errorf("something was changed: %v", err)
	}
}

func TestHostKeyElsewhere(t *testing.T) {
	dir := instance(t, "i-00000001")
	write(t, dir, "etc/ssh/sshd_config", "HostKey /etc/keys/host\n")
	write(t, dir, "etc/keys/host", "baked")
	if sum := runStages(dir, Identity); sum.Result != Degraded || sum.Step != "sshd-config" || !strings.Contains(sum.Message, "/etc/keys/host") {
		t.Errorf("verdict: %v", sum)
	}
	// Once the line is gone, all is well; one that comes later is the administrator's.
	write(t, dir, "etc/ssh/sshd_config", "")
	if sum := runStages(dir, Identity); sum.Result != OK {
		t.Errorf("verdict: %v", sum)
	}
	write(t, dir, "etc/ssh/sshd_config", "HostKey /etc/keys/host\n")
	if sum := runStages(dir, Identity); sum.Result != OK {
		t.Errorf("verdict: %v", sum)
	}
}

func TestConsole(t *testing.T) {
	dir := instance(t, "i-00000001")
	var console []string
	broken := errors.New("no console")
	for _, boot := range []struct {
		err   error
		want  []string
		again bool
	}{
		{broken, nil, false}, // not printed: tried again
		{nil, []string{"BEGIN SSH HOST KEY FINGERPRINTS", "leaven: console-keys: ok", "leaven: instance i-00000001 is up: "}, false},
		{nil, []string{"leaven: instance i-00000001 is up: "}, true},
	} {
		console = nil
		var mu sync.Mutex
		a := &Agent{Root: open(t, dir), Version: "test", Hostname: "golden", Log: func(journal.Entry) {}, Console: func(data []byte) error {
			mu.Lock()
			defer mu.Unlock()
			if boot.err == nil {
				console = append(console, string(data))
			}
			return boot.err
		}}
		a.Run(t.Context(), Identity)
		if sum := a.Run(t.Context(), Provision); sum.Result != OK {
			t.Errorf("a console that fails makes the verdict: %v", sum)
		}
		text := strings.Join(console, "")
		for _, want := range boot.want {
			if strings.Count(text, want) != 1 {
				t.Errorf("on the console: %q, want %q once", text, want)
			}
		}
		if boot.again && strings.Contains(text, "host-keys") {
			t.Errorf("a boot that changes nothing says on the console: %q", text)
		}
	}
}

func TestProvisionWithoutIdentity(t *testing.T) {
	dir := instance(t, "i-00000001")
	if sum := runStages(dir, Provision); sum.Result != Failed || sum.Step != "identity" || !strings.Contains(sum.Cure, "journalctl -u leaven-identity") {
		t.Errorf("verdict: %v", sum)
	}
	runStages(dir, Identity)
	reboot(t, dir, "2") // an earlier boot's does not count
	if sum := runStages(dir, Provision); sum.Result != Failed || sum.Step != "identity" {
		t.Errorf("verdict: %v", sum)
	}
}

func TestTimelineThatWasTorn(t *testing.T) {
	dir := instance(t, "i-00000001")
	runStages(dir, Identity)
	events := filepath.Join(dir, instanceDir("i-00000001"), "events.jsonl")
	whole, err := os.ReadFile(events)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(events, whole[:len(whole)-20], 0o644); err != nil {
		t.Fatal(err)
	}
	runStages(dir, Identity)
	after, err := os.ReadFile(events)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(after, append(whole[:len(whole)-20:len(whole)-20], '\n', '{')) {
		t.Errorf("the torn line has no end of its own:\n%s", after)
	}
	if err := os.WriteFile(events, make([]byte, maxEvents+1), 0o644); err != nil {
		t.Fatal(err)
	}
	runStages(dir, Identity)
	if fi, err := os.Stat(events); err != nil || fi.Size() > 1000 {
		t.Errorf("a timeline that is too long was not set aside: %v %v", fi, err)
	}
}

func TestPlanChangesNothing(t *testing.T) {
	dir := instance(t, "i-00000001")
	before := names(t, dir, "")
	a := &Agent{Root: open(t, dir), Version: "test", Hostname: "golden", Log: func(journal.Entry) {}}
	lines, err := a.Plan(t.Context(), Identity, Provision)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(lines, "\n")
	for _, want := range []string{"instance-id: nothing to do: i-00000001 (dmi)", "host-keys: would make Ed25519 and ECDSA keys and delete ssh_host_ed25519_key-cert.pub, ssh_host_rsa_key, ssh_host_rsa_key.pub"} {
		if !strings.Contains(text, want) {
			t.Errorf("the plan does not say %q:\n%s", want, text)
		}
	}
	if after := names(t, dir, ""); strings.Join(before, " ") != strings.Join(after, " ") {
		t.Errorf("a dry run changed the tree: %q, %q", before, after)
	}
}

func TestOneRunAtATime(t *testing.T) {
	root := open(t, t.TempDir())
	held, err := Lock(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := Lock(ctx, root); err == nil || !strings.Contains(err.Error(), "another leaven") {
		t.Errorf("error is %v", err)
	}
	// Who waits in vain leaves pass and records to who is at work.
	dir := instance(t, "i-00000001")
	runStages(dir, Identity)
	was := read(t, dir, passFile) + read(t, dir, stageFile(Identity))
	at, err := Lock(t.Context(), open(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	a := &Agent{Root: open(t, dir), Version: "test", Hostname: "golden", Log: func(journal.Entry) {}}
	short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if sum := a.Run(short, Identity); !sum.Yielded {
		t.Errorf("beside another run: %v", sum)
	}
	if is := read(t, dir, passFile) + read(t, dir, stageFile(Identity)); is != was {
		t.Errorf("a run that had to wait changed %q to %q", was, is)
	}
	// Who waits for long enough has its turn.
	time.AfterFunc(200*time.Millisecond, func() { at.Close() })
	if sum := a.Run(t.Context(), Identity); sum.Result != OK {
		t.Errorf("after the other one: %v", sum)
	}
	held.Close()
	again, err := Lock(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
}

func TestMachineIDOfTheImage(t *testing.T) {
	sealed := time.Now().Add(-time.Hour)
	for _, c := range []struct {
		name  string
		made  time.Time // the machine-id
		proof string
		want  Result
		text  string
	}{
		{"new", sealed.Add(time.Minute), "", OK, "made by this instance"},
		{"baked", sealed.Add(-time.Minute), "", Degraded, "the machine-id came with the image"},
		{"not sealed", sealed.Add(-time.Minute), "-", OK, "nobody can tell whether others have it too"},
		{"clock behind", sealed.Add(-time.Minute), "2099-01-01T00:00:00Z", OK, "the clock is behind"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := instance(t, "i-00000001")
			if c.proof == "" {
				c.proof = sealed.UTC().Format(time.RFC3339)
			}
			if err := os.Remove(filepath.Join(dir, "var/lib/leaven/seal.json")); err != nil {
				t.Fatal(err)
			}
			if c.proof != "-" {
				write(t, dir, "var/lib/leaven/seal.json", `{"schema":"leaven/seal/1","time":"`+c.proof+`"}`)
			}
			if err := os.Chtimes(filepath.Join(dir, "etc/machine-id"), c.made, c.made); err != nil {
				t.Fatal(err)
			}
			sum := runStages(dir, Identity)
			rec, _ := readState(t, dir, "i-00000001").step("machine-id")
			if sum.Result != c.want || !strings.Contains(rec.Message, c.text) {
				t.Errorf("the verdict is %v, the step says %q; want %q and %q", sum, rec.Message, c.want, c.text)
			}
		})
	}
}

// The pass is what SSH servers assert: it must go before anything can go wrong, and come only when nothing did.
func TestPass(t *testing.T) {
	dir := instance(t, "i-00000001")
	passed := func() bool {
		_, err := os.Lstat(filepath.Join(dir, passFile))
		return err == nil
	}
	if runStages(dir, Provision); passed() {
		t.Error("there is a pass without an identity")
	}
	if runStages(dir, Identity); !passed() {
		t.Error("there is no pass after a good identity stage")
	}
	write(t, dir, "var/lib/leaven/host-keys.json", "{")
	if sum := runStages(dir, Identity); sum.Result != Failed || passed() {
		t.Errorf("there is a pass after an identity stage that says: %v", sum)
	}
}
