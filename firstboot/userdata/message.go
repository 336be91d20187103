package userdata

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"strings"
)

// A message is a MIME entity (RFC 2045), read as forgivingly as cloud-init reads it: line ends may be mixed and the last
// boundary may be missing. That is why it is not read with package mime/multipart.
type message struct {
	kind     string // content type, in lower case; "text/plain" where there is none
	boundary string
	encoding string // of the content, in lower case
	filename string
	body     []byte
}

// multipart tells a container of others.
func (m message) multipart() bool { return strings.HasPrefix(m.kind, "multipart/") }

// cloudInits tells a type that cloud-init handles itself, whatever the first line says (cloudinit/handlers).
func (m message) cloudInits() bool {
	switch m.kind {
	case "text/cloud-config", "text/cloud-config-jsonp", "text/cloud-config-archive", "text/cloud-boothook", "text/jinja2",
		"text/part-handler", "text/x-include-url", "text/x-include-once-url", "text/upstart-job":
		return true
	}
	return false
}

// parseMessage tells whether a text is MIME and reads its header. The text has \n for line ends.
func parseMessage(text []byte) (message, bool) {
	text = bytes.TrimLeft(text, "\n")
	if bytes.HasPrefix(text, []byte("From ")) { // the line before a message in a mailbox; old generators write it
		_, text, _ = bytes.Cut(text, []byte("\n"))
	}
	fields, body := header(text)
	_, version := fields["mime-version"]
	m := fromHeader(fields, body)
	return m, version || m.multipart()
}

// parsePart reads a part of a multipart, which may have no header at all.
func parsePart(text []byte) message { return fromHeader(header(text)) }

func fromHeader(fields map[string]string, body []byte) message {
	m := message{kind: "text/plain", body: body, encoding: strings.ToLower(strings.TrimSpace(fields["content-transfer-encoding"]))}
	if value, ok := fields["content-type"]; ok {
		kind, parameters, err := mime.ParseMediaType(value)
		if err != nil { // the type itself is good as long as it has a name
			kind, _, _ = strings.Cut(value, ";")
		}
		m.kind, m.boundary, m.filename = strings.ToLower(strings.TrimSpace(kind)), strings.TrimRight(parameters["boundary"], " "), parameters["name"]
	}
	if _, parameters, err := mime.ParseMediaType(fields["content-disposition"]); err == nil && parameters["filename"] != "" {
		m.filename = parameters["filename"]
	}
	return m
}

// maxHeader bounds, in bytes, how far fields are looked for. cloud-init looks at 4096.
const maxHeader = 16 << 10

// header reads the fields up to the first blank line, or up to a line that is none; names in lower case.
func header(text []byte) (fields map[string]string, body []byte) {
	fields = map[string]string{}
	last := ""
	for all := len(text); len(text) > 0 && all-len(text) < maxHeader; {
		line, rest, _ := bytes.Cut(text, []byte("\n"))
		if len(bytes.TrimSpace(line)) == 0 {
			return fields, rest
		}
		if (line[0] == ' ' || line[0] == '\t') && last != "" {
			fields[last] += " " + string(bytes.TrimSpace(line))
		} else {
			name, value, ok := bytes.Cut(line, []byte(":"))
			if !ok || len(name) == 0 || bytes.ContainsAny(name, " \t#\"'{[<") {
				return fields, text
			}
			last = strings.ToLower(string(name))
			fields[last] = string(bytes.TrimSpace(value))
		}
		text = rest
	}
	return fields, text
}

// split returns the parts between the boundary lines (RFC 2046, 5.1.1).
func split(body []byte, boundary string) [][]byte {
	var parts [][]byte
	delimiter := []byte("--" + boundary)
	start := -1 // of the part that is open
	for at := 0; at < len(body); {
		end, next := len(body), len(body)
		if n := bytes.IndexByte(body[at:], '\n'); n >= 0 {
			end, next = at+n, at+n+1
		}
		after, is := bytes.CutPrefix(bytes.TrimRight(body[at:end], " \t"), delimiter)
		if is && (len(after) == 0 || string(after) == "--") {
			if start >= 0 {
				parts = append(parts, body[start:max(start, at-1)]) // the line end before a boundary is the boundary's
			}
			start = next
			if len(after) > 0 {
				return parts
			}
		}
		at = next
	}
	if start >= 0 {
		parts = append(parts, body[start:])
	}
	return parts
}

// decode undoes the content transfer encoding.
func (m message) decode() ([]byte, error) {
	switch m.encoding {
	case "", "7bit", "8bit", "binary":
		return m.body, nil
	case "base64":
		data, err := fromBase64(m.body)
		if err != nil {
			return nil, fmt.Errorf("its base64 is damaged: %w", err)
		}
		return data, nil
	case "quoted-printable":
		data, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(m.body)))
		if err != nil {
			return nil, fmt.Errorf("its quoted-printable text is damaged: %w", err)
		}
		return data, nil
	}
	return nil, fmt.Errorf("its Content-Transfer-Encoding is %.40q; use base64, quoted-printable or 7bit", m.encoding)
}
