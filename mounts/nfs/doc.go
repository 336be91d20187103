// Package nfs mounts NFS shares, Amazon EFS among them, so that they come up or say why not.
//
// What is written down in a configuration is a [Wish]. [Wish.Share] makes of it what mount(8) and fstab(5) need: no network, nothing
// is changed. A [Mounter] brings a share about: it waits until the name resolves and the server answers, mounts, and
// believes only /proc/self/mountinfo. systemd tries a mount once (systemd issue 4468), EFS names fail to resolve now and then early
// in a boot (efs-utils issue 287), and mount.efs can end with 0 without having mounted: hence the loop.
//
// NFS 4 only: version 3 needs rpcbind and a lock manager, which are another daemon's business. Kerberos must have been set up
// by somebody else. Unmounting is for umount(8).
package nfs
