package cfengine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/leaven-dev/leaven/firstboot"
	"github.com/leaven-dev/leaven/internal/fstab"
	"github.com/leaven-dev/leaven/internal/rootfs"
)

// shareStep makes sure that what lies at the folders is the share and not what is below. A hub that goes on without makes a key of
// its own: it starts, reports success, and its clients refuse it.
func (h *host) shareStep(folders ...string) firstboot.Step {
	return h.step("share", "the shared folders of the hubs", quickly,
		func(context.Context) (firstboot.Verdict, error) { return h.lookAtShare(folders) }, nil)
}

func (h *host) lookAtShare(folders []string) (firstboot.Verdict, error) {
	mounts, err := h.Root.Mounts()
	if err != nil {
		return firstboot.Verdict{}, err
	}
	table, err := fstab.Read(h.Root)
	if err != nil {
		return firstboot.Verdict{}, err
	}
	var text []string
	for _, folder := range folders {
		m, err := mountedAt(mounts, table.Entries(), folder, h.fileSystems())
		if err != nil {
			return firstboot.Verdict{}, firstboot.WithCure(err, "see that it is in `mounts:` of the configuration or in fstab, and that its server can be reached; then run `leaven firstboot`")
		}
		text = append(text, fmt.Sprintf("%s from %s (%s)", folder, m.Source, m.Type))
	}
	return firstboot.Verdict{OK: true, Text: strings.Join(text, ", ")}, nil
}

// mountedAt returns what is mounted at a folder, if that is what fstab(5) names for it, where it names something, and of one of the
// types.
func mountedAt(mounts []rootfs.Mount, table []fstab.Entry, folder string, types []string) (rootfs.Mount, error) {
	var top rootfs.Mount // the last one covers the others
	for _, m := range mounts {
		if m.Point == folder {
			top = m
		}
	}
	if top.Point == "" {
		return top, fmt.Errorf("%s is not mounted: what is there is this machine's own and no other hub sees it", folder)
	}
	if !slices.Contains(types, top.Type) {
		return top, fmt.Errorf("at %s something else than the share is mounted: %s, of the type %s and not %s", folder, top.Source, top.Type, strings.Join(types, " or "))
	}
	for _, e := range table {
		// mount.efs mounts through a tunnel of its own, so that its source says nothing.
		if e.At(folder) && (e.Type == "nfs" || e.Type == "nfs4") && !sameExport(e.Source, top.Source) {
			return top, fmt.Errorf("at %s something else than the share is mounted: %s, where fstab says %s", folder, top.Source, e.Source)
		}
	}
	return top, nil
}

// sameExport compares host:/path, where a slash at the end means nothing.
func sameExport(a, b string) bool {
	return strings.TrimRight(a, "/") == strings.TrimRight(b, "/")
}
