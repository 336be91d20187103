package secrets

// A pattern finds secrets by what stands around them: command lines, headers, statements. Its words are looked for
// without regard to case; the expression starts at most back bytes before the word.
type pattern struct {
	id, title, why, fix string
	severity            Severity
	rank                rank
	words               []string
	back                int
	expr                string // the first group that takes part is the secret
	level               level  // how the value is judged where the place is not stricter
	valid               func(secret []byte) bool
	except              []string // names of files that others look at
	hash                bool     // the form says enough
	site                bool     // not in a distribution's tree
}

// commandPatterns are for what people type and scripts repeat: shell histories, cron lines, units, provisioning scripts.
func commandPatterns() []pattern {
	const why = "command lines with passwords stay in histories, scripts and logs, where everyone with the image can read them"
	const fix = "remove the line, change the password, and give it in a file or through standard input"
	// one argument of a shell command: quoted or bare
	const arg = `(?:'([^'\r\n]{3,128})'|"([^"\r\n]{3,128})"|([^\s'"<>|;&]{3,128}))`
	return []pattern{
		// mysql(1): -p takes its value without a blank
		{id: "mysql-command", title: "MySQL password in a command", words: []string{"mysql", "mariadb", "mysqladmin", "mycli", "xtrabackup"}, why: why, fix: fix,
			expr: `\b(?:mysql\w*|mariadb[\w-]*|mycli|xtrabackup)\b[^\r\n|;]{0,200}?\s(?:-p|--password=)` + arg, level: lax, valid: notOption},
		// curl(1), wget(1): user:password
		{id: "curl-command", title: "password in a curl command", words: []string{"curl "}, why: why, fix: fix,
			expr: `curl(?:[^\r\n|;]|\\\r?\n){0,400}?\s(?:-u|--user|--proxy-user|-U)[ \t=]*(?:'[^':\s]{0,64}:([^'\r\n]{3,128})'|"[^":\s]{0,64}:([^"\r\n]{3,128})"|[^\s:'"]{1,64}:([^\s'"|;&]{3,128})|[^\s:'"]{1,64}:['"]([^'"\r\n]{3,128})['"]|"([^":\s]{10,64}):")`, level: lax},
		{id: "sshpass-command", title: "password in a sshpass command", words: []string{"sshpass"}, why: why, fix: fix, expr: `sshpass\s+(?:-v\s+)?-p[ \t]*` + arg, level: lax},
		{id: "chpasswd-command", title: "password given to chpasswd or passwd", words: []string{"chpasswd", "passwd --stdin", "passwd -s"}, back: 200, why: why, fix: fix,
			expr: `(?:echo|printf)\s+(?:-e\s+|-n\s+)*(?:'(?:[^':\s]{1,32}:)?([^'\r\n]{3,128})'|"(?:[^":\s]{1,32}:)?([^"\r\n]{3,128})"|(?:[^\s:'"]{1,32}:)?([^\s'"|;&]{3,128}))\s*\|\s*(?:sudo\s+)?\S*(?:chpasswd|passwd)`, level: lax},
		{id: "login-command", title: "password in a log-in command", words: []string{"docker login", "podman login", "helm registry login", "oc login", "az login", "buildah login", "skopeo login", "cf login", "registry login", "smbclient "}, why: why, fix: fix,
			expr: `(?:(?:docker|podman|buildah|skopeo|registry|oc|az|cf)\s+login\b[^\r\n|;]{0,200}?\s(?:-p|--password)[ \t=]*` + arg + `)|smbclient\s[^\r\n|;]{0,120}-U\s*'?"?[^\s%'"]{1,64}%([^\s'"]{3,64})`, level: lax, valid: notOption},
		{id: "ldap-command", title: "LDAP password in a command", words: []string{"ldapsearch", "ldapadd", "ldapmodify", "ldapdelete", "ldapwhoami", "ldappasswd"}, why: why, fix: fix,
			expr: `ldap[a-z]+\s[^\r\n|;]{0,300}?\s-w\s*` + arg, level: lax, valid: notOption},
		{id: "redis-command", title: "Redis password in a command", words: []string{"redis-cli"}, why: why, fix: fix, expr: `redis-cli\b[^\r\n|;]{0,120}?\s-a\s+` + arg, level: lax},
		{id: "htpasswd-command", title: "password in a htpasswd command", words: []string{"htpasswd "}, why: why, fix: fix, expr: `htpasswd\s+-[a-zA-Z]*b[a-zA-Z]*\s+(?:-\w+\s+)*\S+\s+\S+\s+` + arg, level: lax},
		{id: "openssl-command", title: "passphrase in a command", words: []string{"pass:"}, why: why, fix: fix, expr: `pass:([^\s'"|;&]{4,128})`, level: normal},
		{id: "gpg-command", title: "passphrase in a command", words: []string{"--passphrase"}, why: why, fix: fix, expr: `--passphrase[ \t=]+` + arg, level: lax, valid: notOption},
		{id: "archive-command", title: "password of an archive in a command", words: []string{"7z ", "7za ", "zip ", "unzip ", "rar "}, why: why, fix: fix,
			expr: `(?:7za?\s+[a-z]\s[^\r\n|;]{0,120}?\s-p([^\s'"]{4,64})|zip\s[^\r\n|;]{0,120}?\s-P[ \t]*` + arg + `)`, level: normal, valid: notOption},
		{id: "sudo-command", title: "password given to sudo", words: []string{"sudo -s", "sudo -S", "sudo --stdin"}, back: 120, why: why, fix: fix,
			expr: `echo\s+(?:-e\s+|-n\s+)*` + arg + `\s*\|\s*sudo\s+(?:-S|--stdin)`, level: lax},
		{id: "cryptsetup-command", title: "passphrase given to cryptsetup", words: []string{"cryptsetup"}, back: 120, why: why, fix: fix,
			expr: `(?:echo|printf)\s+(?:-e\s+|-n\s+)*` + arg + `\s*\|\s*(?:sudo\s+)?\S*cryptsetup`, level: lax},
		{id: "mongo-command", title: "MongoDB password in a command", words: []string{"mongo ", "mongosh ", "mongodump", "mongorestore", "mongoimport", "mongoexport"}, why: why, fix: fix,
			expr: `mongo\w*\s[^\r\n|;]{0,200}?(?:-p|--password)[ \t=]+` + arg, level: lax, valid: notOption},
		{id: "openssl-password", title: "password in an openssl command", words: []string{"openssl passwd", "openssl enc", "openssl aes"}, why: why, fix: fix,
			expr: `openssl\s+(?:passwd\s+(?:-\w+\s+|-salt\s+\S+\s+)*([^\s'"<>|;&()$]{3,128})|(?:enc|aes\S*)\s[^\r\n|;]{0,200}?-k\s+` + arg + `)`, level: normal, valid: notOption},
		{id: "sqlplus-command", title: "Oracle password in a command", words: []string{"sqlplus ", "rman ", "expdp ", "impdp "}, why: why, fix: fix,
			expr: `(?:sqlplus|rman|expdp|impdp)\s+(?:-\w+\s+|target\s+)*[\w$#]{1,30}/([^\s/@"'$]{3,64})(?:@|\s|$)`, level: lax},
		{id: "wifi-command", title: "password of a network in a command", words: []string{"nmcli "}, why: why, fix: fix,
			expr: `nmcli\s[^\r\n|;]{0,200}?(?:password|wifi-sec\.psk)[ \t]+` + arg, level: lax},
		{id: "aws-command", title: "AWS secret in a command", words: []string{"aws configure set"}, why: why, fix: fix, expr: `aws configure set\s+(?:--profile\s+\S+\s+)?aws_(?:secret_access_key|session_token)[ \t]+` + arg, level: lax},
		{id: "expect-script", title: "password that a script types in", words: []string{"assword"}, why: why, fix: "remove the script, change the password, and log in by key",
			expr: `assword[:?]?\s*\*?["'}]\s*\{?\s*;?\s*(?:exp_)?send(?:line)?\s+(?:--\s+)?["']([^"'\r\n\\$]{3,64})(?:\\[rn])?["']`, level: lax},
		{id: "php-connect", title: "password in program text", words: []string{"new pdo(", "new mysqli(", "mysqli_connect(", "mysql_connect("}, why: "whoever starts a machine from the image can read it", fix: "move it to a file that is written at first boot, and change it",
			expr: `(?:new\s+(?:pdo|mysqli)|mysqli?_connect)\(\s*(?:'[^'\r\n]*'|"[^"\r\n]*")\s*,\s*(?:'[^'\r\n]*'|"[^"\r\n]*")\s*,\s*(?:'([^'\r\n]{3,128})'|"([^"\r\n]{3,128})")`, level: normal},
		// github.com/go-sql-driver/mysql, "DSN"
		{id: "database-address", title: "password in a database's address", words: []string{"@tcp(", "@unix("}, back: 120, why: "whoever starts a machine from the image can read it", fix: "move it to a file that is written at first boot, and change it",
			expr: `[\w.-]{1,64}:([^\s:/"'@<>{}$]{3,100})@(?:tcp|unix)\(`, level: normal},
		{id: "powershell-secret", title: "password in a PowerShell script", words: []string{"convertto-securestring"}, why: "whoever starts a machine from the image can read it", fix: "remove it, and change the password",
			expr: `convertto-securestring\s+(?:-string\s+)?["']([^"'$\r\n]{3,128})["']`, level: normal},
		// Dovecot, "Password schemes"; OpenLDAP has the same names
		{id: "plain-scheme", title: "password in clear in a table of users", words: []string{"{plain}", "{cleartext}", "{clear}"}, why: "whoever starts a machine from the image can read it", fix: "store a hash, and change the password",
			expr: `\{(?:plain|cleartext|clear)\}([^\s:"'<>{}]{3,128})`, level: lax},
		{id: "sonar-login", title: "SonarQube token", words: []string{"sonar.login"}, why: "whoever starts a machine from the image can read it", fix: "revoke it, and give it in the environment of the build", expr: `sonar\.login\s*[=:]\s*([\w-]{20,64})`, level: normal},
		// cmdkey and net use take it last; psexec with -p
		{id: "windows-command", title: "password in a Windows command", words: []string{"net use ", "/pass:", "psexec"}, why: why, fix: fix,
			expr: `net use\s[^\r\n]{0,120}?\s/user:\S+\s+` + arg + `|/pass:([^\s"']{4,64})|psexec\S*\s[^\r\n]{0,120}?\s-p\s+` + arg, level: normal, valid: notOption},
		// SQL: CREATE USER … IDENTIFIED BY, CREATE ROLE … PASSWORD
		{id: "sql-password", title: "password in an SQL statement", words: []string{"identified by", "identified with", "password '", "password('", "password = '", "password='"}, back: 120, why: why, fix: "remove the statement, and change the password",
			expr: `identified\s+(?:with\s+\S+\s+)?by\s+(?:password\s+)?'([^'\r\n]{3,128})'|(?:role|user|with|encrypted|set)\s[^;'"\r\n]{0,100}?password\s*=?\s*\(?\s*'([^'\r\n]{3,128})'`, level: lax},
		// RFC 7617, RFC 6750, and the headers that services make up
		{id: "authorization-header", title: "credentials in an HTTP header", words: []string{"authorization", "x-api-key", "x-auth-token", "private-token", "x-vault-token", "x-access-token", "api-key:"}, why: why, fix: "remove the line, and revoke the token",
			expr:  `(?:authorization["']?(?:\s*[:=,]|\s["'])\s*(?:f?["'])?\s*(?:[a-z-]{3,16}\s+)?([\w+/~.=:-]{12,})|(?:x-api-key|x-auth-token|private-token|x-vault-token|x-access-token|api-key)["']?\s*[:,]\s*["']?([\w+/~.=-]{12,}))`,
			level: normal, rank: rankNamed, valid: headerSecret},
		// crypt(5): yescrypt, gost-yescrypt, bcrypt, SHA-2, scrypt, MD5
		{id: "crypt-hash", title: "password hash", severity: Low, words: []string{"$6$", "$5$", "$y$", "$gy$", "$2a$", "$2b$", "$2y$", "$7$", "$1$", "$apr1$"},
			why: "hashes of passwords that people choose are broken within hours", fix: "remove it, lock the account, or set the password at first boot",
			expr: `(\$[56]\$(?:rounds=\d+\$)?[./\w]{1,16}\$[./\w]{43,86}|\$g?y\$[./\w]+\$[./\w]{1,86}\$[./\w]{43}|\$2[aby]\$\d\d\$[./\w]{53}|\$7\$[./\w]{11,97}\$[./\w]{43}|\$(?:1|apr1)\$[./\w]{1,8}\$[./\w]{22})(?:[^./\w]|$)`, level: strict, rank: rankNamed, site: true, hash: true,
			except: []string{"shadow", "shadow-", "gshadow", "gshadow-", "opasswd"}}, // the audit of accounts judges these
	}
}

// notOption: what follows is a value, not the next switch.
func notOption(v []byte) bool { return v[0] != '-' && v[0] != '=' }
