package bake

import (
	"encoding/hex"
	"errors"
	"strings"
)

// Unquote gives back the path that Quote wrote.
func Unquote(quoted string) (string, error) {
	if !strings.Contains(quoted, `\`) {
		return quoted, nil
	}
	var out strings.Builder
	for {
		plain, rest, escaped := strings.Cut(quoted, `\`)
		out.WriteString(plain)
		if !escaped {
			return out.String(), nil
		}
		if len(rest) < 3 || rest[0] != 'x' {
			return "", errors.New(`a backslash without xNN`)
		}
		b, err := hex.DecodeString(rest[1:3])
		if err != nil {
			return "", errors.New(`a backslash without xNN`)
		}
		out.Write(b)
		quoted = rest[3:]
	}
}
