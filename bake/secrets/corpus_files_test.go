package secrets

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
)

// files draws one of each file that is made to hold secrets, as its program writes it.
func files(d draw) []plant {
	home := pick(d, "/root", "/home/deploy", "/var/lib/jenkins", "/home/ec2-user")
	pw, tool := d.password(), d.tool()
	basic := base64.StdEncoding.EncodeToString([]byte("robot:" + tool))
	secret40 := d.from(digitSet+lowerSet+upperSet+"/+", 40)
	return []plant{
		text("netrc in lines", home+"/.netrc", "machine git.corp.test\nlogin bob\npassword "+pw+"\n", pw),
		text("netrc in one line", home+"/.netrc", "machine api.corp.test login bob password "+pw+" # ci\ndefault login anonymous\n", pw),
		text("netrc tabs", home+"/.netrc", "machine\tx.test\n\tlogin\tbob\n\tpassword\t"+tool+"\n", tool),
		text("netrc weak", home+"/.netrc", "machine x.test login bob password letmein\n", "letmein"),
		text("authinfo", home+"/.authinfo", "machine imap.x.test port 993 login bob password \""+pw+"\"\n", pw),
		text("apt auth", "/etc/apt/auth.conf", "machine packages.x.test/ubuntu login u password "+pw+"\n", pw),
		text("apt auth part", "/etc/apt/auth.conf.d/90corp.conf", "machine https://apt.x.test\n  login u\n  password "+pw+"\n", pw),
		text("apt proxy", "/etc/apt/apt.conf.d/01proxy", "Acquire::http::Proxy \"http://builder:"+tool+"@proxy.corp.test:3128/\";\n", tool),
		text("apt proxy weak", "/etc/apt/apt.conf", "Acquire::https::Proxy \"http://u:letmein@10.0.0.2:3128\";\n", "letmein"),
		text("apt source", "/etc/apt/sources.list.d/corp.list", "deb [arch=amd64] https://token:"+tool+"@apt.corp.test/debian bookworm main\n", tool),
		text("apt deb822", "/etc/apt/sources.list.d/corp.sources", "Types: deb\nURIs: https://u:"+tool+"@apt.corp.test/debian\nSuites: bookworm\n", tool),
		text("pgpass", home+"/.pgpass", "# c\ndb.corp.test:5432:*:app:"+pw+"\n", pw),
		text("pgpass escaped", home+"/.pgpass", `localhost:*:*:app:a\:b`+tool+"\n", `a\:b`+tool),
		text("pg service", home+"/.pg_service.conf", "[prod]\nhost=db\nuser=app\npassword="+pw+"\n", pw),
		text("my.cnf", home+"/.my.cnf", "[client]\nuser=root\npassword="+pw+"\n", pw),
		text("my.cnf quoted", home+"/.my.cnf", "[client]\nuser = root\npassword = \""+pw+"\"\n", pw),
		text("my.cnf word", home+"/.my.cnf", "[mysqldump]\npassword=dragonfly\n", "dragonfly"),
		text("debian.cnf", "/etc/mysql/debian.cnf", "# generated\n[client]\nhost     = localhost\nuser     = debian-sys-maint\npassword = "+d.alnum(16)+"\nsocket   = /run/mysqld/mysqld.sock\n"),
		text("mysql conf.d", "/etc/mysql/mariadb.conf.d/60-galera.cnf", "[mysqld]\nwsrep_sst_auth=\"sst:"+tool+"\"\n", "sst:"+tool),
		text("pip.conf", "/etc/pip.conf", "[global]\nindex-url = https://svc:"+tool+"@pypi.corp.test/simple\n", tool),
		text("pip.conf in home", home+"/.config/pip/pip.conf", "[global]\nextra-index-url=https://svc:"+pw+"@nexus.test/repository/pypi/simple\n", pw),
		text("pypirc", home+"/.pypirc", "[distutils]\nindex-servers = corp\n[corp]\nrepository: https://x\nusername: bob\npassword: "+pw+"\n", pw),
		text("npmrc token", home+"/.npmrc", "registry=https://npm.corp.test/\n//npm.corp.test/:_authToken="+d.uuid()+"\n"),
		text("npmrc auth", home+"/.npmrc", "_auth="+basic+"\nalways-auth=true\n", basic),
		text("npmrc password", home+"/.npmrc", "//npm.corp.test/:username=bob\n//npm.corp.test/:_password=\""+base64.StdEncoding.EncodeToString([]byte(pw))+"\"\n", base64.StdEncoding.EncodeToString([]byte(pw))),
		text("yum url", "/etc/yum.repos.d/corp.repo", "[corp]\nname=Corp\nbaseurl=https://svc:"+pw+"@yum.corp.test/el9\nenabled=1\n", pw),
		text("yum fields", "/etc/yum.repos.d/corp.repo", "[corp]\nbaseurl=https://yum.corp.test/el9\nusername=svc\npassword="+pw+"\n", pw),
		text("dnf proxy", "/etc/dnf/dnf.conf", "[main]\nproxy=http://p:3128\nproxy_username=x\nproxy_password="+pw+"\n", pw),
		text("zypp", "/etc/zypp/credentials.d/SCC", "username=SCC_"+d.hex(12)+"\npassword="+d.hex(8)+"\n"),
		text("maven", home+"/.m2/settings.xml", "<settings><servers>\n <server>\n  <id>nexus</id>\n  <username>ci</username>\n  <password>"+pw+"</password>\n </server></servers></settings>\n", pw),
		text("maven lines", home+"/.m2/settings.xml", "<server>\n<id>x</id>\n<passphrase>\n   "+tool+"\n</passphrase>\n</server>", tool),
		text("maven encrypted", home+"/.m2/settings-security.xml", "<settingsSecurity>\n  <master>{"+d.base64(40)+"}</master>\n</settingsSecurity>\n"),
		text("gradle", home+"/.gradle/gradle.properties", "org.gradle.jvmargs=-Xmx2g\nnexusPassword="+pw+"\n", pw),
		text("nuget", home+"/.nuget/NuGet/NuGet.Config", "<packageSourceCredentials><corp>\n<add key=\"Username\" value=\"u\" />\n<add key=\"ClearTextPassword\" value=\""+pw+"\" />\n</corp></packageSourceCredentials>", pw),
		text("git credentials", home+"/.git-credentials", "https://bob:"+pw+"@git.corp.test\n", pw),
		text("git config url", "/srv/app/.git/config", "[core]\n\tbare = false\n[remote \"origin\"]\n\turl = https://deploy:"+pw+"@git.corp.test/a/b.git\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n", pw),
		text("git config header", "/opt/src/.git/config", "[http \"https://git.corp.test/\"]\n\textraheader = AUTHORIZATION: basic "+basic+"\n", basic),
		text("gitconfig smtp", home+"/.gitconfig", "[sendemail]\n\tsmtpUser = x\n\tsmtpPass = "+pw+"\n", pw),
		text("docker", home+"/.docker/config.json", "{\n\t\"auths\": {\n\t\t\"registry.corp.test\": {\n\t\t\t\"auth\": \""+basic+"\"\n\t\t}\n\t}\n}", basic),
		text("dockercfg", home+"/.dockercfg", `{"https://index.docker.io/v1/":{"auth":"`+basic+`","email":"x@y.z"}}`, basic),
		text("podman", "/run/user/0/containers/auth.json", `{"auths":{"quay.io":{"auth":"`+basic+`"}}}`, basic),
		text("kubeconfig token", home+"/.kube/config", "apiVersion: v1\nkind: Config\nusers:\n- name: admin\n  user:\n    token: "+d.alnum(40)+"\n"),
		text("kubeconfig key", "/etc/kubernetes/admin.conf", "users:\n- name: k\n  user:\n    client-certificate-data: "+base64.StdEncoding.EncodeToString([]byte("-----BEGIN CERTIFICATE-----\n"+d.base64(300)))+"\n    client-key-data: "+base64.StdEncoding.EncodeToString([]byte(d.pem("RSA PRIVATE KEY", 600)))+"\n"),
		text("kubeconfig password", home+"/.kube/config", "users:\n- name: a\n  user:\n    username: admin\n    password: "+pw+"\n", pw),
		text("kubernetes secret", "/srv/deploy/secret.yaml", "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\ntype: Opaque\ndata:\n  url: "+base64.StdEncoding.EncodeToString([]byte(pw))+"\n", base64.StdEncoding.EncodeToString([]byte(pw))),
		text("terraform rc", home+"/.terraform.d/credentials.tfrc.json", "{\n  \"credentials\": {\n    \"app.terraform.io\": {\n      \"token\": \""+d.alnum(40)+"\"\n    }\n  }\n}\n"),
		text("terraformrc", home+"/.terraformrc", "credentials \"tf.corp.test\" {\n  token = \""+d.alnum(30)+"\"\n}\n"),
		text("tfstate", "/srv/tf/terraform.tfstate", "{\"version\":4,\"resources\":[{\"type\":\"aws_db_instance\",\"instances\":[{\"attributes\":{\"username\":\"app\",\"password\":\""+pw+"\"}}]}]}", pw),
		text("tfvars", "/srv/tf/prod.tfvars", "region = \"eu-central-1\"\ndb_password = \""+pw+"\"\n", pw),
		text("aws credentials", home+"/.aws/credentials", "[default]\naws_access_key_id = AKIA"+d.base32(16)+"\naws_secret_access_key = "+secret40+"\n", secret40),
		text("aws csv", home+"/Downloads/rootkey.csv", "Access key ID,Secret access key\nAKIA"+d.base32(16)+","+secret40+"\n", secret40),
		text("s3cfg", home+"/.s3cfg", "[default]\naccess_key = AKIA"+d.base32(16)+"\nsecret_key = "+secret40+"\nuse_https = True\n", secret40),
		text("boto", "/etc/boto.cfg", "[Credentials]\naws_access_key_id = AKIA"+d.base32(16)+"\naws_secret_access_key = "+secret40+"\n", secret40),
		text("boto gs", home+"/.boto", "[Credentials]\ngs_access_key_id = GOOG"+d.upper(20)+"\ngs_secret_access_key = "+secret40+"\n", secret40),
		text("s3fs", "/etc/passwd-s3fs", "AKIA"+d.base32(16)+":"+secret40+"\n", secret40),
		text("rclone", home+"/.config/rclone/rclone.conf", "[b2]\ntype = sftp\nhost = h\nuser = u\npass = "+d.url64(30)+"\n"),
		text("gcloud adc", home+"/.config/gcloud/application_default_credentials.json", `{"client_id":"x.apps.googleusercontent.com","client_secret":"d-`+d.url64(22)+`","refresh_token":"1//0`+d.url64(90)+`","type":"authorized_user"}`),
		text("service account", "/opt/app/key.json", `{"type":"service_account","project_id":"p","private_key_id":"`+d.hex(40)+`","private_key":"`+strings.ReplaceAll(d.pem("PRIVATE KEY", 1200), "\n", `\n`)+`","client_email":"x@p.iam.gserviceaccount.com"}`),
		text("gh hosts", home+"/.config/gh/hosts.yml", "github.com:\n    oauth_token: gho_"+d.alnum(36)+"\n    user: x\n"),
		text("ipsec psk", "/etc/ipsec.secrets", "# x\n10.0.0.1 10.0.0.2 : PSK \""+pw+"\"\n", pw),
		text("ipsec any", "/etc/ipsec.secrets", ": PSK '"+tool+"'\n", tool),
		text("ipsec bare", "/etc/ipsec.d/site.secrets", "%any vpn.x.test : PSK 0s"+d.base64(24)+"\n"),
		text("ipsec xauth", "/etc/ipsec.secrets", "bob : XAUTH \""+pw+"\"\n", pw),
		text("ipsec eap", "/etc/ipsec.secrets", "carol : EAP \""+pw+"\"\n", pw),
		text("swanctl", "/etc/swanctl/conf.d/x.conf", "secrets {\n  ike-1 {\n    id = x\n    secret = \""+pw+"\"\n  }\n}\n", pw),
		text("chap", "/etc/ppp/chap-secrets", "# client server secret addresses\nbob * "+pw+" *\n", pw),
		text("chap quoted", "/etc/ppp/chap-secrets", "\"bob\"\tpptpd\t\""+pw+"\"\t*\n", pw),
		text("pap", "/etc/ppp/pap-secrets", "* isp \""+pw+"\"\n", pw),
		text("sasl", "/etc/postfix/sasl_passwd", "[smtp.relay.test]:587 user@relay.test:"+pw+"\n", pw),
		text("sasl tabs", "/etc/postfix/sasl/sasl_passwd", "smtp.relay.test\tapikey:"+tool+"\n", tool),
		text("exim", "/etc/exim4/passwd.client", "*.relay.test:user:"+pw+"\n", pw),
		text("msmtp", home+"/.msmtprc", "account x\nhost smtp.x\nuser u\npassword "+pw+"\n", pw),
		text("ssmtp", "/etc/ssmtp/ssmtp.conf", "mailhub=x:587\nAuthUser=u\nAuthPass="+pw+"\n", pw),
		text("fetchmail", home+"/.fetchmailrc", "poll mail.x proto imap user \"bob\" pass \""+pw+"\"\n", pw),
		text("mutt", home+"/.muttrc", "set imap_user = x\nset imap_pass = \""+pw+"\"\n", pw),
		text("wireguard", "/etc/wireguard/wg0.conf", "[Interface]\nPrivateKey = "+wgKey(d)+"\nAddress = 10.0.0.1/24\n[Peer]\nPublicKey = "+wgKey(d)+"\nPresharedKey = "+wgKey(d)+"\n"),
		text("networkd wireguard", "/etc/systemd/network/wg0.netdev", "[WireGuard]\nPrivateKey="+wgKey(d)+"\n"),
		text("zabbix psk", "/etc/zabbix/zabbix_agentd.psk", d.hex(64)+"\n"),
		text("zabbix psk elsewhere", "/etc/zabbix/agent.psk", d.hex(32)+"\n"),
		text("zabbix db", "/etc/zabbix/zabbix_server.conf", "DBUser=zabbix\nDBPassword="+pw+"\n", pw),
		text("unit environment", "/etc/systemd/system/app.service", "[Service]\nEnvironment=\"DB_PASSWORD="+pw+"\" \"MODE=prod\"\nExecStart=/opt/app/run\n", pw),
		text("unit bare environment", "/etc/systemd/system/app.service.d/override.conf", "[Service]\nEnvironment=API_TOKEN="+tool+" MODE=x\n", tool),
		text("cron line", "/etc/cron.d/backup", "0 3 * * * root mysqldump -u backup -p"+tool+" app > /backup/app.sql\n", tool),
		text("cron assignment", "/var/spool/cron/crontabs/root", "PGPASSWORD="+tool+"\n0 1 * * * pg_dump app\n", tool),
		text("cron inline", "/etc/crontab", "5 * * * * www-data API_KEY="+tool+" /usr/local/bin/sync\n", tool),
		text("env file", "/srv/app/.env", "APP_ENV=prod\nDB_PASSWORD="+pw+"\n", pw),
		text("env file word", "/srv/app/.env.production", "DB_PASS=butterfly\n", "butterfly"),
		text("laravel", "/var/www/app/.env", "APP_NAME=x\nAPP_KEY=base64:"+d.base64(32)+"\n"),
		text("profile", home+"/.bashrc", "alias ll='ls -l'\nexport VENDOR_TOKEN="+tool+"\n", tool),
		text("zshenv", home+"/.zshenv", "export NPM_SECRET='"+tool+"'\n", tool),
		text("profile.d", "/etc/profile.d/corp.sh", "export HTTPS_PROXY=http://svc:"+pw+"@proxy.corp.test:8080\n", pw),
		text("environment", "/etc/environment", "PATH=/bin\nhttp_proxy=\"http://u:"+tool+"@10.1.1.1:3128\"\n", tool),
		text("history mysql", home+"/.bash_history", "ls\nmysql -u root -p"+tool+" -e 'show databases'\n", tool),
		text("history mysql quoted", home+"/.bash_history", "mysql -h db -u app --password='"+pw+"' app\n", pw),
		text("history curl", home+"/.bash_history", "curl -s -u admin:"+tool+" https://nexus.corp.test/x\n", tool),
		text("history curl header", home+"/.zsh_history", ": 1700000000:0;curl -H 'Authorization: Bearer "+d.alnum(40)+"' https://x.test\n"),
		text("history sshpass", home+"/.bash_history", "sshpass -p '"+pw+"' ssh root@10.0.0.9\n", pw),
		text("history docker login", home+"/.bash_history", "docker login -u robot -p "+tool+" registry.corp.test\n", tool),
		text("history pgpassword", home+"/.bash_history", "PGPASSWORD="+tool+" psql -h db app\n", tool),
		text("history chpasswd", home+"/.bash_history", "echo 'deploy:"+tool+"' | sudo chpasswd\n", tool),
		text("history ldap", home+"/.bash_history", "ldapsearch -x -D cn=admin,dc=x -w "+tool+" -b dc=x\n", tool),
		text("history redis", home+"/.bash_history", "redis-cli -h r -a "+tool+" ping\n", tool),
		text("history wget", home+"/.bash_history", "wget --user=bob --password="+tool+" https://x.test/f\n", tool),
		text("history export", home+"/.bash_history", "export AWS_SECRET_ACCESS_KEY="+secret40+"\n", secret40),
		text("history mount", home+"/.bash_history", "mount -t cifs //nas/x /mnt -o username=bob,password="+tool+",vers=3.0\n", tool),
		text("history vault", home+"/.bash_history", "vault login s."+d.alnum(24)+"\n"),
		text("sudo in history", home+"/.bash_history", "echo "+tool+" | sudo -S apt-get update\n", tool),
		text("mysql history", home+"/.mysql_history", "create user 'app'@'%' identified by '"+pw+"';\n", pw),
		text("psql history", home+"/.psql_history", "ALTER ROLE app WITH PASSWORD '"+pw+"';\n", pw),
		text("sql dump", "/srv/dump.sql", "CREATE USER app WITH ENCRYPTED PASSWORD '"+pw+"';\n", pw),
		text("wordpress", "/var/www/html/wp-config.php", "<?php\ndefine( 'DB_NAME', 'wp' );\ndefine( 'DB_PASSWORD', '"+pw+"' );\n", pw),
		text("wordpress tight", "/srv/www/blog/wp-config.php", "<?php\ndefine('DB_PASSWORD','sunflower');\n", "sunflower"),
		text("wordpress salt", "/var/www/html/wp-config.php", "<?php\ndefine('AUTH_KEY',         '"+d.from(digitSet+lowerSet+upperSet+"!@#$%^&*()-_[]{}<>~`+=,.;:/?|", 64)+"');\n"),
		text("joomla", "/var/www/html/configuration.php", "<?php\nclass JConfig {\n\tpublic $user = 'x';\n\tpublic $password = '"+pw+"';\n}\n", pw),
		text("drupal", "/var/www/html/sites/default/settings.php", "<?php\n$databases['default']['default'] = array (\n  'username' => 'x',\n  'password' => '"+pw+"',\n);\n", pw),
		text("phpmyadmin", "/etc/phpmyadmin/config-db.php", "<?php\n$dbuser='pma';\n$dbpass='"+pw+"';\n", pw),
		text("django", "/srv/site/site/settings.py", "DEBUG = False\nSECRET_KEY = '"+d.from(lowerSet+digitSet+"!@#$%^&*(-_=+)", 50)+"'\n"),
		text("django database", "/srv/site/site/settings.py", "DATABASES = {'default': {'USER': 'x', 'PASSWORD': '"+tool+"'}}\n", tool),
		text("rails secrets", "/srv/app/config/secrets.yml", "production:\n  secret_key_base: "+d.hex(128)+"\n"),
		text("rails key", "/srv/app/config/master.key", d.hex(32)),
		text("rails database", "/srv/app/config/database.yml", "production:\n  adapter: postgresql\n  username: app\n  password: "+pw+"\n", pw),
		text("spring", "/opt/app/application-prod.properties", "spring.datasource.url=jdbc:x\nspring.datasource.password="+pw+"\n", pw),
		text("spring yaml", "/opt/app/application.yml", "spring:\n  datasource:\n    username: app\n    password: \""+pw+"\"\n", pw),
		text("tomcat", "/etc/tomcat9/tomcat-users.xml", "<tomcat-users>\n  <user username=\"admin\" password=\""+pw+"\" roles=\"manager-gui\"/>\n</tomcat-users>\n", pw),
		text("jdbc", "/opt/app/db.conf", "url=jdbc:sqlserver://db:1433;databaseName=x;user=sa;password="+tool+";encrypt=true\n", tool),
		text("connection string", "/opt/app/appsettings.json", `{"ConnectionStrings":{"Db":"Server=db;Database=x;User Id=sa;Password=`+tool+`;"}}`, tool),
		text("azure storage", "/opt/app/x.ini", "conn=DefaultEndpointsProtocol=https;AccountName=x;AccountKey="+d.base64(64)+";EndpointSuffix=core.windows.net\n"),
		text("azure sas", "/opt/app/y.ini", "url=https://x.blob.core.windows.net/c?sv=2022-11-02&ss=b&srt=co&sp=rwd&se=2030-01-01T00:00:00Z&sig="+strings.NewReplacer("+", "%2B", "/", "%2F", "=", "%3D").Replace(d.base64(32))+"\n"),
		text("ansible vault", home+"/.vault_pass.txt", pw+"\n", pw),
		text("ansible vault 2", "/etc/ansible/vault_pass", tool+"\n", tool),
		text("ansible inventory", "/etc/ansible/hosts", "[web]\nweb1 ansible_user=root ansible_ssh_pass="+tool+"\n", tool),
		text("ansible group_vars", "/etc/ansible/group_vars/all.yml", "mysql_root_password: "+pw+"\n", pw),
		text("wpa", "/etc/wpa_supplicant/wpa_supplicant.conf", "network={\n\tssid=\"home\"\n\tpsk=\""+pw+"\"\n}\n", pw),
		text("wpa hex", "/etc/wpa_supplicant.conf", "network={\n ssid=\"x\"\n psk="+d.hex(64)+"\n}\n"),
		text("networkmanager", "/etc/NetworkManager/system-connections/home.nmconnection", "[wifi-security]\nkey-mgmt=wpa-psk\npsk="+pw+"\n", pw),
		text("netplan", "/etc/netplan/01.yaml", "network:\n  wifis:\n    wlan0:\n      access-points:\n        home:\n          password: \""+pw+"\"\n", pw),
		text("hostapd", "/etc/hostapd/hostapd.conf", "ssid=x\nwpa=2\nwpa_passphrase="+pw+"\n", pw),
		text("snmp community", "/etc/snmp/snmpd.conf", "agentAddress udp:161\nrocommunity "+d.lower(10)+" 10.0.0.0/8\n"),
		text("snmp user", "/etc/snmp/snmpd.conf", "createUser monitor SHA \""+pw+"\" AES\nrouser monitor\n", pw),
		text("snmp com2sec", "/etc/snmp/snmpd.conf", "com2sec readonly default "+tool+"\n", tool),
		text("ldap bind", "/etc/nslcd.conf", "uri ldap://x\nbinddn cn=x\nbindpw "+pw+"\n", pw),
		text("sssd", "/etc/sssd/sssd.conf", "[domain/x]\nldap_default_bind_dn = cn=x\nldap_default_authtok = "+pw+"\n", pw),
		text("slapd", "/etc/ldap/slapd.conf", "rootdn \"cn=admin\"\nrootpw "+pw+"\n", pw),
		text("ldap secret", "/etc/ldap.secret", pw, pw),
		text("redis", "/etc/redis/redis.conf", "bind 127.0.0.1\nrequirepass "+pw+"\n", pw),
		text("redis acl", "/etc/redis/users.acl", "user app on >"+tool+" ~* +@all\n", tool),
		text("rabbitmq", "/etc/rabbitmq/rabbitmq.conf", "default_user = admin\ndefault_pass = "+pw+"\n", pw),
		text("rabbitmq erlang", "/etc/rabbitmq/rabbitmq.config", "[{rabbit, [\n  {default_user, <<\"admin\">>},\n  {default_pass, <<\""+pw+"\">>}\n]}].\n", pw),
		text("erlang cookie", "/var/lib/rabbitmq/.erlang.cookie", d.from(upperSet, 20)),
		text("keepalived", "/etc/keepalived/keepalived.conf", "vrrp_instance VI_1 {\n  authentication {\n    auth_type PASS\n    auth_pass "+d.alnum(8)+"\n  }\n}\n"),
		text("haproxy", "/etc/haproxy/haproxy.cfg", "listen stats\n  stats auth admin:"+tool+"\nuserlist u\n  user x insecure-password "+pw+"\n", tool),
		text("rndc", "/etc/bind/rndc.key", "key \"rndc-key\" {\n\talgorithm hmac-sha256;\n\tsecret \""+d.base64(32)+"\";\n};\n"),
		text("radius", "/etc/freeradius/3.0/clients.conf", "client x {\n  ipaddr = 10.0.0.1\n  secret = "+pw+"\n}\n", pw),
		text("cifs", "/etc/samba/cred-nas", "username=bob\npassword="+pw+"\ndomain=CORP\n", pw),
		text("smbcredentials", home+"/.smbcredentials", "username=bob\npassword="+pw+"\n", pw),
		text("fstab", "/etc/fstab", "//nas/x /mnt cifs username=bob,password="+tool+",uid=0 0 0\n", tool),
		text("davfs", "/etc/davfs2/secrets", "https://dav.x.test/ bob "+pw+"\n", pw),
		text("rsyncd", "/etc/rsyncd.secrets", "backup:"+pw+"\n", pw),
		text("ceph", "/etc/ceph/ceph.client.admin.keyring", "[client.admin]\n\tkey = "+d.base64(28)+"\n"),
		text("kickstart", "/root/anaconda-ks.cfg", "lang en_US\nrootpw --plaintext "+pw+"\n", pw),
		text("preseed", "/root/preseed.cfg", "d-i passwd/root-password password "+pw+"\nd-i passwd/root-password-again password "+pw+"\n", pw),
		text("cloud-init", "/var/lib/cloud/instance/user-data.txt", "#cloud-config\npassword: "+pw+"\nchpasswd: { expire: False }\n", pw),
		text("cloud-init list", "/var/lib/cloud/seed/nocloud/user-data", "#cloud-config\nchpasswd:\n  list: |\n    root:"+tool+"\n", tool),
		text("crypt hash", "/root/users.yml", "users:\n  - name: x\n    passwd: $6$"+d.alnum(16)+"$"+d.from(digitSet+lowerSet+upperSet+"./", 86)+"\n"),
		text("htpasswd", "/etc/nginx/.htpasswd", "bob:$apr1$"+d.alnum(8)+"$"+d.from(digitSet+lowerSet+upperSet+"./", 22)+"\n"),
		text("vnc", home+"/.vnc/passwd", string(append([]byte{0x17, 0x52}, []byte(d.alnum(6))...))),
		text("jenkins", "/var/lib/jenkins/secrets/master.key", d.hex(256)),
		text("filezilla", home+"/.config/filezilla/sitemanager.xml", "<Server>\n<Host>x</Host>\n<User>u</User>\n<Pass encoding=\"base64\">"+base64.StdEncoding.EncodeToString([]byte(pw))+"</Pass>\n</Server>", base64.StdEncoding.EncodeToString([]byte(pw))),
		text("curlrc", home+"/.curlrc", "user = \"bob:"+pw+"\"\n", pw),
		text("grafana", "/etc/grafana/grafana.ini", "[security]\nadmin_user = admin\nadmin_password = "+pw+"\n", pw),
		text("compose", "/srv/docker-compose.yml", "services:\n  db:\n    environment:\n      POSTGRES_PASSWORD: "+pw+"\n      - MYSQL_ROOT_PASSWORD="+tool+"\n", pw),
		text("compose list", "/srv/docker-compose.yaml", "services:\n  db:\n    environment:\n      - MYSQL_ROOT_PASSWORD="+tool+"\n", tool),
		text("odbc", "/etc/odbc.ini", "[x]\nDriver=PG\nUID=u\nPWD="+tool+"\n", tool),
		text("openvpn login", "/etc/openvpn/client/auth.txt", "bob\n"+pw+"\n", pw),
		text("squid cache peer", "/etc/squid/squid.conf", "cache_peer p.test parent 3128 0 login=bob:"+tool+"\n"),
		text("mongodb url", "/opt/app/run.sh", "#!/bin/sh\nmongo \"mongodb+srv://app:"+tool+"@cluster0.x.mongodb.net/prod\"\n", tool),
		text("amqp url", "/opt/app/conf.yaml", "broker: amqp://celery:"+pw+"@mq:5672/vhost\n", pw),
		text("redis url", "/opt/app/conf.toml", "cache = \"redis://:"+tool+"@cache.corp.test:6379/0\"\n", tool),
		text("postgres url", "/opt/app/conf.py", "DB = 'postgresql://app:"+pw+"@db.corp.test/app'\n", pw),
		text("slack webhook", "/usr/local/bin/notify", "#!/bin/sh\ncurl https://hooks.slack.com/services/T"+d.upper(8)+"/B"+d.upper(10)+"/"+d.alnum(24)+"\n"),
		text("jks command", "/opt/app/start.sh", "java -Djavax.net.ssl.keyStorePassword="+tool+" -jar app.jar\n", tool),
		text("windows unattend", "/srv/unattend.xml", "<AutoLogon><Password><Value>"+tool+"</Value><PlainText>true</PlainText></Password></AutoLogon>", tool),
		text("password in log", "/var/log/install.log", "2026-01-01 created user admin with password="+tool+"\n", tool),
		text("bare env of root", "/root/creds.txt", "db user: app\ndb password: "+tool+"\n", tool),
	}
}

// wgKey is 32 bytes in base64.
func wgKey(d draw) string { return d.base64(32) }

func TestFilesMadeForSecrets(t *testing.T) { checkFound(t, files) }

// Copies and back-ups of such files hold the same secrets.
func TestBackupsOfFiles(t *testing.T) {
	checkFound(t, func(d draw) []plant {
		var out []plant
		for _, p := range files(d) {
			if !strings.HasPrefix(p.path[strings.LastIndexByte(p.path, '/')+1:], "auth") {
				p.path += pick(d, "~", ".bak", ".old", ".orig", ".save", ".dpkg-old", ".rpmsave")
			}
			out = append(out, p)
		}
		return out
	})
}

// Windows' line ends, and files whose last line has none.
func TestLineEndsOfFiles(t *testing.T) {
	checkFound(t, func(d draw) []plant {
		var out []plant
		for i, p := range files(d) {
			switch i % 2 {
			case 0:
				p.content = []byte(strings.ReplaceAll(string(p.content), "\n", "\r\n"))
			case 1:
				p.content = []byte(strings.TrimRight(string(p.content), "\n"))
			}
			p.name = fmt.Sprintf("%s (%d)", p.name, i%2)
			out = append(out, p)
		}
		return out
	})
}
