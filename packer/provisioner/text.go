package provisioner

import (
	"fmt"
	"strings"
	"unicode"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"

	"github.com/leaven-dev/leaven/bake/report"
	"github.com/leaven-dev/leaven/bake/wire"
)

// clean makes text of the far side fit to be shown: no secret that Packer knows of, and no control characters, which could
// move a terminal's cursor or fake other output. Packer filters only its own process's log, so the filter is called here.
func clean(text string) string {
	var out strings.Builder
	for _, r := range packersdk.LogSecretFilter.FilterString(text) {
		if r == '\n' || unicode.IsPrint(r) {
			out.WriteRune(r)
		} else {
			fmt.Fprintf(&out, `\x%02x`, r)
		}
	}
	return out.String()
}

// censored is the record without any secret that Packer knows of, for output and report alike.
func censored(rec wire.Record) wire.Record {
	filter := packersdk.LogSecretFilter.FilterString
	rec.Note, rec.Error = filter(rec.Note), filter(rec.Error)
	if rec.Change != nil {
		c := *rec.Change
		c.Path, c.Message = filter(c.Path), filter(c.Message)
		rec.Change = &c
	}
	if rec.Finding != nil {
		f := *rec.Finding
		f.Path, f.Message, f.Fix = filter(f.Path), filter(f.Message), filter(f.Fix)
		rec.Finding = &f
	}
	return rec
}

// past says what was done.
func past(a report.Action) string {
	switch a {
	case report.Delete:
		return "deleted"
	case report.Truncate:
		return "truncated"
	case report.Empty:
		return "emptied"
	case report.Reset:
		return "reset"
	case report.Edit:
		return "edited"
	case report.Report:
		return "reported"
	}
	return string(a)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// size writes a number of bytes for people.
func size(n int64) string {
	const unit = 1024
	if n < unit {
		return fmt.Sprintf("%d B", n)
	}
	v, prefix := float64(n)/unit, 0
	for v >= unit && prefix < 3 {
		v /= unit
		prefix++
	}
	return fmt.Sprintf("%.1f %ciB", v, "KMGT"[prefix])
}
