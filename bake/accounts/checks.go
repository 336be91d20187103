package accounts

import "github.com/leaven-dev/leaven/bake"

// The ids of the checks.
const (
	unreadable      = "account-unreadable"
	emptyPassword   = "account-empty-password"
	defaultPassword = "account-default-password"
	rootPassword    = "account-root-password"
	userPassword    = "account-password"
	systemPassword  = "account-system-password"
	weakHash        = "account-weak-hash"
	openHash        = "account-open-hash"
	groupPassword   = "account-group-password"
	uidZero         = "account-uid-zero"
	sameUID         = "account-same-uid"
	mismatch        = "account-mismatch"
	builder         = "account-builder"
	loginKeys       = "login-keys"
	sudoBuilder     = "sudo-builder"
	sudoCloudInit   = "sudo-cloud-init"
	sudoMissing     = "sudo-missing-user"
	sudoNoPassword  = "sudo-nopasswd"
	sudoService     = "sudo-service"
	sshdRoot        = "sshd-permits-root"
	sshdPassword    = "sshd-password-login"
	sshdDefault     = "sshd-password-default"
	sshdEmpty       = "sshd-empty-passwords"
	sshdHostKey     = "sshd-host-key"
)

// strict is for what AWS forbids in Marketplace images and calls dangerous in shared ones, while a fleet of one's own may
// want it.
func strict() map[string]bake.Severity {
	return map[string]bake.Severity{"marketplace": bake.Error}
}

