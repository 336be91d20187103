package cfengine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"time"

	"github.com/leaven-dev/leaven/firstboot"
	"github.com/leaven-dev/leaven/internal/fstab"
	"github.com/leaven-dev/leaven/internal/rootfs"
	"github.com/leaven-dev/leaven/internal/run"
	"github.com/leaven-dev/leaven/internal/schema"
)

// FirstBoot makes of a host what the section cfengine: says. Without one it gives the host a key of its own: sealing took the one
// that the package's postinst had made, and without a key nothing of CFEngine works, although cf-agent exits 0.
func (Plugin) FirstBoot() firstboot.Part {
	settings := &Settings{}
	return firstboot.Part{
		Section: schema.Section{Name: section, Doc: "what this host is among CFEngine's hubs and clients; without it, a host that has CFEngine gets a key of its own and nothing else", Into: settings},
		Steps: func(env firstboot.Env) []firstboot.Step {
			if !env.Given(section) {
				return ownKeyStep(env)
			}
			h, err := newHost(env, settings)
			if err != nil {
				return []firstboot.Step{{
					ID: "cfengine-installed", Title: "CFEngine", Policy: firstboot.Required,
					Check: func(context.Context) (firstboot.Verdict, error) { return firstboot.Verdict{}, err },
				}}
			}
			return h.steps()
		},
		Probes: func(env firstboot.Env) []firstboot.Probe {
			if !env.Given(section) {
				return nil
			}
			h, err := newHost(env, settings)
			if err != nil {
				return []firstboot.Probe{{Name: section, Run: func(context.Context) error { return err }}}
			}
			return h.probes()
		},
	}
}

// section is the name of the plugin's keys in the configuration.
const section = "cfengine"

func ownKeyStep(env firstboot.Env) []firstboot.Step {
	return []firstboot.Step{{
		ID:       "cfengine-key",
		Title:    "a CFEngine key of its own",
		Policy:   firstboot.Degrade,
		Deadline: 5 * time.Minute, // cf-key waits 5 s for a resolver that does not answer, and RSA takes half a minute where the CPU is emulated
		Check:    func(context.Context) (firstboot.Verdict, error) { return checkKey(env.Root) },
		Apply:    func(ctx context.Context) error { return makeKey(ctx, env) },
	}}
}

func checkKey(root *rootfs.Root) (firstboot.Verdict, error) {
	l, there, err := installed(root)
	if err != nil || !there {
		return firstboot.Verdict{OK: true, Text: "CFEngine is not installed"}, err
	}
	keys := l.keys()
	shared, err := inFstab(root, keys)
	if err != nil || shared {
		// A key made below a share that is not mounted yet would make this hub another one than its fellows.
		return firstboot.Verdict{OK: true, Text: keys + " is a mount of its own: its keys are not made here"}, err
	}
	var have []string
	for _, name := range []string{"localhost.priv", "localhost.pub"} {
		fi, err := root.Stat(path.Join(keys, name))
		if err == nil && fi.Size() > 0 {
			have = append(have, name)
		} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return firstboot.Verdict{}, err
		}
	}
	switch len(have) {
	case 0:
		return firstboot.Verdict{Text: "would make a key with cf-key"}, nil
	case 1:
		return firstboot.Verdict{}, firstboot.WithCure(fmt.Errorf("%s holds half a key: only %s", keys, have[0]),
			"remove that file, then run `leaven firstboot`")
	}
	return firstboot.Verdict{OK: true, Text: "there"}, nil
}

// makeKey runs cf-key. Its exit status proves little; the check that follows looks at the files.
func makeKey(ctx context.Context, env firstboot.Env) error {
	if !env.Live {
		return errors.New("cf-key can run on the running system only")
	}
	l, _, err := installed(env.Root)
	if err != nil {
		return err
	}
	_, err = run.Output(ctx, l.tool("cf-key"))
	return err
}

// inFstab tells whether fstab(5) has a mount at dir.
func inFstab(root *rootfs.Root, dir string) (bool, error) {
	table, err := fstab.Read(root)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(table.Entries(), func(e fstab.Entry) bool { return e.At(dir) }), nil
}
