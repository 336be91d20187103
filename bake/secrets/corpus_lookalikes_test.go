package secrets

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
)

// lookalikes are false friends as they lie about on real systems, none of which is a secret.
func lookalikes(d draw) []plant {
	var out []plant
	etc := "/etc/" + d.lower(5) + ".conf"
	add := func(name, path, content string) {
		out = append(out, plant{name: name, path: path, content: []byte(content)})
	}
	sri := func() string { return "sha512-" + d.base64(64) }

	// Locks and sums of languages and systems.
	add("pnpm", "/srv/app/pnpm-lock.yaml", "packages:\n  /token-types@4.2.1:\n    resolution: {integrity: "+sri()+"}\n  /password-prompt@1.1.3:\n    resolution: {integrity: "+sri()+"}\n")
	add("npm with names of secrets", "/srv/app/package-lock.json", `{"node_modules/secret-stack":{"version":"6.4.1","integrity":"`+sri()+`"},"node_modules/keytar":{"integrity":"`+sri()+`"},"node_modules/jwt-decode":{"resolved":"https://r.x.test/jwt-decode/-/jwt-decode-3.1.2.tgz","integrity":"`+sri()+`"}}`)
	add("bun", "/srv/app/bun.lock", `{"packages":{"passport-jwt":["passport-jwt@4.0.1","",{},"`+sri()+`"]}}`)
	add("deno", "/srv/app/deno.lock", `{"remote":{"https://deno.land/std/token.ts":"`+d.hex(64)+`"}}`)
	add("uv", "/srv/app/uv.lock", "[[package]]\nname = \"secretstorage\"\nversion = \"3.3.3\"\nsdist = { url = \"https://f.x.test/packages/"+d.hex(2)+"/"+d.hex(60)+"/SecretStorage-3.3.3.tar.gz\", hash = \"sha256:"+d.hex(64)+"\", size = 19739 }\n")
	add("Pipfile.lock", "/srv/app/Pipfile.lock", `{"_meta":{"hash":{"sha256":"`+d.hex(64)+`"}},"default":{"pyjwt":{"hashes":["sha256:`+d.hex(64)+`"],"version":"==2.8.0"}}}`)
	add("Gemfile.lock", "/srv/app/Gemfile.lock", "GEM\n  specs:\n    jwt (2.7.1)\n    password_strength (1.1.4)\nCHECKSUMS\n  jwt (2.7.1) sha256="+d.hex(64)+"\n")
	add("mix.lock", "/srv/app/mix.lock", `%{"joken": {:hex, :joken, "2.6.0", "`+d.hex(64)+`", [:mix], [], "hexpm", "`+d.hex(64)+`"}}`)
	add("pubspec", "/srv/app/pubspec.lock", "  flutter_secure_storage:\n    description:\n      name: flutter_secure_storage\n      sha256: \""+d.hex(64)+"\"\n    version: \"9.0.0\"\n")
	add("flake.lock", "/srv/app/flake.lock", `{"nodes":{"agenix":{"locked":{"narHash":"sha256-`+d.base64(32)+`","rev":"`+d.hex(40)+`"}}}}`)
	add("terraform lock", "/srv/tf/.terraform.lock.hcl", "provider \"registry.terraform.io/hashicorp/vault\" {\n  version = \"3.0.0\"\n  hashes = [\n    \"h1:"+d.base64(32)+"\",\n    \"zh:"+d.hex(64)+"\",\n  ]\n}\n")
	add("helm", "/srv/Chart.lock", "dependencies:\n- name: vault\n  version: 0.1.0\ndigest: sha256:"+d.hex(64)+"\n")
	add("go.sum of secret packages", "/srv/app/go.sum", "github.com/zalando/go-keyring v0.2.3 h1:"+d.base64(32)+"\ngithub.com/golang-jwt/jwt/v5 v5.0.0/go.mod h1:"+d.base64(32)+"\n")
	add("gradle verification", "/srv/app/gradle/verification-metadata.xml", "<component group=\"x\" name=\"token\" version=\"1\"><artifact name=\"token.jar\"><sha256 value=\""+d.hex(64)+"\"/></artifact></component>")
	add("Debian sources", "/var/lib/apt/lists/x_Packages", "Package: libsecret-1-0\nFilename: pool/main/libs/libsecret/x.deb\nMD5sum: "+d.hex(32)+"\nSHA256: "+d.hex(64)+"\n")
	add("dpkg status", "/var/lib/dpkg/status", "Package: passwd\nStatus: install ok installed\nConffiles:\n /etc/default/useradd "+d.hex(32)+"\n /etc/pam.d/passwd "+d.hex(32)+"\n")
	add("AIDE", "/var/lib/aide/aide.db", "/etc/shadow 0 33188 "+d.base64(32)+" "+d.base64(64)+"\n")
	add("mtree", "/etc/mtree/x", "/etc/passwd type=file sha256digest="+d.hex(64)+"\n")

	// Identities and public halves.
	add("sshd's log", "/var/log/auth.log", "sshd[9]: Accepted key RSA SHA256:"+d.base64(32)[:43]+" found at /root/.ssh/authorized_keys:1\nsshd[9]: Postponed publickey for root\n")
	add("SSH certificate", "/etc/ssh/ssh_host_ed25519_key-cert.pub", "ssh-ed25519-cert-v01@openssh.com "+d.base64(400)+" host\n")
	add("allowed signers", "/root/.config/git/allowed_signers", "bob@x.test ssh-ed25519 "+d.base64(51)+"\n")
	add("DNSKEY", "/etc/bind/Kx.+013+1.key", "x.test. IN DNSKEY 257 3 13 "+d.base64(64)+"\n")
	add("DS and DKIM", "/etc/bind/x.zone", "x.test. IN DS 1 13 2 "+strings.ToUpper(d.hex(64))+"\nmail._domainkey IN TXT \"v=DKIM1; k=rsa; p="+d.base64(294)+"\"\n")
	add("trust anchor", "/usr/share/dns/root.key", ". IN DNSKEY 257 3 8 "+d.base64(256)+"\n")
	add("cosign public key", "/srv/cosign.pub", "-----BEGIN PUBLIC KEY-----\n"+wrap(d.base64(91), 64)+"-----END PUBLIC KEY-----\n")
	add("JWKS", "/srv/jwks.json", `{"keys":[{"kty":"RSA","kid":"`+d.hex(40)+`","use":"sig","n":"`+d.url64(342)+`","e":"AQAB"},{"kty":"EC","crv":"P-256","x":"`+d.url64(43)+`","y":"`+d.url64(43)+`"}]}`)
	add("minisign public key", "/root/minisign.pub", "untrusted comment: minisign public key "+strings.ToUpper(d.hex(16))+"\nRW"+d.base64(40)+"\n")
	add("signature", "/srv/x.asc", "-----BEGIN PGP SIGNATURE-----\n\n"+wrap(d.base64(500), 64)+"=ab12\n-----END PGP SIGNATURE-----\n")
	add("certificate request", "/srv/x.csr", "-----BEGIN CERTIFICATE REQUEST-----\n"+wrap(d.base64(700), 64)+"-----END CERTIFICATE REQUEST-----\n")
	add("DH parameters", "/etc/ssl/dhparams.pem", "-----BEGIN DH PARAMETERS-----\n"+wrap(d.base64(260), 64)+"-----END DH PARAMETERS-----\n")
	add("Stripe's public key", "/srv/www/pay.js", "var stripe = Stripe('pk_live_"+d.alnum(24)+"');\n")
	add("public keys of services", "/srv/www/conf.js", "posthog.init('phc_"+d.alnum(43)+"');\nSentry.init({dsn:'https://"+d.hex(32)+"@o1.ingest.sentry.io/1'});\nmapboxgl.accessToken='pk.eyJ"+d.alnum(60)+"."+d.alnum(22)+"';\n")
	add("analytics", "/srv/www/x.html", "<script>ga('create','UA-"+d.digits(8)+"-1');gtag('config','G-"+d.upper(10)+"')</script>\n")
	add("account numbers", etc, "aws_account_id = "+d.digits(12)+"\nrole_arn = arn:aws:iam::"+d.digits(12)+":role/x\nkms_key_id = arn:aws:kms:eu-central-1:"+d.digits(12)+":key/"+d.uuid()+"\nsubscription_id = "+d.uuid()+"\nvpc=vpc-"+d.hex(17)+"\nami=ami-"+d.hex(17)+"\n")
	add("object ids", "/srv/x.json", `{"_id":{"$oid":"`+d.hex(24)+`"},"trace_id":"`+d.hex(32)+`","span_id":"`+d.hex(16)+`","etag":"W/\"`+d.base64(20)+`\""}`)
	add("ULIDs", "/var/log/x.log", "request 01"+d.upper(24)+" done\nnanoid V1StGXR8_Z5jdHi6B-myT session closed\n")
	add("cache keys", "/srv/ci.yml", "- uses: cache\n  with:\n    key: npm-${{ hashFiles('**/package-lock.json') }}\n    restore-keys: npm-\n    token: ${{ secrets.GITHUB_TOKEN }}\n    password: ${{ secrets.PYPI_PASSWORD }}\n")
	add("blkid and crypttab", "/etc/crypttab", "root UUID="+d.uuid()+" none luks,discard\nswap /dev/sda3 /dev/urandom swap,cipher=aes-xts-plain64,size=256\n")
	add("MAC and IP", etc, "mac=52:54:00:12:34:56\nip6=2001:db8:85a3::8a2e:370:7334\n")

	// Settings that speak of secrets.
	add("krb5", "/etc/krb5.conf", "[libdefaults]\n default_tgs_enctypes = aes256-cts-hmac-sha1-96\n forwardable = true\n[realms]\n X.TEST = {\n  kdc = kdc.x.test\n  admin_server = kdc.x.test\n }\n")
	add("PAM modules", "/etc/pam.d/su", "auth sufficient pam_rootok.so\nauth required pam_unix.so nullok_secure try_first_pass use_first_pass\npassword optional pam_gnome_keyring.so use_authtok\n")
	add("pwquality", "/etc/security/pwquality.conf", "# minlen = 8\nminlen = 14\ndcredit = -1\nmaxrepeat = 3\nbadwords = password admin\nenforce_for_root\n")
	add("sshd", "/etc/ssh/sshd_config.d/x.conf", "HostKeyAlgorithms ssh-ed25519,rsa-sha2-512\nPubkeyAcceptedKeyTypes ssh-ed25519-cert-v01@openssh.com\nAuthorizedKeysCommand /usr/bin/eic_run_authorized_keys %u %f\nHostbasedAuthentication no\n")
	add("nginx", "/etc/nginx/nginx.conf", "ssl_certificate_key /etc/ssl/private/x.key;\nauth_basic_user_file /etc/nginx/.htpasswd;\nssl_session_tickets off;\nproxy_set_header Authorization \"\";\nproxy_set_header X-Api-Key $http_x_api_key;\nsecure_link_secret $secret;\n")
	add("Prometheus", "/etc/prometheus/prometheus.yml", "basic_auth:\n  username: x\n  password_file: /etc/prometheus/password\nbearer_token_file: /var/run/secrets/kubernetes.io/serviceaccount/token\nauthorization:\n  credentials_file: /run/x\n")
	add("Compose with secrets", "/srv/docker-compose.yml", "services:\n  db:\n    environment:\n      POSTGRES_PASSWORD_FILE: /run/secrets/db_password\n      POSTGRES_PASSWORD: ${POSTGRES_PASSWORD:?required}\n      API_KEY: ${API_KEY:-}\nsecrets:\n  db_password:\n    external: true\n")
	add("Dockerfile", "/srv/app/Dockerfile", "ARG NPM_TOKEN\nENV TOKEN_FILE /run/token\nENV SECRET_KEY_BASE=placeholder\nRUN --mount=type=secret,id=npm_token npm ci\nENV PASSWORD $PASSWORD\nHEALTHCHECK CMD curl -f http://localhost/\n")
	add("vault agent", "/etc/vault/agent.hcl", "auto_auth {\n  method \"approle\" {\n    config = { role_id_file_path = \"/etc/vault/role\", secret_id_file_path = \"/etc/vault/secret\" }\n  }\n}\ntemplate { contents = \"{{ with secret \\\"kv/db\\\" }}{{ .Data.password }}{{ end }}\" }\n")
	add("external secrets", "/srv/es.yaml", "kind: ExternalSecret\nspec:\n  secretStoreRef:\n    name: vault-backend\n  data:\n  - secretKey: password\n    remoteRef:\n      key: secret/data/db\n      property: password\n")
	add("RBAC", "/srv/rbac.yaml", "kind: Role\nrules:\n- apiGroups: [\"\"]\n  resources: [\"secrets\", \"serviceaccounts/token\"]\n  verbs: [\"get\", \"list\"]\n")
	add("sealed secret", "/srv/ss.yaml", "kind: SealedSecret\nspec:\n  encryptedData:\n    password: AgB"+d.base64(600)+"\n")
	add("defaults of a role", "/etc/ansible/roles/x/defaults/main.yml", "mysql_root_password: changeme\ndb_password: \"{{ lookup('password', '/dev/null length=32') }}\"\nadmin_password: '!!'\napi_token: ''\nvault_password: ~\n")
	add("placeholders of people", "/srv/app/.env.example", "DB_PASSWORD=\nAPI_KEY=your-api-key\nSECRET_KEY=replace-me\nTOKEN=<token>\nSTRIPE=sk_test_xxx\nAWS_SECRET_ACCESS_KEY=YOUR_SECRET_ACCESS_KEY\nJWT_SECRET=changeme?\nPASS=xxxx\nPW=********\n")
	add("AWS's examples", "/root/README", "export AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE\nexport AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\nAWS_SESSION_TOKEN=AQoDYXdzEJr...EXAMPLETOKEN\n")
	add("commands without secrets", "/root/.bash_history", "passwd\nmysql -u root -p\nmysql -uroot -p app < dump.sql\ncurl -u bob https://x.test\nssh-keygen -t ed25519 -N '' -f /root/.ssh/id\nvault login\ndocker login -u bob --password-stdin x.test < pw\nkubectl get secret db -o yaml\nopenssl rand -base64 32\npass show db\nmongosh -u admin -p\nopenssl passwd -6\nnmcli dev wifi connect home --ask\naws configure set aws_secret_access_key $SECRET\nsqlplus / as sysdba\necho $PASS | sudo -S true\nzip -r x.zip src -P\n")
	add("expect without a password", "/root/x.exp", "expect \"assword:\"\nsend \"$password\\r\"\nexpect \"Password\" { send $env(PW) }\n")
	add("PHP with variables", "/var/www/x.php", "<?php $db = new PDO($dsn, $user, $pass); $m = mysqli_connect($host, $user, getenv('DB_PASS')); $c = new mysqli('localhost', 'root', ''); define('DB_PASSWORD', getenv('X'));\n")
	add("Go with variables", "/opt/x.go", "dsn := fmt.Sprintf(\"%s:%s@tcp(%s:3306)/%s\", user, pass, host, name)\ncfg.Token = os.Getenv(\"TOKEN\")\nvar ErrBadPassword = errors.New(\"wrong password or token\")\n")
	add("tables of users", "/srv/users.csv", "user,password_hash,created\nbob,$6$"+d.alnum(8)+",2026\n")
	add("tables of settings", "/srv/settings.csv", "name,token_count,password_age\nbob,17,90\neve,4,30\n")
	add("empty table", "/srv/accounts.csv", "url,username,password\nhttps://x.test,bob,\nhttps://y.test,eve,\"\"\n")

	// Text of people and of programs.
	add("minified", "/srv/www/vendor.min.js", strings.Repeat("!function(e,t){e.password=t.password||\"\",e.apiKey=t.apiKey,e.token=function(){return n.token},e.type=\"password\",r.secretOrKey=o}(a,b),", 40)+"h.key=\"ArrowDown\",i.accessKey=j,k=\"data-toggle-password\";")
	add("source map", "/srv/www/app.js.map", `{"version":3,"mappings":"`+strings.Repeat("AAAA,SAASA,"+d.upper(4)+"EAAE;", 300)+`","names":["password","apiKey","token"]}`)
	add("locale", "/opt/app/locale/fr.json", `{"password":"Mot de passe","passwordConfirm":"Confirmez le mot de passe","apiKey":"Clé d’API","token":"Jeton d'accès","login.password.hint":"8 caractères minimum","secret":"Secret partagé"}`)
	add("gettext", "/opt/app/de.po", "#: src/login.c:12\nmsgid \"Enter passphrase for key '%s': \"\nmsgstr \"Kennwort für den Schlüssel »%s«: \"\n")
	add("man page", "/usr/local/share/man/man1/x.1", ".TP\n.BI \\-\\-password= PASSWORD\nUse \\fIPASSWORD\\fR to log in, for example\n.EX\nx \\-\\-password=Tr0ub4dor\\&3\n.EE\n")
	add("help", "/opt/app/help.txt", "  -p, --password PASSWORD   password to use\n  --token TOKEN             API token (env: APP_TOKEN)\n  --secret-key string       secret key\n")
	add("README", "/opt/app/README.md", "Set `API_KEY=<your key>` and run `curl -H \"Authorization: Bearer $TOKEN\" https://api.x.test`.\n\n| option | default |\n|---|---|\n| `password` | none |\n| `secretKey` | generated |\n")
	add("changelog", "/opt/app/CHANGELOG", "* Fix token refresh (#1234)\n* password: do not log\n* secret_key: now required\n* bump jsonwebtoken from 8.5.1 to 9.0.0\n")
	add("stack trace", "/var/log/app.log", "java.lang.IllegalStateException: bad token: Token[id=17, type=ACCESS]\n\tat com.x.auth.TokenProvider.validatePassword(TokenProvider.java:120)\nWARN password=null user=bob secret=[PROTECTED] token=***\n")
	add("access log", "/var/log/nginx/access.log", "10.0.0.1 - - GET /reset-password?token= HTTP/1.1 200\n10.0.0.1 - - GET /static/app."+d.hex(20)+".js?v="+d.hex(8)+" HTTP/1.1\n")
	add("OpenAPI", "/srv/openapi.json", `{"components":{"securitySchemes":{"apiKey":{"type":"apiKey","in":"header","name":"X-API-Key"}},"schemas":{"Login":{"properties":{"password":{"type":"string","format":"password","example":"string"}}}}}}`)
	add("protobuf", "/opt/x.proto", "message Login {\n  string password = 2;\n  bytes secret_key = 3;\n  optional string api_token = 4 [deprecated = true];\n}\n")
	add("SQL of a schema", "/opt/x.sql", "ALTER TABLE users ADD COLUMN api_token varchar(64);\nCREATE INDEX idx_token ON sessions(token);\nUPDATE users SET password = crypt(:pw, gen_salt('bf'));\nGRANT SELECT ON x TO app;\n")
	add("keymap", "/etc/console-setup/x.kmap", "keycode 30 = a A\nkeycode 42 = Shift\nstring F1 = \"\\033[[A\"\n")
	add("X resources", "/root/.Xresources", "XTerm*VT100.Translations: #override <Key>F1: string(\"x\")\n*cursorColor: #ff00aa\n")
	add("fonts and pictures in CSS", "/srv/www/x.css", "@font-face{src:url(data:font/woff2;base64,d09GMgABAAAAA"+d.base64(600)+")}\n")
	add("a picture's bytes", "/srv/x.jpg", "\xff\xd8\xff\xe0\x00\x10JFIF"+string(d.noise(60_000)))
	var object bytes.Buffer
	w := zlib.NewWriter(&object)
	w.Write([]byte("tree 70\x00100644 password\x00" + string(d.bytes(20)) + "100644 token.txt\x00" + string(d.bytes(20))))
	w.Close()
	add("git tree", "/srv/.git/objects/"+d.hex(2)+"/"+d.hex(38), object.String())
	add("git index", "/srv/.git/index", "DIRC\x00\x00\x00\x02\x00\x00\x00\x01"+string(d.bytes(60))+"\x00\x0csecret/token\x00")
	add("git logs", "/srv/.git/logs/HEAD", d.hex(40)+" "+d.hex(40)+" Bob <bob@x.test> 1700000000 +0000\tcommit: rotate token\n")
	add("core of a package index", "/srv/index.json", `{"sha256":"`+d.hex(64)+`","md5":"`+d.hex(32)+`","name":"py-secrets","signature":"`+base64.StdEncoding.EncodeToString(d.bytes(64))+`"}`)
	add("sysctl", "/etc/sysctl.d/x.conf", "net.ipv4.tcp_syncookies = 1\nkernel.keys.maxkeys = 200\nnet.ipv6.conf.all.stable_secret = \n")
	add("entropy of kernel modules", "/opt/modules.symvers", fmt.Sprintf("0x%s\tcrypto_alg_tested\tvmlinux\tEXPORT_SYMBOL_GPL\n0x%s\tkey_put\tvmlinux\tEXPORT_SYMBOL\n", d.hex(8), d.hex(8)))
	return out
}

func TestLookalikes(t *testing.T) {
	s := newTestScanner(t)
	n := 0
	for _, seed := range seeds {
		for _, p := range lookalikes(newDraw(seed)) {
			n++
			hits, err := s.Scan(p.path, bytes.NewReader(p.content), int64(len(p.content)))
			if err != nil || len(hits) > 0 {
				t.Errorf("seed %d: %s (%s): %s %v\n%s", seed, p.name, p.path, describe(hits), err, excerpt(p.content))
			}
		}
	}
	t.Logf("%d false friends", n)
}
