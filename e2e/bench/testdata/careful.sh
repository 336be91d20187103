#!/bin/sh
# What a careful person writes to seal a tree by hand: the peer of `leaven bake` in the benchmarks.
set -eu
cd "$1"
homes=$(awk -F: '$6 != "" { print "." $6 }' etc/passwd | sort -u)
find var/log -type f \( -name '*.gz' -o -name '*.xz' -o -name '*.bz2' -o -name '*.old' -o -name '*.[0-9]' -o -name '*.[0-9][0-9]' -o -name '*-20[0-9][0-9]*' \) -delete
rm -rf var/log/journal/* var/log/installer/* var/log/anaconda/* root/anaconda-ks.cfg root/original-ks.cfg
find var/log -type f -exec truncate -s 0 {} +
rm -rf tmp/..?* tmp/.[!.]* tmp/* var/tmp/..?* var/tmp/.[!.]* var/tmp/*
rm -rf var/lib/cloud/instance var/lib/cloud/instances var/lib/cloud/data var/lib/cloud/sem
rm -f etc/ssh/ssh_host_*
: >etc/machine-id
if [ -e var/lib/dbus/machine-id ]; then ln -sf /etc/machine-id var/lib/dbus/machine-id; fi
rm -f var/lib/systemd/random-seed boot/efi/loader/random-seed var/lib/systemd/credential.secret etc/machine-info
: >etc/hostname
rm -rf var/lib/dhcp/* var/lib/dhclient/* var/lib/dhcpcd/* var/lib/NetworkManager/*.lease var/lib/NetworkManager/secret_key
rm -f etc/NetworkManager/system-connections/* etc/udev/rules.d/70-persistent-net.rules
rm -f etc/passwd- etc/shadow- etc/group- etc/gshadow- etc/subuid- etc/subgid-
rm -rf var/cache/apt/archives/*.deb var/cache/apt/*.bin var/cache/dnf/* var/cache/yum/* var/crash/* var/lib/systemd/coredump/* var/spool/mail/*
find var/lib/apt/lists -type f ! -name lock -delete 2>/dev/null || true
for home in $homes ./home/*; do
	[ -d "$home" ] || continue
	rm -rf "$home"/.*_history "$home"/.lesshst "$home"/.viminfo "$home"/.wget-hsts "$home"/.ssh/authorized_keys "$home"/.ssh/known_hosts "$home"/.ssh/id_* \
		"$home"/.aws "$home"/.azure "$home"/.config/gcloud "$home"/.config/gh "$home"/.docker/config.json "$home"/.kube "$home"/.netrc "$home"/.git-credentials \
		"$home"/.npmrc "$home"/.pypirc "$home"/.vault-token "$home"/.terraform.d "$home"/.cache/pip
done
