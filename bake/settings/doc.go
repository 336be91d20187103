// Package settings reads bake.yaml: what an image's owner decided about sealing and auditing it.
//
// The file lies in the image, as /etc/leaven/bake.yaml, or beside it. One that lies in an image of strangers decides what
// their audit sees; name another with --config (/dev/null for none) when that matters.
//
// It imports nothing that is for Linux alone: the Packer plugin checks a file with it before a build, wherever Packer runs.
package settings
