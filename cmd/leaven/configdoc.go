package main

import (
	"fmt"
	"strings"

	"github.com/leaven-dev/leaven/internal/schema"
)

//go:generate sh -c "go run . config schema > ../../docs/firstboot.schema.json"
//go:generate sh -c "go run . config schema --output markdown > ../../docs/config.md"

// configDocument is the reference of all keys, in Markdown.
func configDocument(sections []schema.Section) string {
	var b strings.Builder
	b.WriteString(`# The configuration of first boot: every key

Made by ` + "`leaven config schema --output markdown`" + `; [firstboot.md](firstboot.md) shows how they are used, and
[firstboot.schema.json](firstboot.schema.json) is the same for editors (` + "`# yaml-language-server: $schema=…`" + `).

A duration is written 90s, 5m or 1h30m; a size 512MiB or 20G; permission bits "0750"; a command as a list, ` + "`[/usr/bin/x, --y]`" + `,
or as a text for the shell.

| key | holds | default | what it says |
|---|---|---|---|
`)
	for _, k := range schema.Keys(sections...) {
		doc := k.Doc
		if k.Required {
			doc += "; required"
		}
		fallback := k.Default
		if fallback != "" {
			fallback = "`" + fallback + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", k.Path, strings.ReplaceAll(k.Holds, "|", `\|`), fallback, strings.ReplaceAll(doc, "|", `\|`))
	}
	return b.String()
}
