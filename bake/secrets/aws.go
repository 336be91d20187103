package secrets

import "bytes"

// awsSecret looks around an access key id for the secret that belongs to it, whatever name it goes by: 40 characters of
// base64 that stand alone, in the same line or the next few.
func (f *feed) awsSecret(start, end int) {
	mark := f.buf[start:end]
	if !bytes.Equal(mark, []byte("AKIA")) && !bytes.Equal(mark, []byte("ASIA")) {
		return
	}
	text := f.after(start, 400)
	if len(text) < 60 || !allOf(text[4:20], upperDigits) || !drawn(text[4:20]) {
		return
	}
	for i := 20; i+40 <= len(text); {
		if !secretDigit(text[i]) {
			i++
			continue
		}
		n := i
		for n < len(text) && secretDigit(text[n]) {
			n++
		}
		if v := text[i:n]; len(v) == 40 && !hexOnly(v) && mixedCase(v) && lettersAndDigits(v) && drawn(v) && wordy(v) < 0.5 {
			f.report(f.job.s.rules["aws-secret-access-key"], start+i, start+n, v)
			return
		}
		i = n
	}
}

// upperDigits are those of base32.
const upperDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

func secretDigit(c byte) bool { return isAlnum(c) || c == '+' || c == '/' }

func allOf(text []byte, set string) bool { return len(bytes.Trim(text, set)) == 0 }
