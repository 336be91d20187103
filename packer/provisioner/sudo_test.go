package provisioner

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/leaven-dev/leaven/bake/wire"
	"github.com/leaven-dev/leaven/packer/internal/rehearsal"
)

// pretend gives the far side a login user that is not root, and a sudo that logs what it is called with. Root is who runs
// through that sudo.
func pretend(t *testing.T, b *build, sudo string) (log string) {
	t.Helper()
	log = filepath.Join(t.TempDir(), "sudo")
	b.path(t, map[string]string{"id": "echo ${PRETEND_UID:-1000}", "sudo": `echo "$*" >>` + log + "; export PRETEND_UID=0\n" + sudo})
	return log
}

func TestSudoWithoutAPassword(t *testing.T) {
	b := newBuild(t, nil)
	log := pretend(t, b, `[ "$1" = -n ] || exit 9; shift; [ "$1" = -- ] && shift; exec "$@"`)
	if err := b.run(t); err != nil {
		t.Fatalf("%v\n%s", err, b.ui.Output())
	}
	data, err := os.ReadFile(log)
	direct, armed := strings.Count(string(data), "-n -- "+b.staging), strings.Count(string(data), "leaven "+b.staging)
	if err != nil || direct != 1 || armed != 2 { // the install; the runs around which a shell watches over the last stage
		t.Errorf("sudo's calls: %v\n%s", err, data)
	}
	if !strings.Contains(b.ui.Output(), "uid 1000, root by sudo") {
		t.Errorf("output does not say how it became root:\n%s", b.ui.Output())
	}
}

func TestSudoThatIsOfNoUse(t *testing.T) {
	for name, c := range map[string]struct{ sudo, want string }{
		"makes another user":   {`shift 2; export PRETEND_UID=7; exec "$@"`, "cannot become root: sudo makes it uid 7"},
		"for one command only": {`[ "$2" = true ]`, "cannot become root: sudo does not let uid 1000 run programs"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBuild(t, nil)
			pretend(t, b, c.sudo)
			b.fails(t, c.want)
			for _, command := range b.comm.Commands() {
				if strings.Contains(command, "cat >") {
					t.Error("uploaded the agent all the same")
				}
			}
		})
	}
}

const password = "s3cr3t and $HOME '\"{{x}}"

// passwordSudo is a sudo that wants the password on standard input and nowhere else.
const passwordSudo = `[ "$1" = -n ] && { echo "sudo: a password is required" >&2; exit 1; }
[ "$1 $2 $3 $4 $5" = "-k -S -p  --" ] || exit 9
IFS= read -r given || exit 8
[ "$given" = "$LEAVEN_TEST_PASSWORD" ] || { echo "Sorry, $given is wrong." >&2; exit 1; }
shift 5; exec "$@"`

func TestSudoPasswordIsNeverSeen(t *testing.T) {
	tattle := rehearsal.Act{Exit: 1, Error: "found " + password, Records: []wire.Record{{Type: wire.Note, Note: password}}}
	for name, c := range map[string]struct {
		bake   rehearsal.Act
		right  string
		sealed bool
	}{
		"right":                       {right: password, sealed: true},
		"right, and the build stops":  {bake: rehearsal.Act{Hang: true}, right: password},
		"wrong":                       {right: "another"},
		"told by the agent's records": {bake: tattle, right: password},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBuild(t, map[string]rehearsal.Act{"bake": c.bake})
			log := pretend(t, b, passwordSudo)
			b.comm.Env = append(b.comm.Env, "LEAVEN_TEST_PASSWORD="+c.right)
			b.settings["sudo_password"] = password
			if c.bake.Hang {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				b.ctx = ctx
				go func() { b.await(t, 2); cancel() }()
			}
			err := b.run(t)
			if (err == nil) != c.sealed {
				t.Fatalf("error %v\n%s", err, b.ui.Output())
			}
			places := map[string]string{
				"a command line": strings.Join(b.comm.Commands(), "\n"),
				"the output":     b.ui.Output(),
				"the error":      fmt.Sprint(err),
			}
			for _, entry := range rehearsal.Entries(t, b.log) {
				places["the agent's arguments"] += strings.Join(entry.Args, " ")
				places["the agent's standard input"] += entry.Stdin
			}
			for what, file := range map[string]string{"sudo's arguments": log, "the report": b.report} {
				data, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				places[what] = string(data)
			}
			for where, text := range places {
				if strings.Contains(text, "s3cr3t") {
					t.Errorf("the password is in %s:\n%s", where, text)
				}
			}
		})
	}
}
