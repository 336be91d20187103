package secrets

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// friends look like secrets and are none. Each stands where a secret could stand.
func friends(t testing.TB, d draw) []plant {
	etc := pick(d, "/etc/app.conf", "/opt/app/config.ini", "/srv/app/settings.yml", "/root/notes.txt")
	edPublic, edKey, _ := ed25519.GenerateKey(cryptoRand)
	template := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "x.test"}, NotAfter: time.Unix(2e9, 0)}
	certificate, err := x509.CreateCertificate(cryptoRand, template, template, edPublic, edKey)
	if err != nil {
		t.Fatal(err)
	}
	publicDER, _ := x509.MarshalPKIXPublicKey(edPublic)
	sshPublic, _ := ssh.NewPublicKey(edPublic)
	crt := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}))
	pub := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: publicDER}))
	var out []plant
	add := func(name, path, content string) {
		out = append(out, plant{name: name, path: path, content: []byte(content)})
	}

	// What documentation prints.
	add("AWS's example key", "/root/.aws/credentials", "[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n")
	add("AWS's second example", etc, "key=AKIAI44QH8DHBEXAMPLE\n")
	add("counted token", etc, "token=ghp_1234567890abcdefghijklmnopqrstuvwxyz\n")
	add("masked token", etc, "token=ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\nslack=xoxb-XXXXXXXXXXXX-XXXXXXXXXXXX-XXXXXXXXXXXXXXXXXXXXXXXX\n")
	add("starred token", etc, "stripe: sk_live_************************\nother: glpat-...\n")
	add("sample of jwt.io", etc, "Authorization: Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ."+d.url64(43)+"\n")
	for _, v := range []string{"changeme", "change-me", "CHANGE_ME", "<password>", "<your password here>", "${DB_PASSWORD}", "$DB_PASSWORD", "{{ db_password }}", "{{db_password}}", "%(db_password)s", "@DB_PASSWORD@",
		"xxxxxxxx", "********", "YOUR_PASSWORD", "your-password-here", "password", "secret", "<%= ENV['PW'] %>", "$(cat /run/secrets/db)", "`pass show db`", "null", "none", "REDACTED", "[redacted]", "example", "TODO", "%DB_PASSWORD%",
		"__DB_PASSWORD__", "{password}", "ENC[AES256_GCM,data:abc,iv:x]", "vault:secret/data/db#password", "/run/secrets/db_password", "file:///etc/x", "arn:aws:secretsmanager:eu-central-1:1:secret:db", "op://vault/db/password", "placeholder", "dummy", "true", "REPLACE_ME", "insert_password_here", "••••••••"} {
		for _, form := range []string{"db_password = %s\n", "DB_PASSWORD=%s\n", "password: \"%s\"\n", "api_key: %s\n", "secret_token = '%s'\n"} {
			add("placeholder "+v, pick(d, etc, "/srv/app/.env", "/root/.my.cnf", "/srv/app/config/database.yml", "/etc/systemd/system/x.service"), fmt.Sprintf(form, v))
		}
	}

	// What is public.
	add("certificate", "/etc/ssl/certs/x.pem", crt)
	add("public key", "/etc/ssl/x.pub", pub)
	add("certificate in JSON", etc, `{"ca":"`+strings.ReplaceAll(crt, "\n", `\n`)+`"}`)
	add("certificate in base64", "/etc/x.yaml", "certificate-authority-data: "+base64.StdEncoding.EncodeToString([]byte(crt))+"\n")
	add("certificate in DER", "/etc/ssl/x.der", string(certificate))
	add("authorized_keys", "/root/.ssh/authorized_keys", string(ssh.MarshalAuthorizedKey(sshPublic))+"ssh-rsa "+d.base64(279)+" bob@host\n")
	add("known_hosts", "/root/.ssh/known_hosts", "|1|"+d.base64(20)+"|"+d.base64(20)+" ssh-ed25519 "+d.base64(51)+"\n")
	add("fingerprints", etc, "SHA256:"+d.base64(32)[:43]+" root@x (ED25519)\nKey fingerprint = "+strings.ToUpper(d.hex(40))+"\n")
	add("PGP public block", "/etc/apt/trusted.gpg.d/x.asc", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n"+wrap(d.base64(900), 64)+"=abcd\n-----END PGP PUBLIC KEY BLOCK-----\n")
	add("git signing key", "/root/.gitconfig", "[user]\n\tsigningkey = "+strings.ToUpper(d.hex(16))+"\n[commit]\n\tgpgsign = true\n")
	add("age public key", etc, "recipient: age1"+d.from("qpzry9x8gf2tvdw0s3jn54khce6mua7l", 58)+"\n")
	add("WireGuard public key", "/etc/wireguard/wg0.conf", "[Peer]\nPublicKey = "+wgKey(d)+"\nEndpoint = 10.0.0.1:51820\n")
	add("URLs", etc, "a=https://host.test:8443/path@v2\nb=ssh://git@git.corp.test/x.git\nc=http://user@host/\nd=postgres://db:5432/app\ne=https://web.test/a:b@c\n")
	add("URL of documentation", etc, "# proxy = http://user:password@proxy.example.com:3128/\n# url: https://username:password@host/\n")
	add("URL with variables", etc, "url=https://${USER}:${TOKEN}@git.corp.test/x\nurl2=https://$USER:$PASS@git.corp.test/x\nurl3=http://{user}:{password}@x/\n")

	// Digests and identities.
	add("package-lock.json", "/srv/app/package-lock.json", `{"packages":{"node_modules/token-types":{"version":"4.2.1","resolved":"https://npm.example/token-types/-/token-types-4.2.1.tgz","integrity":"sha512-`+d.base64(64)+`"}}}`)
	add("yarn.lock", "/srv/app/yarn.lock", "jsonwebtoken@^9.0.0:\n  version \"9.0.2\"\n  resolved \"https://npm.example/jsonwebtoken/-/jsonwebtoken-9.0.2.tgz#"+d.hex(40)+"\"\n  integrity sha512-"+d.base64(64)+"\n")
	add("go.sum", "/srv/app/go.sum", "github.com/x/secret v1.0.0 h1:"+d.base64(32)+"\ngithub.com/x/token v1.0.0/go.mod h1:"+d.base64(32)+"\n")
	add("Cargo.lock", "/srv/app/Cargo.lock", "[[package]]\nname = \"secrecy\"\nversion = \"0.8.0\"\nchecksum = \""+d.hex(64)+"\"\n")
	add("composer.lock", "/srv/app/composer.lock", `{"packages":[{"name":"x/y","source":{"type":"git","reference":"`+d.hex(40)+`"},"dist":{"shasum":"`+d.hex(40)+`"}}],"content-hash":"`+d.hex(32)+`"}`)
	add("poetry.lock", "/srv/app/poetry.lock", "[[package]]\nname = \"keyring\"\nfiles = [\n    {file = \"keyring-24.3.0.whl\", hash = \"sha256:"+d.hex(64)+"\"},\n]\n")
	add("requirements", "/srv/app/requirements.txt", "keyring==24.3.0 \\\n    --hash=sha256:"+d.hex(64)+" \\\n    --hash=sha256:"+d.hex(64)+"\n")
	add("sha256sums", "/srv/SHA256SUMS", d.hex(64)+"  secret.tar.gz\n"+d.hex(64)+" *token.zip\n")
	add("md5sums", "/var/lib/dpkg/info/passwd.md5sums", d.hex(32)+"  usr/bin/passwd\n"+d.hex(32)+"  usr/share/doc/passwd/copyright\n")
	add("git objects", "/srv/app/.git/packed-refs", d.hex(40)+" refs/heads/secret-rotation\n"+d.hex(40)+" refs/tags/token-v1\n")
	add("git log", etc, "commit "+d.hex(40)+"\nMerge: "+d.hex(7)+" "+d.hex(7)+"\n\n    Rotate the API key\n")
	add("UUIDs", "/etc/fstab", "UUID="+d.uuid()+" / ext4 defaults 0 1\nPARTUUID="+d.uuid()+" /boot ext4 defaults 0 2\n")
	add("ids", etc, "instance_id: "+d.uuid()+"\nrequest-id: "+d.uuid()+"\nclient_id = "+d.uuid()+"\ntenant_id="+d.uuid()+"\n")
	add("machine id", "/etc/machine-id", d.hex(32)+"\n")
	add("image digests", etc, "image: nginx@sha256:"+d.hex(64)+"\nimageID: sha256:"+d.hex(64)+"\n")
	add("etag", etc, "ETag: \""+d.hex(32)+"\"\nLast-Modified: x\nx-amz-request-id: "+d.upper(16)+"\n")
	add("data URL", "/srv/www/index.html", "<img src=\"data:image/png;base64,iVBORw0KGgo"+d.base64(900)+"\">\n")
	add("subresource integrity", "/srv/www/x.html", "<script src=\"a.js\" integrity=\"sha384-"+d.base64(48)+"\" crossorigin=\"anonymous\"></script>\n")
	add("random bytes", "/opt/app/blob", string(d.noise(300_000)))
	add("random base64", "/opt/app/blob.b64", wrap(base64.StdEncoding.EncodeToString(d.bytes(100_000)), 76))
	add("random hex", "/opt/app/blob.hex", wrap(d.hex(100_000), 64))

	// Headers of keys without keys.
	add("header in a program", "/opt/app/ssl.c", "static const char begin[] = \"-----BEGIN RSA PRIVATE KEY-----\";\nstatic const char end[] = \"-----END RSA PRIVATE KEY-----\";\n")
	add("header in a binary", "/opt/app/ssl.so", "\x7fELF\x00\x00-----BEGIN PRIVATE KEY-----\x00-----END PRIVATE KEY-----\x00-----BEGIN OPENSSH PRIVATE KEY-----\n\x00PuTTY-User-Key-File-2: \x00")
	add("header in a manual", "/opt/app/README.md", "The file looks like this:\n\n-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA...\n-----END RSA PRIVATE KEY-----\n")
	add("header in code", "/opt/app/x.py", "if not pem.startswith('-----BEGIN PRIVATE KEY-----'):\n    raise ValueError('no key')\nkey = f\"-----BEGIN PRIVATE KEY-----\\n{body}\\n-----END PRIVATE KEY-----\"\n")
	add("masked key", etc, "-----BEGIN RSA PRIVATE KEY-----\n"+strings.Repeat(strings.Repeat("x", 64)+"\n", 20)+"-----END RSA PRIVATE KEY-----\n")

	// Names without secrets.
	add("PAM", "/etc/pam.d/common-password", "password\trequisite\t\t\tpam_pwquality.so retry=3\npassword\t[success=1 default=ignore]\tpam_unix.so obscure use_authtok try_first_pass yescrypt\n")
	add("nsswitch", "/etc/nsswitch.conf", "passwd:         files systemd\nshadow:         files\n")
	add("login.defs", "/etc/login.defs", "PASS_MAX_DAYS\t99999\nPASS_MIN_DAYS\t0\nENCRYPT_METHOD YESCRYPT\n")
	add("sshd_config", "/etc/ssh/sshd_config", "PasswordAuthentication no\nPermitRootLogin prohibit-password\n#HostKey /etc/ssh/ssh_host_rsa_key\nKbdInteractiveAuthentication no\n")
	add("accounts", "/etc/passwd", "root:x:0:0:root:/root:/bin/bash\nsystemd-network:x:998:998:systemd Network Management:/:/usr/sbin/nologin\n")
	add("shadow", "/etc/shadow", "root:$6$"+d.alnum(16)+"$"+d.alnum(86)+":19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\n")
	add("settings about secrets", etc, "password_file = /run/secrets/db\npassword_min_length = 12\ntoken_url = https://sso.corp.test/oauth/token\ntoken_type = bearer\nauth_token_lifetime = 3600\napi_key_header = X-Api-Key\nsecret_name = my-app-tls\nkey_file=/etc/ssl/private/x.key\npassword_policy: strong-passwords-only\nsecretRef: db-credentials\n")
	add("Kubernetes references", "/srv/deploy.yaml", "env:\n- name: DB_PASSWORD\n  valueFrom:\n    secretKeyRef:\n      name: db-credentials\n      key: password\nvolumes:\n- name: tls\n  secret:\n    secretName: my-app-tls\nserviceAccountToken:\n  path: token\n  audience: vault\n")
	add("Terraform references", "/srv/tf/main.tf", "password = var.db_password\ntoken    = data.aws_eks_cluster_auth.main.token\nsecret_key = random_password.db.result\nmaster_password = local.password\n")
	add("Ansible", "/etc/ansible/group_vars/all.yml", "mysql_password: \"{{ vault_mysql_password }}\"\ndb_password: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  "+strings.ReplaceAll(strings.TrimSpace(wrap(d.hex(400), 80)), "\n", "\n  ")+"\n")
	add("Python", "/opt/app/x.py", "PASSWORD = os.environ[\"DB_PASSWORD\"]\nparser.add_argument('--password', help='the password to use')\ntoken = request.headers.get('X-Auth-Token')\nsecret_key: str = Field(..., description='signing key')\npassword = getpass.getpass('Password: ')\nself.token = token\n")
	add("JavaScript", "/srv/www/app.min.js", "function a(e){e.password=\"\",t.token=n.token,this.secret=r(\"secret\");var apiKey=window.CONFIG.apiKey;return{password:e.password,type:\"password\",label:\"Password\"}}")
	add("C", "/opt/src/x.c", "char *password = getenv(\"PGPASSWORD\");\nif (strcmp(token, \"expected-token\") == 0)\n  error(\"bad password: %s\", password);\n")
	add("Go", "/opt/src/x.go", "type Config struct {\n\tPassword string `json:\"password\" yaml:\"password\"`\n\tAPIKey   string `env:\"API_KEY\"`\n}\nconst tokenHeader = \"X-Api-Token\"\n")
	add("shell", "/usr/local/bin/x", "#!/bin/bash\nread -rsp 'Password: ' PASSWORD\nTOKEN=$(curl -s http://x/token)\nexport API_KEY=\"${API_KEY:-}\"\ncurl -u \"$USER:$PASSWORD\" https://x\nmysql -p\"$PASSWORD\" x\nmysql -u root -p mydb\nsshpass -p \"$PASS\" ssh x\n")
	add("SQL schema", "/srv/schema.sql", "CREATE TABLE users (\n  password varchar(255) NOT NULL,\n  token char(64),\n  secret_key text DEFAULT NULL\n);\nCREATE USER app IDENTIFIED BY '<password>';\n")
	add("HTML form", "/srv/www/login.html", "<label for=\"password\">Password</label><input type=\"password\" name=\"password\" id=\"password\" placeholder=\"Enter your password\" autocomplete=\"current-password\">\n")
	add("translations", "/srv/www/de.json", `{"password":"Passwort","forgotPassword":"Passwort vergessen?","newPassword":"Neues Passwort","token":"Zugangsschlüssel","enterSecret":"Bitte geben Sie das Geheimnis ein"}`)
	add("gettext", "/opt/app/de.po", "msgid \"Password:\"\nmsgstr \"Passwort:\"\n\nmsgid \"password\"\nmsgstr \"Kennwort\"\n")
	add("schema", "/srv/schema.json", `{"properties":{"password":{"type":"string","minLength":8},"token":{"$ref":"#/definitions/token"}},"required":["password"]}`)
	add("comments of a default configuration", "/etc/redis/redis.conf", "# requirepass foobared\n# masterauth <master-password>\n# user worker +@list ~jobs:* on >ffa9203c493aa99\nbind 127.0.0.1\n")
	add("wp-config-sample", "/var/www/html/wp-config-sample.php", "<?php\ndefine( 'DB_PASSWORD', 'password_here' );\ndefine( 'AUTH_KEY', 'put your unique phrase here' );\n")
	add("npmrc with a variable", "/srv/app/.npmrc", "//registry.npmjs.org/:_authToken=${NPM_TOKEN}\n")
	add("netrc without a password", "/root/.netrc", "machine x.test login bob\n")
	add("empty values", "/root/.my.cnf", "[client]\nuser=root\npassword=\npassword = ''\n[mysqld]\nport=3306\n")
	add("cloud-init defaults", "/etc/cloud/cloud.cfg", "users:\n  - default\ndisable_root: true\nsystem_info:\n  default_user:\n    name: debian\n    lock_passwd: True\nssh_pwauth: false\nchpasswd: { expire: False }\n")
	add("units", "/etc/systemd/system/x.service", "[Service]\nLoadCredential=password:/etc/credstore/db\nEnvironmentFile=/etc/default/x\nEnvironment=TOKEN_FILE=/run/token SECRET_PATH=/run/s\nExecStart=/bin/x --password-file=/run/p --token-path /run/t\n")
	add("expressions of a scanner", "/opt/app/rules.toml", "regex = '''(?i)password\\s*[:=]\\s*['\"]?([A-Za-z0-9/+]{8,40})['\"]?'''\nkeywords = [\"secret\", \"api_key\", \"akia\"]\nregex2 = '''ghp_[0-9a-zA-Z]{36}'''\n")
	add("CSS and SVG", "/srv/www/x.css", ".password-input::placeholder{color:#a1b2c3}.token-list{background:url(a.svg#"+d.hex(8)+")}\npath{d:path(\"M10 10L90 90\")}\n")
	add("logs", "/var/log/auth.log", "sshd[1]: Accepted publickey for root from 10.0.0.1 port 5 ssh2: ED25519 SHA256:"+d.base64(32)[:43]+"\nsshd[1]: Failed password for invalid user admin from 10.0.0.2 port 41234 ssh2\npam_unix(sudo:auth): conversation failed; password=NULL\n")
	add("signature of a URL's scope", etc, "X-Amz-Credential=AKIA"+d.base32(16)+"%2F20260101%2Feu-central-1%2Fs3%2Faws4_request\n")
	add("prose", "/root/notes.txt", "The password is in the safe. Ask for the token: it expires daily. Your secret key: keep it. API key rotation happens monthly.\npassword: see the wiki\ntoken - not needed\n")
	add("encrypted by sops", "/srv/app/x.enc.yaml", "password: ENC[AES256_GCM,data:"+d.base64(16)+",iv:"+d.base64(32)+",tag:"+d.base64(16)+",type:str]\n")
	add("key of a published test", "/usr/lib/python3/dist-packages/lib/tests/certs/server.key", d.pem("RSA PRIVATE KEY", 1190))
	add("password of a published test", "/usr/lib/python3/dist-packages/lib/test_login.py", "client.login('bob', password='"+d.tool()+"')\n")
	add("command in a manual", "/usr/share/man/man1/x.1", ".TP\n.B curl -u bob:"+d.password()+" https://x\n.PP\nmysql -u root -p"+d.password()+"\n")
	return out
}

func TestFalseFriends(t *testing.T) {
	s := newTestScanner(t)
	n := 0
	for _, seed := range seeds {
		for _, p := range friends(t, newDraw(seed)) {
			n++
			hits, err := s.Scan(p.path, bytes.NewReader(p.content), int64(len(p.content)))
			if err != nil || len(hits) > 0 {
				t.Errorf("seed %d: %s (%s): %s %v\n%s", seed, p.name, p.path, describe(hits), err, excerpt(p.content))
			}
		}
	}
	t.Logf("%d false friends", n)
}
