package secrets

// A format is a kind of file that is made to hold secrets, known by its name. What stands in its fields is a secret
// whatever it looks like, unless it is a placeholder.
type format struct {
	id, title string
	files     []string // patterns for the lower-case path, as in Allow; one without / is for the last name, in any folder
	read      reader   // nil: no fields of its own
	lax       bool     // every assignment in it that names a secret is one
	fix       string
	severity  Severity
}

// A reader calls found with the place of each secret in text.
type reader func(text []byte, found func(from, to int))

// formatLimit bounds what of a file is read by its format, in bytes. The rest is searched like any other file.
const formatLimit = 1 << 20

func (t format) rule() rule {
	r := rule{rank: rankFormat, Rule: Rule{
		ID: t.id, Title: t.title, Severity: t.severity,
		Why: "the file holds it in clear: whoever has the image has it",
		Fix: t.fix,
	}}
	if r.Fix == "" {
		r.Fix = "remove the file or the line, change the secret, and write the file at first boot"
	}
	if r.Severity == "" {
		r.Severity = High
	}
	return r
}

// readFormat reports what the file's format says is a secret. text is the file from its start.
func (f *feed) readFormat(text []byte) {
	t := f.place.format
	if t == nil || t.read == nil {
		return
	}
	f.buf = text
	t.read(text, func(from, to int) {
		if v := text[from:to]; looksSecret(v, f.place.formatLevel()) {
			f.report(f.job.s.rules[t.id], from, to, v)
		}
	})
	f.buf = nil
}
