// Package settings reads bake.yaml: what an image's owner decided about sealing and auditing it.
//
// The file lies in the image, as /etc/leaven/bake.yaml, or beside it. One that lies in an image of strangers decides what
// their audit sees; name another with --config (/dev/null for none) when that matters.
package settings
