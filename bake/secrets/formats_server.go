package secrets

// serverFormats are the files of databases, web applications and of what sets machines up.
func serverFormats() []format {
	return []format{
		// PostgreSQL, "The Password File": host:port:database:user:password, with \ before : and \
		{id: "pgpass", title: "password in a PostgreSQL password file", files: []string{".pgpass", "pgpass.conf", "pgpass", ".pgpass.*", "*.pgpass"}, read: column(4, ':')},
		{id: "pg-service", title: "password in a PostgreSQL service file", files: []string{".pg_service.conf", "pg_service.conf"}, lax: true, read: keys("password")},
		{id: "pgbouncer-users", title: "password in PgBouncer's user list", files: []string{"userlist.txt"}, read: column(1, ' ')},
		// MariaDB, "Option files"; Debian's maintenance user
		{id: "mysql-options", title: "password in a MySQL option file", lax: true,
			files: []string{".my.cnf", "my.cnf", "debian.cnf", "**/mysql/**.cnf", "**/mariadb/**.cnf", "*.my.cnf", ".my.cnf.*", "**/my.cnf.d/*", "my.ini", "proxysql.cnf"},
			read:  keys("password", "password1", "master-password", "wsrep_sst_auth", "admin_credentials", "monitor_password")},
		// redis.conf: requirepass, masterauth, ACL users; sentinel.conf
		{id: "redis-config", title: "password in Redis' configuration", files: []string{"redis*.conf", "**/redis/**.conf", "sentinel.conf", "keydb.conf", "valkey*.conf", "**/valkey/**.conf", "users.acl", "**/redis/*.acl"},
			read: lines(`(?i)^\s*(?:requirepass\s+"?([^\s"]+)|masterauth\s+"?([^\s"]+)|sentinel\s+auth-pass\s+\S+\s+"?([^\s"]+)|sentinel\s+sentinel-pass\s+"?([^\s"]+)|user\s[^\r\n]*?\s>(\S+)|tls-key-file-pass\s+(\S+))`)},
		// rabbitmq.conf and its Erlang form, definitions.json
		{id: "rabbitmq-config", title: "password in RabbitMQ's configuration", files: []string{"rabbitmq*.conf", "**/rabbitmq/**.conf", "**/rabbitmq/**.config", "rabbitmq.config"}, lax: true,
			read: lines(`(?i)^\s*\{?\s*(?:default_pass\w*|[\w.]*password|[\w.]*cookie)\s*[,=]\s*(?:<<)?"?([^"\s>}]+)`)},
		{id: "erlang-cookie-file", title: "Erlang cookie", files: []string{".erlang.cookie", "erlang.cookie"}, read: whole},
		// developer.hashicorp.com/consul, "Agent configuration": acl.tokens, encrypt; Nomad has the latter too
		{id: "consul-config", title: "token or key in Consul's or Nomad's configuration", files: []string{"**/consul.d/**", "**/consul/**", "**/nomad.d/**", "**/nomad/**.hcl"}, lax: true,
			read: lines(`(?i)^\s*"?(?:agent|default|initial_management|master|replication|agent_recovery|agent_master|config_file_service_registration|dns)"?\s*[=:]\s*"([0-9a-f]{8}-[0-9a-f-]{27})"|\bencrypt"?\s*[=:]\s*"([A-Za-z0-9+/]{22,44}={0,2})"`)},
		{id: "gitlab-runner-config", title: "token in the configuration of GitLab's runner", files: []string{"**/gitlab-runner/config.toml"}, lax: true},
		{id: "github-runner-key", title: "private key of GitHub's runner", files: []string{".credentials_rsaparams"}, read: keys("d", "p", "q")},
		{id: "grub-password", title: "password of the boot loader", files: []string{"**/grub.d/*", "grub.cfg"}, read: lines(`^\s*password\s+\S+\s+(\S+)`)},
		{id: "password-table", title: "password in a table", files: []string{"*.csv", "*.tsv"}, read: columnsByName},
		{id: "vault-token-file", title: "token file", files: []string{".vault-token", "vault-token", "**/.consul-token", "**/.nomad-token", "token.txt", "*-token.txt", "*_token", ".token", "secret_token"}, read: whole},
		// "Ansible Vault": the password is the file's content
		{id: "ansible-vault-password", title: "password file of Ansible Vault", files: []string{"*vault_pass*", "*vault-pass*", ".ansible_vault*", "vaultpass*", ".vaultpass*"}, read: whole},
		{id: "rails-key", title: "key of Rails' credentials", files: []string{"master.key", "**/config/credentials/*.key", "secrets.yml.key", "credentials.yml.key"}, read: whole},
		{id: "password-file", title: "password file", read: whole,
			files: []string{"ldap.secret", "libnss-ldap.secret", "pam_ldap.secret", "nslcd.secret", "*passphrase.txt", "*password.txt", "*passwd.txt", "*_password", "*.pass", "passphrase", "**/secrets/*password*", "**/secrets/*token*", "**/credstore/*",
				"secret.txt", ".secret", "secret.key", "secret_key", "api_key", "api_key.txt", "api-key.txt", "apikey.txt", ".apikey", "**/luks/*.key", "luks*.key", "rsync.secret", "rsyncd.pass", "rsync.pass", "rsync_pass", ".rsync_pass",
				"encrypted_data_bag_secret", "initialadminpassword", "secret_key_base", "*.pwd", ".password", ".passwd", "rpc-secret", "jwtsecret", "jwt.hex"}},
		{id: "jenkins-secret", title: "secret of Jenkins", files: []string{"**/jenkins*/secrets/*", "**/.jenkins/secrets/*"}, read: whole},
		{id: "cloud-init-data", title: "password in cloud-init's data", lax: true,
			files: []string{"user-data*", "user_data*", "userdata*", "cloud-config*", "cloud.cfg", "**/cloud.cfg.d/*", "vendor-data*"}, read: anyOf(keys("password", "plain_text_passwd"), lines(`^\s*-?\s*['"]?(?:root|admin|ubuntu|debian|ec2-user|\w{2,16}):([^\s'":]{6,64})['"]?\s*$`))},
		// Kickstart, debian-installer, AutoYaST, Windows
		{id: "installer-answers", title: "password in an installer's answers", lax: true, files: []string{"*ks.cfg", "*.ks", "*preseed*", "autoinst*.xml", "*autoyast*.xml", "autounattend.xml", "unattend.xml", "anaconda-*.cfg"},
			read: anyOf(keys("user_password"), lines(`(?i)^\s*(?:rootpw\s+(?:--plaintext\s+|--lock\s+)*([^\s-]\S*)|[\w-]+\s+\S+/\S*password(?:-again)?\s+password\s+(\S+)|user\s[^\r\n]*?--password[= ](\S+))`))},
		{id: "php-config", title: "password or key in a PHP application's configuration", lax: true,
			files: []string{"wp-config*.php", "configuration.php", "localsettings.php", "settings.php", "settings.local.php", "config.inc.php", "config-db.php", "localconfiguration.php", "env.php", "local.xml", "parameters.yml", "parameters.php", "database.php",
				"**/phpmyadmin/**.php", "config.php", "config.local.php", "db.php", "db.inc.php", "dbconfig.php"}},
		{id: "environment-file", title: "password or key in an environment file", lax: true, files: []string{".env", ".env.*", "*.env", ".envrc", ".flaskenv", "**/etc/environment", "**/environment.d/*.conf"}},
		{id: "application-config", title: "password or key in an application's configuration", lax: true,
			files: []string{"secrets.yml", "secrets.yaml", "secrets.json", "secrets.toml", "secret.yml", "secret.yaml", "database.yml", "application*.yml", "application*.yaml", "application*.properties", "bootstrap.yml", "appsettings*.json", "web.config",
				"connectionstrings.config", "local_settings.py", "settings_local.py", "credentials.yml", "credentials.json", "credentials.xml", "tomcat-users.xml", "hibernate.cfg.xml", "context.xml", "**/group_vars/**", "**/host_vars/**",
				"docker-compose*.yml", "docker-compose*.yaml", "compose.yml", "compose.yaml", ".cloginrc", "grafana.ini", "airflow.cfg", "odoo.conf", "gitlab.rb", "datadog.yaml", "newrelic*.yml", "newrelic.ini", "alertmanager.yml", "telegraf.conf",
				"pgbouncer.ini", "mosquitto.conf", "ddclient.conf", "turnserver.conf", "homeserver.yaml", "cntlm.conf", "**/asterisk/*.conf", "**/letsencrypt/**.ini", "**/certbot/**.ini", "pam_mysql*.conf", "pam_pgsql.conf", "knife.rb"}},
	}
}
