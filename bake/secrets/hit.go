package secrets

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
)

// A Hit is one secret that was found. It tells where, never what: nothing of the value can be had from it but Hash, and
// that only by somebody who knows the salt and guesses the value.
type Hit struct {
	Rule     string   // id of the rule
	Title    string   // what it is, for people
	Severity Severity // of the rule
	Line     int      // from 1; 0 where there are no lines
	Offset   int64    // bytes from the start of the file, or of the member that Where names; for text that was decoded, where the encoded run starts
	Where    string   // the way inside the file, one "!step" for each archive member or encoding; "" for the file itself
	Hash     string   // Sum of the value
	Fix      string   // the cure
}

// Severity says how bad a hit is.
type Severity string

// The severities.
const (
	High Severity = "high" // whoever has the image can use it at once: private keys, tokens, passwords in files made to hold them
	Low  Severity = "low"  // needs a decision: an encrypted key, a hash, an assignment that looks like a secret
)

// Sum is the salted hash that stands for a secret in hits and in allow lists: 12 hex digits of HMAC-SHA256. Callers can
// use it to name a secret that they know (`pass show db | leaven …`) without writing it down.
func Sum(salt, value []byte) string {
	mac := hmac.New(sha256.New, salt)
	mac.Write(value)
	return hex.EncodeToString(mac.Sum(nil)[:6])
}
