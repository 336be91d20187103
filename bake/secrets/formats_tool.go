package secrets

// toolFormats are the files in which command-line tools and package managers keep log-ins. The names are those of each
// program's manual. The first format that fits a file counts.
func toolFormats() []format {
	return []format{
		// netrc(5), curl, ftp, git-credential-netrc; Emacs' authinfo has the same words
		{id: "netrc-password", title: "password in a netrc file", files: []string{".netrc", "_netrc", ".authinfo", "netrc", ".netrc.*", "*.netrc"}, read: readNetrc},
		// apt_auth.conf(5), apt.conf(5)
		{id: "apt-auth", title: "password for an apt repository", files: []string{"**/apt/auth.conf", "**/apt/auth.conf.d/*"}, read: readNetrc},
		{id: "apt-config", title: "password in apt's configuration", files: []string{"**/apt/apt.conf", "**/apt/apt.conf.d/*", "**/apt/sources.list", "**/apt/sources.list.d/*"}, lax: true},
		{id: "yum-variable", title: "secret in a variable of yum or dnf", files: []string{"**/yum/vars/*token*", "**/yum/vars/*pass*", "**/yum/vars/*secret*", "**/dnf/vars/*token*", "**/dnf/vars/*pass*", "**/dnf/vars/*secret*"}, read: whole},
		{id: "yum-repository", title: "password of a yum, dnf or zypper repository", lax: true,
			files: []string{"*.repo", "yum.conf", "dnf.conf", "dnf5.conf", "**/zypp/credentials.d/*", "**/yum/vars/*", "**/dnf/vars/*"}, read: keys("password", "proxy_password")},
		{id: "pip-config", title: "password in pip's or twine's configuration", lax: true,
			files: []string{"pip.conf", "pip.ini", ".pypirc", "pypirc", "**/pypoetry/auth.toml", ".condarc"}, read: keys("password", "token")},
		// npmrc(5): _auth is user:password in base64
		{id: "npmrc", title: "token or password in an npmrc or yarnrc file", lax: true,
			files: []string{".npmrc", "npmrc", ".yarnrc", ".yarnrc.yml", ".npmrc.*"}, read: keys("_authtoken", "_password", "_auth", "npmauthtoken", "npmauthident")},
		// maven.apache.org/guides/mini/guide-encryption.html: the master password is encrypted with a constant
		{id: "maven-settings", title: "password in Maven's settings", lax: true,
			files: []string{"**/.m2/*.xml", "**/maven/**settings*.xml", "settings.xml", "settings-security.xml"}, read: unbraced(keys("password", "passphrase", "master"))},
		{id: "gradle-properties", title: "password in Gradle's, Ivy's or sbt's properties", lax: true,
			files: []string{"gradle.properties", "**/.ivy2/.credentials", "**/.sbt/**credentials*"}, read: keys("password")},
		{id: "nuget-config", title: "password in NuGet's configuration", files: []string{"nuget.config"}, lax: true, read: keys("cleartextpassword")},
		{id: "composer-auth", title: "password in Composer's auth.json", files: []string{"**/composer/auth.json", "**/.composer/auth.json"}, lax: true, read: keys("github.com", "gitlab.com")},
		{id: "gem-credentials", title: "key in RubyGems' or Bundler's configuration", files: []string{"**/.gem/credentials", "**/gem/credentials", "**/.bundle/config", "**/bundle/config"}, lax: true, read: anyOf(keys("rubygems_api_key"), lines(`^BUNDLE_\w+:\s*"?[^\s:"]+:([^\s"]+)`))},
		{id: "hex-key", title: "key of Hex", files: []string{"hex.config"}, read: lines(`_key'?,\s*<<"([^"]+)"`)},
		// svn's files of one answer each: K and V with lengths, then the text; cvs shifts its passwords by a table that is known
		{id: "svn-password", title: "password in Subversion's store", files: []string{"**/.subversion/auth/svn.simple/*"}, read: readSubversion},
		{id: "cvs-password", title: "password of CVS", files: []string{".cvspass"}, read: lastColumn},
		{id: "acme-account", title: "key of a DNS provider, kept by acme.sh", files: []string{"**/.acme.sh/account.conf"}, lax: true, read: lines(`^SAVED_\w+='([^']{8,})'`)},
		{id: "cargo-credentials", title: "token in Cargo's credentials", files: []string{"**/.cargo/credentials", "**/.cargo/credentials.toml"}, lax: true},
		// git-credential-store(1): one URL a line; git-config(1)
		{id: "git-credentials", title: "password in git's credential store", files: []string{".git-credentials", "**/git/credentials", ".git-credentials.*"}, lax: true},
		{id: "git-config", title: "password in git's configuration", files: []string{"**/.git/config", ".gitconfig", "**/git/config", "**/*.git/config", "gitconfig"}, lax: true, read: keys("password", "smtppass")},
		// docs.docker.com, "docker login": auth is user:password in base64; podman keeps the same elsewhere
		{id: "docker-config", title: "registry log-in in Docker's or podman's configuration",
			files: []string{"**/.docker/config.json", ".dockercfg", ".dockerconfigjson", "**/containers/auth.json", "**/containers/**/auth.json", "**/kubelet/config.json"}, read: keys("auth", "identitytoken", "registrytoken", "password")},
		{id: "kubeconfig", title: "credentials in a kubeconfig", lax: true,
			files: []string{"**/.kube/**", "kubeconfig", "*.kubeconfig", "kubeconfig.*", "**/kubernetes/*.conf", "**/rancher/**.yaml"},
			read:  keys("token", "password", "client-key-data", "id-token", "refresh-token", "client-secret", "access-token")},
		{id: "k3s-token", title: "token of a k3s cluster", files: []string{"**/k3s/server/token", "**/k3s/server/*-token", "**/rke2/server/*token"}, read: whole},
		{id: "terraform-credentials", title: "token in Terraform's configuration", files: []string{"credentials.tfrc.json", ".terraformrc", "terraform.rc", "*.tfrc"}, lax: true, read: keys("token")},
		{id: "terraform-state", title: "secret in Terraform's state or variables", lax: true, files: []string{"*.tfstate", "*.tfstate.*", "*.tfvars", "*.tfvars.json"},
			read: keys("password", "secret_string", "private_key_pem", "ses_smtp_password_v4")},
		{id: "aws-credentials-file", title: "secret in the AWS tools' files", lax: true, files: []string{"**/.aws/**", "aws_credentials", "*accesskeys.csv"},
			read: keys("aws_secret_access_key", "aws_session_token", "secretaccesskey", "sessiontoken", "accesstoken", "clientsecret", "refreshtoken")},
		{id: "s3-config", title: "secret in the configuration of an object store's client", lax: true,
			files: []string{".s3cfg", "s3cfg", ".s3cfg-*", ".boto", "boto.cfg", ".s3curl", "rclone.conf", "**/.mc/config.json", "**/.oci/config", "**/.aliyun/config.json"},
			read:  keys("secret_key", "aws_secret_access_key", "gpg_passphrase", "gs_secret_access_key", "gs_oauth2_refresh_token", "proxy_pass", "secret_access_key", "pass", "password2", "secretkey", "pass_phrase", "access_key_secret")},
		// s3fs(1): [bucket:]key:secret
		{id: "s3fs-password", title: "secret in an s3fs password file", files: []string{"passwd-s3fs", ".passwd-s3fs"}, read: lastColumn},
		{id: "cloud-credentials-file", title: "credentials of a cloud's command-line tool", lax: true,
			files: []string{"**/gcloud/**", "**/.azure/**", "**/.config/gh/hosts.yml", "**/.config/hub", "**/glab-cli/config.yml", "**/doctl/config.yaml", "**/hcloud/cli.toml", "**/.config/linode-cli",
				"**/.fly/config.yml", "clouds.yaml", "secure.yaml", "*openrc.sh", "*-openrc", "**/.bluemix/config.json", ".databrickscfg", "**/.snowsql/config", "**/ngrok/ngrok.yml", "**/.ngrok2/ngrok.yml",
				"application_default_credentials.json"},
			read: keys("oauth_token", "token", "access_token", "refresh_token", "refreshtoken", "accesstoken", "access-token", "authtoken")},
		{id: "transfer-client", title: "password of a file-transfer client", lax: true,
			files: []string{"**/lftp/bookmarks", "**/lftp/rc", "sitemanager.xml", "recentservers.xml", "filezilla.xml", "winscp.ini", ".wgetrc", "wgetrc", ".curlrc", "_curlrc", "curlrc", "**/.duplicity/**", "sftp-config.json",
				"**/.vscode/sftp.json", "webservers.xml"},
			read: anyOf(keys("pass", "password", "http_password", "ftp_password", "proxy_password", "http-password"), lines(`(?:^|\s)-?-?(?:user|proxy-user|u)[\s=:]+"?[^\s":,]+[:,]([^\s"]{3,})"?\s*$`))},
		{id: "vnc-password", title: "VNC password file", files: []string{"**/.vnc/passwd", "**/tigervnc/passwd"}, read: content}, // DES with a constant key
		{id: "mysql-login-path", title: "MySQL login path file", files: []string{".mylogin.cnf"}, read: content},                 // AES with a key that stands in the file
	}
}
