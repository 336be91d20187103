package keys

import (
	"bytes"
	"fmt"
	"strings"
	"time"
)

// Block is what an instance says on its console about its host keys, to be written in one write. Tools that fetch the console
// output to fill known_hosts parse it as cloud-init prints it: the fingerprints behind the prefix of logger(1), which carries
// the tag that they look for, and the keys without.
func Block(list []HostKey, now time.Time) []byte {
	prefix := "<14>" + now.Format("Jan _2 15:04:05") + " cloud-init: "
	rule := prefix + strings.Repeat("#", 61)
	var b bytes.Buffer
	// A getty may have left the cursor behind its prompt; the markers must start their lines.
	fmt.Fprintf(&b, "\n%s\n%s-----BEGIN SSH HOST KEY FINGERPRINTS-----\n", rule, prefix)
	for _, k := range list {
		fmt.Fprintf(&b, "%s%s\n", prefix, k)
	}
	fmt.Fprintf(&b, "%s-----END SSH HOST KEY FINGERPRINTS-----\n%s\n", prefix, rule)
	fmt.Fprintf(&b, "-----BEGIN SSH HOST KEY KEYS-----\n")
	for _, k := range list {
		fmt.Fprintf(&b, "%s %s\n", k.Public, k.Comment)
	}
	fmt.Fprintf(&b, "-----END SSH HOST KEY KEYS-----\n")
	return b.Bytes()
}