// Checks lists what Look reports.
func Checks() []bake.Check {
	const marketplace = "AWS Marketplace, AMI-based product requirements; EC2 guide for shared Linux AMIs"
	return []bake.Check{
		{
			ID: unreadable, Title: "an account file that cannot be read or understood",
			Why:    "nobody can tell who may log in",
			Source: "passwd(5), shadow(5), sudoers(5), sshd_config(5)",
			Fix:    "run the audit as root; correct the line, or remove it",
			// A finding of this check is always unknown; the severity only orders it.
			Severity: bake.Error,
		},
		{
			ID: emptyPassword, Title: "an account without a password",
			Why:    "anybody gets in who reaches a log-in prompt",
			Source: "shadow(5); " + marketplace,
			Fix:    "lock it with `passwd --lock USER`, or remove the account", Severity: bake.Error,
			Rules: []string{"password-hashes"},
		},
		{
			ID: defaultPassword, Title: "an account with a password that everybody tries first",
			Why:    "machines that guess passwords begin with it",
			Source: "shadow(5), crypt(5); lists of default passwords of box and image builders",
			Fix:    "lock it with `passwd --lock USER`, or remove the account", Severity: bake.Error,
			Rules: []string{"password-hashes"},
		},
		{
			ID: rootPassword, Title: "root has a password",
			Why:    "every machine from this image has the same one",
			Source: marketplace,
			Fix:    "lock it with `passwd --lock root`", Severity: bake.Warning, Profiles: strict(),
			Rules: []string{"root-password", "password-hashes"},
		},
		{
			ID: userPassword, Title: "an account has a password",
			Why:    "every machine from this image has the same one",
			Source: marketplace,
			Fix:    "lock it with `passwd --lock USER`", Severity: bake.Warning, Profiles: strict(),
			Rules: []string{"password-hashes"},
		},
		{
			ID: systemPassword, Title: "a system account with a password and a shell",
			Why:    "no person uses it, so nobody changes the password that every machine from this image has",
			Source: "useradd(8) on system accounts; " + marketplace,
			Fix:    "lock it with `passwd --lock USER` and give it the shell /usr/sbin/nologin", Severity: bake.Warning, Profiles: strict(),
			Rules: []string{"password-hashes"},
		},
		{
			ID: weakHash, Title: "a password kept under a hash that is quickly guessed",
			Why:    "whoever has the image can find the password by trying (DES, MD5 and NT hashes allow billions of tries a second)",
			Source: "crypt(5)",
			Fix:    "lock the account, or set the password anew: it is then kept under the distribution's hash", Severity: bake.Warning, Profiles: strict(),
			Rules: []string{"password-hashes"},
		},
		{
			ID: openHash, Title: "a password that every user can read",
			Why:    "hashes are guessed offline by any process that can read the file",
			Source: "passwd(5), pwconv(8)",
			Fix:    "run `pwconv` (groups: `grpconv`) and set the file's mode to 0640 or less", Severity: bake.Error,
		},
		{
			ID: groupPassword, Title: "a group has a password",
			Why:    "whoever knows it joins the group with newgrp, on every machine from this image",
			Source: "gshadow(5), newgrp(1)",
			Fix:    "remove it with `gpasswd --remove-password GROUP`", Severity: bake.Warning, Profiles: strict(),
		},
		{
			ID: uidZero, Title: "a second root",
			Why:    "an account with user ID 0 is root whatever its name; builders and intruders leave such",
			Source: "passwd(5)",
			Fix:    "remove the account", Severity: bake.Error,
		},
		{
			ID: sameUID, Title: "two accounts with one user ID",
			Why:    "each can read and change all that the other owns",
			Source: "passwd(5), pwck(8)",
			Fix:    "remove one, or give it an ID of its own with usermod(8)", Severity: bake.Warning,
		},
		{
			ID: mismatch, Title: "passwd and shadow do not fit together",
			Why:    "an entry that is left over comes to life when somebody adds an account of that name",
			Source: "pwck(8)",
			Fix:    "run `pwck`", Severity: bake.Warning,
		},
		{
			ID: builder, Title: "an account that image builders use",
			Why:    "its password and key are published, or known to whoever built the image",
			Source: "Vagrant, Creating a Base Box (\"vagrant\" user); Packer's examples",
			Fix:    "remove it with `userdel --remove USER` in the last stage of the build", Severity: bake.Warning, Profiles: strict(),
		},
		{
			ID: loginKeys, Title: "keys that sshd accepts",
			Why:    "whoever holds the private half gets into every machine from this image",
			Source: "sshd(8), AUTHORIZED_KEYS FILE FORMAT; " + marketplace,
			Fix:    "remove the line; cloud-init puts the instance's own keys in at first boot", Severity: bake.Error,
			Profiles: map[string]bake.Severity{"base": bake.Warning},
			Rules:    []string{"authorized-keys"},
		},
		{
			ID: sudoBuilder, Title: "sudo rights of a builder",
			Why:    "whoever makes an account of that name on a machine from this image is root",
			Source: "image-builder issue 1826; WALinuxAgent issue 3663",
			Fix:    "remove the file or the line", Severity: bake.Error,
			Rules: []string{"builder-sudo"},
		},
		{
			ID: sudoCloudInit, Title: "sudo rights that cloud-init gave on the build machine",
			Why:    "cloud-init writes them anew at first boot; if its default user has another name there, the old one keeps its rights",
			Source: "cloud-init, Users and Groups module; ecs-ami issue 23",
			Fix:    "remove the file when cloud-init runs at first boot and nobody needs the user before", Severity: bake.Warning,
			Rules: []string{"builder-sudo"},
		},
		{
			ID: sudoMissing, Title: "sudo rights without a password for an account that does not exist",
			Why:    "whoever makes an account of that name is root",
			Source: "sudoers(5)",
			Fix:    "remove the line, unless the account comes at first boot", Severity: bake.Warning,
		},
		{
			ID: sudoNoPassword, Title: "sudo rights without a password",
			Why:      "whoever gets into the account is root; usual for the default user of cloud images, so only shared images have it reported",
			Source:   "sudoers(5), NOPASSWD and authenticate",
			Fix:      "remove NOPASSWD, or name the commands that need it",
			Profiles: map[string]bake.Severity{"marketplace": bake.Warning},
		},
		{
			ID: sudoService, Title: "sudo rights without a password for everybody, or for a service",
			Why:    "a hole in any program that runs as that account gives root",
			Source: "sudoers(5), NOPASSWD and authenticate",
			Fix:    "remove NOPASSWD, or name the commands that need it", Severity: bake.Warning, Profiles: strict(),
		},
		{
			ID: sshdRoot, Title: "sshd lets root in",
			Why:    "root is the one account name that everybody knows",
			Source: "sshd_config(5), PermitRootLogin; " + marketplace,
			Fix:    "set `PermitRootLogin no` (or prohibit-password)", Severity: bake.Warning, Profiles: strict(),
			Rules: []string{"sshd-root-login"},
		},
		{
			ID: sshdPassword, Title: "sshd takes passwords",
			Why:    "passwords are guessed from everywhere; builders switch this on for themselves and forget it",
			Source: "sshd_config(5), PasswordAuthentication and KbdInteractiveAuthentication; " + marketplace,
			Fix:    "set `PasswordAuthentication no` and `KbdInteractiveAuthentication no`", Severity: bake.Warning, Profiles: strict(),
			Rules: []string{"sshd-passwords"},
		},
		{
			ID: sshdDefault, Title: "sshd takes passwords because nothing forbids it",
			Why:    "no account has a password now, but the first that gets one is open to everybody who guesses",
			Source: "sshd_config(5): the default is yes; " + marketplace,
			Fix:    "set `PasswordAuthentication no` and `KbdInteractiveAuthentication no`", Profiles: strict(),
		},
		{
			ID: sshdEmpty, Title: "sshd lets accounts in that have no password",
			Why:    "every account with an empty password is open to everybody",
			Source: "sshd_config(5), PermitEmptyPasswords",
			Fix:    "remove the line", Severity: bake.Error,
			Rules: []string{"sshd-passwords"},
		},
		{
			ID: sshdHostKey, Title: "a host key in a place of its own",
			Why:    "machines from this image can pose as one another; nothing makes the key anew in that place",
			Source: "sshd_config(5), HostKey",
			Fix:    "remove the key and name the usual place, /etc/ssh/ssh_host_ed25519_key", Severity: bake.Error,
		},
	}
}
