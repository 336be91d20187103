package accounts

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"fmt"
	"hash"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/go-crypt/x/crypt"
	"github.com/go-crypt/x/yescrypt"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/sys/unix"
)

// kind says what the password field of an account means (shadow(5), crypt(5)).
type kind int

const (
	locked kind = iota // no password fits
	empty              // no password is needed
	usable
	weak // usable, and quickly guessed
)

func judge(field string) kind {
	if field == "" {
		return empty
	}
	if strings.ContainsAny(field[:1], "!*") {
		return locked
	}
	for _, prefix := range []string{"$1$", "$md5", "$sha1$", "$3$", "$2$", "_"} {
		if strings.HasPrefix(field, prefix) {
			return weak
		}
	}
	if len(field) == 13 && strings.Trim(field, "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") == "" {
		return weak // DES
	}
	if strings.HasPrefix(field, "$") && strings.Count(field, "$") >= 2 {
		return usable
	}
	return locked // "x", "NP", "*LK*" …: crypt(3) makes no such hash
}

// words are what machines that guess passwords try first, likeliest first; "@" is the account's own name.
const words = "@ password packer vagrant root changeme admin toor 123456 test @123 ubuntu debian secret linux guest 12345678 @1 " +
	"password1 Password1 P@ssw0rd passw0rd qwerty letmein welcome default user build builder demo temp live cloud 1234 " +
	"12345 123456789 administrator centos fedora rocky almalinux opensuse suse redhat amazon ec2-user raspberry alpine osboxes.org"

// guess tries common passwords until that has cost so much time of the processor, or ten times as much of the clock: the
// likeliest on every account first.
func (in *inspector) guess(ctx context.Context, users []*user, limit time.Duration) {
	open := map[*user]func(string) bool{}
	for _, u := range users {
		if k := judge(u.password); k == usable || k == weak {
			if try := guesser(u.password); try != nil {
				open[u] = try
			} else {
				in.notes = append(in.notes, fmt.Sprintf("no common password was tried on %s: its hash is of a kind that takes too long or is not known", u.name))
			}
		}
	}
	runtime.LockOSThread() // the time is that of this thread
	defer runtime.UnlockOSThread()
	start, used := time.Now(), threadTime()
	list := strings.Fields(words)
	for i, word := range list {
		for _, u := range users {
			try := open[u]
			if try == nil {
				continue
			}
			if threadTime()-used > limit || time.Since(start) > 10*limit || ctx.Err() != nil {
				in.notes = append(in.notes, fmt.Sprintf("of %d common passwords %d were tried on the accounts that have one; more would have taken too long", len(list), i))
				return
			}
			if try(strings.Replace(word, "@", u.name, 1)) {
				in.report(defaultPassword, u.file, u.line, "%s", u.name)
				delete(open, u)
			}
		}
	}
}

// threadTime is what this thread has used of the processor (getrusage(2)).
func threadTime() time.Duration {
	var r unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_THREAD, &r); err != nil {
		return 0 // the clock still ends it
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// guesser returns a function that tells whether a password fits a hash, or nil where that is unknown or would take more than
// some 100 ms or 32 MiB.
func guesser(hashed string) func(string) bool {
	parts := strings.Split(hashed, "$")
	if len(parts) < 4 {
		return nil
	}
	fits := func(made, want []byte) bool { return subtle.ConstantTimeCompare(made, want) == 1 }
	last := []byte(parts[len(parts)-1])
	switch parts[1] {
	case "1":
		return func(p string) bool { return fits(crypt.KeyMD5Crypt([]byte(p), []byte(parts[2])), last) }
	case "5":
		return sha(sha256.New, parts)
	case "6":
		return sha(sha512.New, parts)
	case "2a", "2b", "2y":
		if cost, err := bcrypt.Cost([]byte(hashed)); err != nil || cost > 11 {
			return nil
		}
		return func(p string) bool { return bcrypt.CompareHashAndPassword([]byte(hashed), []byte(p)) == nil }
	case "y":
		if _, n, r, err := yescrypt.DecodeSetting([]byte(parts[2])); err != nil || n > 18 || 128*r<<n > 32<<20 {
			return nil
		}
		return func(p string) bool {
			made, err := yescrypt.Hash([]byte(p), []byte(hashed))
			return err == nil && fits(made, []byte(hashed))
		}
	}
	return nil
}

// sha is for SHA-crypt: $5$ or $6$, perhaps rounds=N$, salt$hash. What the salt has beyond 16 bytes does not count.
func sha(h func() hash.Hash, parts []string) func(string) bool {
	rounds, salt := 5000, parts[2]
	if n, custom := strings.CutPrefix(salt, "rounds="); custom {
		var err error
		if rounds, err = strconv.Atoi(n); err != nil || rounds > 100_000 || len(parts) < 5 {
			return nil
		}
		rounds, salt = max(rounds, 1000), parts[3]
	}
	salt = salt[:min(len(salt), 16)]
	want := []byte(parts[len(parts)-1])
	return func(p string) bool { return bytes.Equal(crypt.KeySHACrypt(h, []byte(p), []byte(salt), rounds), want) }
}
