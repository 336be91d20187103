package qemu

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Login is a user of the guest and the line for its authorized_keys. It gets in
// through a systemd credential that the guest's systemd-tmpfiles applies at each
// boot (systemd 252 or later), so the image itself need not know the key.
type Login struct {
	User string // must exist, with its home in /home, or be root
	Key  string // "ssh-ed25519 AAAA…"
}

func arguments(cfg Config, accel, socket string) []string {
	user := "user,id=net0,hostfwd=tcp:127.0.0.1:0-:22" // port 0: the kernel gives a free one, which the monitor tells
	if cfg.Network == "" {
		user += ",restrict=on"
	}
	args := []string{
		"-machine", "q35,accel=" + accel, "-cpu", CPU(accel), "-smp", "2", "-m", fmt.Sprint(cmp.Or(cfg.MemoryMB, 1024)),
		"-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
		"-kernel", cfg.Kernel, "-initrd", cfg.Initrd,
		"-append", strings.TrimSpace("root=/dev/vda rw console=ttyS0 net.ifnames=0 mitigations=off panic=-1 quiet systemd.show_status=1 " + cfg.Append),
		"-netdev", user, "-device", "virtio-net-pci,netdev=net0",
		"-device", "virtio-rng-pci",
		"-serial", "stdio", "-qmp", "unix:" + escape(socket) + ",server=on,wait=off",
	}
	args = append(args, drive(cfg)...)
	if cfg.UUID != "" {
		args = append(args, "-uuid", cfg.UUID)
	}
	if cfg.InstanceID != "" {
		args = append(args, "-smbios", "type=2,asset="+escape(cfg.InstanceID))
	}
	credentials := maps.Clone(cfg.Credentials)
	if len(cfg.Logins) > 0 {
		if credentials == nil {
			credentials = map[string]string{}
		}
		credentials["tmpfiles.extra"] += tmpfiles(cfg.Logins)
	}
	for _, name := range slices.Sorted(maps.Keys(credentials)) {
		// systemd(1), "System credentials": SMBIOS type 11.
		value := base64.StdEncoding.EncodeToString([]byte(credentials[name]))
		args = append(args, "-smbios", "type=11,value=io.systemd.credential.binary:"+escape(name)+"="+value)
	}
	return slices.Concat(args, cfg.Args)
}

// drive is the disk. One that is recorded hears of flushes, and does not wait for this machine's disk either.
func drive(cfg Config) []string {
	if cfg.WriteLog == "" {
		return []string{"-drive", "file=" + escape(cfg.Disk) + ",if=virtio,format=qcow2,cache=unsafe,discard=unmap"}
	}
	return []string{
		"-blockdev", "driver=file,node-name=kept,cache.no-flush=on,filename=" + escape(cfg.Disk),
		"-blockdev", "driver=qcow2,node-name=disk,cache.no-flush=on,file=kept",
		"-blockdev", "driver=file,node-name=log,cache.no-flush=on,filename=" + escape(cfg.WriteLog),
		"-blockdev", "driver=blklogwrites,node-name=recorded,file=disk,log=log",
		"-device", "virtio-blk-pci,drive=recorded",
	}
}

// tmpfiles returns tmpfiles.d(5) lines that write each user's authorized_keys.
func tmpfiles(logins []Login) string {
	keys := map[string]string{}
	for _, l := range logins {
		keys[l.User] += strings.TrimSpace(l.Key) + "\n"
	}
	var b strings.Builder
	for _, user := range slices.Sorted(maps.Keys(keys)) {
		home := "/home/" + user
		if user == "root" {
			home = "/root"
		}
		fmt.Fprintf(&b, "d %s/.ssh 0700 %s %[2]s -\n", home, user)
		fmt.Fprintf(&b, "f+~ %s/.ssh/authorized_keys 0600 %s %[2]s - %s\n", home, user, base64.StdEncoding.EncodeToString([]byte(keys[user])))
	}
	return b.String()
}

// escape doubles commas, which separate QEMU's options.
func escape(s string) string { return strings.ReplaceAll(s, ",", ",,") }
