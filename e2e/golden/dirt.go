package golden

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/crypto/ssh"

	"github.com/leaven-dev/leaven/e2e/cache"
	"github.com/leaven-dev/leaven/e2e/debroot"
)

// dirt makes a root what a machine is on which people and provisioners have worked. All that looks like a secret is made at
// random here.
const dirt = `
random() { tr -dc "$1" </dev/urandom | head -c "$2"; }

echo "$(random 0-9a-f 32)" >/etc/machine-id
rm -f /var/lib/dbus/machine-id && cp /etc/machine-id /var/lib/dbus/machine-id
echo builder-01 >/etc/hostname
mkdir -p /var/log/journal
head -c 512 /dev/urandom >/var/lib/systemd/random-seed

install -d -m 0700 -o admin -g admin /home/admin/.aws /home/admin/.ssh
printf '[default]\naws_access_key_id = AKIA%s\naws_secret_access_key = %s\n' \
  "$(random A-Z2-7 16)" "$(random A-Za-z0-9/+ 40)" >/home/admin/.aws/credentials
printf 'sudo mysql -p%s\nexport TOKEN=%s\n' "$(random a-z0-9 16)" "$(random a-z0-9 32)" >/home/admin/.bash_history
printf ': 1700000000:0;curl -u ci:%s https://repo.example\n' "$(random a-z0-9 16)" >/root/.zsh_history
printf 'import os\n' >/root/.python_history
chown -R admin:admin /home/admin
chmod 0600 /home/admin/.aws/credentials /home/admin/.bash_history /root/.zsh_history

mkdir -p /var/log/app
echo 'started on builder-01 with the key of the build' | tee /var/log/app/app.log /var/log/app/app.log.1 /var/log/build.log >/dev/null
gzip -c /var/log/build.log >/var/log/build.log.2.gz
echo 'lease { interface "eth0"; fixed-address 10.0.2.15; }' >/var/lib/dhcp/dhclient.eth0.leases
mkdir -p /tmp/packer-work /var/tmp/unpack
echo "token=$(random a-z0-9 32)" | tee /tmp/packer-work/env /var/tmp/unpack/env >/dev/null
`

// authorize lets the build's login key in.
const authorize = `
printf '%%s\n' '%s' >/home/admin/.ssh/authorized_keys
chown admin:admin /home/admin/.ssh/authorized_keys
chmod 0600 /home/admin/.ssh/authorized_keys
`

// recipe is the machine that the image is baked on. The key that packer logs in with is authorized in it, as builders do.
func recipe(suite, authorized string) debroot.Recipe {
	r := debroot.VM(suite).Then(dirt + fmt.Sprintf(authorize, authorized))
	r.LivedIn = true
	return r
}

// loginKey is the key of the build, in the cache so that the root that knows it can be there too. It returns the private key's
// file and the line for authorized_keys.
func loginKey() (file, authorized string, err error) {
	dir, err := cache.Dir()
	if err != nil {
		return "", "", err
	}
	file = filepath.Join(dir, "login-key")
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		data, err = newLoginKey(file)
	}
	if err != nil {
		return "", "", fmt.Errorf("cannot get the build's login key: %w", err)
	}
	signer, err := ssh.ParsePrivateKey(data)
	if err != nil {
		return "", "", fmt.Errorf("cannot read the build's login key %s: %w: remove it", file, err)
	}
	return file, string(ssh.MarshalAuthorizedKey(signer.PublicKey())[:]), nil
}

func newLoginKey(file string) ([]byte, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	block, err := ssh.MarshalPrivateKey(private, "leaven demo")
	if err != nil {
		return nil, err
	}
	data := pem.EncodeToMemory(block)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return nil, err
	}
	return data, os.WriteFile(file, data, 0o600)
}
