package firstboot

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/leaven-dev/leaven/internal/journal"
)

// Firmware as these systems show it.
var (
	nitro     = map[string]string{dmi + "sys_vendor": "Amazon EC2", dmi + "board_asset_tag": "i-0123456789abcdef0", dmi + "product_uuid": "ec2e1916-9099-7caf-fd21-012345abcdef"}
	xen       = map[string]string{dmi + "sys_vendor": "Xen", dmi + "bios_version": "4.11.amazon", dmi + "product_uuid": "EC2E1916-9099-7CAF-FD21-012345ABCDEF", "/sys/hypervisor/uuid": "ec2e1916-9099-7caf-fd21-012345abcdef"}
	qemu      = map[string]string{dmi + "sys_vendor": "QEMU", dmi + "board_asset_tag": "", dmi + "product_uuid": "2b7d6a4e-1f0c-4d8e-9a55-0c1d2e3f4a5b"}
	board     = map[string]string{dmi + "sys_vendor": "To Be Filled By O.E.M.", dmi + "board_asset_tag": "Default string", dmi + "product_uuid": "03000200-0400-0500-0006-000700080009"}
	none      = map[string]string{}
	container = with(nitro, "/run/systemd/container", "systemd-nspawn") // /sys is the host's
)

func with(m map[string]string, name, text string) map[string]string {
	m = maps.Clone(m)
	m[name] = text
	return m
}

const someMachineID = "0123456789abcdef0123456789abcdef"

func layOut(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		write(t, dir, name, text+"\n")
	}
	return dir
}

func TestIdentifyNewMachine(t *testing.T) {
	const uuidID = "uuid-2b7d6a4e-1f0c-4d8e-9a55-0c1d2e3f4a5b"
	for _, c := range []struct {
		name       string
		files      map[string]string
		credential string
		want       Instance
		wantErr    string
	}{
		{name: "Nitro", files: nitro, want: Instance{ID: "i-0123456789abcdef0", Source: FromDMI}},
		{name: "Nitro ignores a credential", files: nitro, credential: "other", want: Instance{ID: "i-0123456789abcdef0", Source: FromDMI}},
		{name: "QEMU with an asset tag", files: with(qemu, dmi+"board_asset_tag", "i-0badc0de"), want: Instance{ID: "i-0badc0de", Source: FromDMI}},
		{name: "an error page is no id", files: with(qemu, dmi+"board_asset_tag", "i-503 Service Unavailable"), want: Instance{ID: uuidID, Source: FromUUID}},
		{name: "QEMU", files: qemu, want: Instance{ID: uuidID, Source: FromUUID}},
		{name: "QEMU with a credential", files: qemu, credential: "web-1\n", want: Instance{ID: "web-1", Source: FromCredential}},
		{name: "Xen on EC2", files: xen, want: Instance{ID: "uuid-ec2e1916-9099-7caf-fd21-012345abcdef", Source: FromUUID, Provisional: true}},
		{name: "Nitro without a tag", files: with(nitro, dmi+"board_asset_tag", "Not Specified"), want: Instance{ID: "uuid-ec2e1916-9099-7caf-fd21-012345abcdef", Source: FromUUID, Provisional: true}},
		{name: "a UUID that all boards of a make share", files: with(board, "/etc/machine-id", someMachineID), want: Instance{ID: "machine-" + someMachineID, Source: FromMachineID}},
		{name: "container", files: with(container, "/etc/machine-id", someMachineID), want: Instance{ID: "machine-" + someMachineID, Source: FromMachineID}},
		{name: "container with a credential", files: container, credential: "c1", want: Instance{ID: "c1", Source: FromCredential}},
		{name: "nothing", files: none, wantErr: "/etc/machine-id holds none"},
		{name: "uninitialized", files: with(none, "/etc/machine-id", "uninitialized"), wantErr: "/etc/machine-id holds none"},
		{name: "credential that leaves its folder", files: qemu, credential: "../../etc", wantErr: "is no instance id"},
		{name: "credential that is the link's name", files: qemu, credential: "current", wantErr: "is no instance id"},
		{name: "empty credential", files: qemu, credential: "\n", wantErr: "is no instance id"},
	} {
		t.Run(c.name, func(t *testing.T) {
			credentials := t.TempDir()
			if c.credential != "" {
				write(t, credentials, "leaven.instance-id", c.credential)
			}
			who, err := identify(open(t, layOut(t, c.files)), credentials)
			if c.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), c.wantErr) {
					t.Fatalf("error is %v, want one with %q", err, c.wantErr)
				}
				return
			}
			if err != nil || who.doubt != nil || who.Instance != c.want {
				t.Errorf("%+v (doubt %v, error %v), want %+v", who.Instance, who.doubt, err, c.want)
			}
		})
	}
}

