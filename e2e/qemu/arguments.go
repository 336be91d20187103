package qemu

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/leaven-dev/leaven/e2e/sshclient"
)

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
		credentials["tmpfiles.extra"] += sshclient.Tmpfiles(cfg.Logins)
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

// escape doubles commas, which separate QEMU's options.
func escape(s string) string { return strings.ReplaceAll(s, ",", ",,") }
