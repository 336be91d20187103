package secrets

// keyTokens are private keys that stand in one line or have an opening of their own. PEM has a reader of its own.
func keyTokens() []token {
	return []token{
		// age-encryption.org/v1: Bech32
		{id: "age-key", title: "age secret key", literals: []string{"AGE-SECRET-KEY-1", "AGE-PLUGIN-"}, key: true,
			expr: `AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}|AGE-PLUGIN-[A-Z0-9-]{1,32}-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{20,}`, revoke: "encrypt to a new key"},
		// minisign(1), signify(1): RW is the algorithm's mark in base64; the public line is shorter
		{id: "signify-key", title: "minisign or signify secret key", literals: []string{"secret key"}, key: true, expr: `secret key[^\r\n]{0,60}\r?\n(RW[A-Za-z0-9+/]{80,}={0,2})`, revoke: "sign with a new key"},
		// BIND's dnssec-keygen(8), tsig-keygen(8)
		{id: "dnssec-key", title: "DNSSEC or TSIG key", literals: []string{"Private-key-format: v1"}, key: true,
			expr: `Private-key-format: v1\.\d(?s:.*?)\n(?:PrivateKey|PrivateExponent|Key): ([A-Za-z0-9+/]{20,}={0,2})`, revoke: "roll the key"},
		// Tor's spec, "hs_ed25519_secret_key"
		{id: "tor-key", title: "Tor service key", literals: []string{"== ed25519v1-secret: type"}, key: true, expr: `== ed25519v1-secret: type\d ==\x00{3}((?s:.{40}))`, revoke: "make a new service"},
		// libgcrypt's S-expressions, as in gpg-agent's private-keys-v1.d: canonical and advanced
		{id: "gpg-agent-key", title: "GnuPG private key", literals: []string{"(11:private-key", "(private-key", "(21:protected-private-key", "(protected-private-key"}, key: true,
			expr: `\(11:private-key\(\d+:[a-z]+\(\d+:((?s:.{32}))|\((?:protected-)?private-key\s+\([a-z]+\s(?s:.*?)#([0-9A-F]{32,})#|\(21:protected-private-key\(\d+:[a-z]+\(\d+:((?s:.{32}))`, revoke: "revoke the key's certificate"},
		// sshd of protocol 1: a fixed line, a NUL, a cipher number
		{id: "ssh1-key", title: "SSH protocol 1 private key", literals: []string{"SSH PRIVATE KEY FILE FORMAT 1.1\n"}, key: true, expr: `SSH PRIVATE KEY FILE FORMAT 1\.1\n\x00((?s:.{40}))`, revoke: "remove it from authorized_keys"},
		// PuTTY's manual, appendix C
		{id: "putty-key", title: "PuTTY private key", literals: []string{"PuTTY-User-Key-File-"}, key: true,
			expr: `PuTTY-User-Key-File-\d:(?s:.*?)Private-Lines: \d+\s+([A-Za-z0-9+/=]{20,})`, revoke: "remove it from authorized_keys"},
		// wg(8): 32 bytes in base64, so the last digit before = has four values of sixteen
		{id: "wireguard-key", title: "WireGuard private or pre-shared key", literals: []string{"PrivateKey", "PresharedKey", "PreSharedKey"}, key: true,
			expr: `P(?:rivate|re[sS]hared)Key\s*=\s*([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=)`, revoke: "wg genkey, and tell the peers"},
		// RFC 7517 and 7518: d is the private part, k a symmetric key
		{id: "jwk", title: "private JSON Web Key", literals: []string{`"kty"`}, key: true, expr: `"kty"\s*:\s*"[A-Za-z]+"[^{}]*?"(?:d|k)"\s*:\s*"([\w-]{16,})"`, revoke: "roll the key"},
		{id: "jwk", title: "private JSON Web Key", literals: []string{`"d":"`, `"d": "`}, key: true, expr: `"d": ?"([\w-]{32,})"[^{}]*?"kty"`, revoke: "roll the key"},
	}
}
