package corpus

// users are what people left in their homes.
func users() []Item {
	return all(Removed, `
		~/.bash_history ~/.zsh_history ~/.sh_history ~/.ash_history ~/.ksh_history ~/.history ~/.histfile ~/.python_history ~/.node_repl_history
		~/.mysql_history ~/.psql_history ~/.sqlite_history ~/.rediscli_history ~/.irb_history ~/.pry_history ~/.dbshell ~/.mongo_history ~/.mongosh_history ~/.lesshst ~/.viminfo ~/.wget-hsts
		~/.local/share/fish/fish_history ~/.config/fish/fish_history ~/.php_history ~/.scala_history ~/.gdb_history ~/.tclsh_history ~/.bash_history-01234.tmp ~/.local/state/nvim/shada/main.shada
		~/.local/share/nano/search_history ~/.Rhistory ~/.octave_hist ~/.duckdb_history ~/.mariadb_history ~/.influx_history ~/.cassandra/cqlsh_history ~/.vim/.netrwhist ~/.zhistory
		~/.local/state/bash/history ~/.local/share/powershell/PSReadLine/ConsoleHost_history.txt ~/.ipython/profile_default/history.sqlite ~/.python_history-1234.tmp ~/.local/share/mc/history
		~/.ssh/authorized_keys ~/.ssh/authorized_keys2 ~/.ssh/id_rsa ~/.ssh/id_rsa.pub ~/.ssh/id_ed25519 ~/.ssh/id_ecdsa_sk ~/.ssh/known_hosts ~/.ssh/known_hosts.old ~/.ssh/identity ~/.ssh/deploy.pem
		~/.aws/credentials ~/.aws/config ~/.aws/sso/cache/abc.json ~/.boto ~/.s3cfg ~/.passwd-s3fs ~/.azure/accessTokens.json ~/.azure/msal_token_cache.json ~/.config/gcloud/credentials.db
		~/.config/gcloud/application_default_credentials.json ~/.config/gh/hosts.yml ~/.docker/config.json ~/.config/containers/auth.json ~/.kube/config ~/.kube/cache/x ~/.netrc ~/.git-credentials
		~/.config/git/credentials ~/.npmrc ~/.pypirc ~/.vault-token ~/.terraform.d/credentials.tfrc.json ~/.cargo/credentials ~/.cargo/credentials.toml ~/.gem/credentials ~/.composer/auth.json
		~/.config/composer/auth.json ~/.pgpass ~/.my.cnf ~/.mylogin.cnf ~/.subversion/auth/svn.simple/abc ~/.config/rclone/rclone.conf ~/.m2/settings-security.xml ~/.config/helm/registry/config.json
		~/.config/doctl/config.yaml ~/.config/hcloud/cli.toml ~/.oci/config ~/.aliyun/config.json ~/.databrickscfg ~/.config/openstack/clouds.yaml ~/.gnupg/private-keys-v1.d/ABC.key ~/.gnupg/secring.gpg
		~/.config/sops/age/keys.txt ~/.kaggle/kaggle.json ~/.huggingface/token ~/.cache/huggingface/token ~/.local/share/keyrings/login.keyring ~/.Xauthority ~/.ICEauthority ~/.xsession-errors
		~/.mozilla/firefox/x.default/cookies.sqlite ~/.mozilla/firefox/x.default/logins.json ~/.config/google-chrome/Default/Cookies ~/.config/chromium/Default/Login%20Data ~/.ansible/tmp/x/AnsiballZ_setup.py
		~/.config/configstore/firebase-tools.json ~/.pulumi/credentials.json ~/.erlang.cookie ~/.rnd ~/.config/filezilla/sitemanager.xml ~/.local/share/recently-used.xbel ~/.cache/thumbnails/large/a.png
		/data/home/linked/.bash_history /data/home/linked/.ssh/authorized_keys /etc/skel/.bash_history /etc/skel/.ssh/id_rsa
	`)
}