// TestIdentifyAgain takes a machine that was an instance before and shows something else now.
func TestIdentifyAgain(t *testing.T) {
	clonedTo := with(qemu, dmi+"product_uuid", "99999999-1f0c-4d8e-9a55-0c1d2e3f4a5b")
	inContainer := with(container, "/etc/machine-id", someMachineID)
	for _, c := range []struct {
		name                 string
		before, now          map[string]string
		credBefore, credNow  string
		same, doubt, useless bool // useless: the state of before is damaged
	}{
		{name: "nothing changed", before: nitro, now: nitro, same: true},
		{name: "image of a running instance", before: nitro, now: with(nitro, dmi+"board_asset_tag", "i-0fedcba9876543210")},
		{name: "that, with a damaged state", before: nitro, now: with(nitro, dmi+"board_asset_tag", "i-0fedcba9876543210"), useless: true},
		{name: "the host passes no credential any more", before: qemu, credBefore: "web-1", now: qemu, same: true},
		{name: "a clone without the credential", before: qemu, credBefore: "web-1", now: clonedTo},
		{name: "a clone with another credential", before: qemu, credBefore: "web-1", now: clonedTo, credNow: "web-2"},
		{name: "a credential where there was none", before: qemu, now: qemu, credNow: "web-1"},
		{name: "container without its credential", before: inContainer, credBefore: "c1", now: inContainer, same: true},
		{name: "clone of a container, without its credential", before: inContainer, credBefore: "c1", now: with(inContainer, "/etc/machine-id", strings.Repeat("f", 32))},
		{name: "EC2 disk started elsewhere", before: nitro, now: qemu},
		{name: "EC2 instance whose firmware loses the tag", before: nitro, now: with(nitro, dmi+"board_asset_tag", ""), same: true},
		{name: "Xen, started again with another UUID", before: xen, now: with(xen, dmi+"product_uuid", "ec200000-0000-0000-0000-000000000001"), same: true},
		{name: "credential that is none", before: qemu, credBefore: "web-1", now: qemu, credNow: "a b", same: true, doubt: true},
		{name: "machine that shows nothing any more", before: qemu, now: none, same: true, doubt: true},
		{name: "lower source and a damaged state", before: qemu, credBefore: "web-1", now: qemu, useless: true, same: true, doubt: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, credentials := layOut(t, c.before), t.TempDir()
			write(t, dir, "etc/ssh/sshd_config", "")
			root := open(t, dir)
			if c.credBefore != "" {
				write(t, credentials, "leaven.instance-id", c.credBefore)
			}
			a := &Agent{Root: root, Credentials: credentials, Hostname: "golden", Log: func(e journal.Entry) { t.Log(e.Message) }}
			before := a.Run(t.Context(), Identity)
			if before.Result == Failed {
				t.Fatalf("first boot: %v", before)
			}
			if c.useless {
				write(t, dir, stateFile(before.Instance), "{")
			}
			for _, name := range []string{"sys", "run"} {
				if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Remove(filepath.Join(credentials, "leaven.instance-id")); err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
			write(t, dir, "etc/machine-id", "")
			for name, text := range c.now {
				write(t, dir, name, text+"\n")
			}
			if c.credNow != "" {
				write(t, credentials, "leaven.instance-id", c.credNow)
			}
			who, err := identify(root, credentials)
			if err != nil {
				t.Fatal(err)
			}
			if same := who.ID == before.Instance; same != c.same {
				t.Errorf("it was %s and is %s", before.Instance, who.text)
			}
			if (who.doubt != nil) != c.doubt {
				t.Errorf("doubt is %v, want one: %v", who.doubt, c.doubt)
			}
		})
	}
}
