// Package config is what a user can say about first boot: which keys there are, in which files they stand, and how these meet.
//
// Layers, the later ones over the earlier: /usr/lib/leaven/firstboot.yaml (who built the image), /etc/leaven/firstboot.yaml and
// /etc/leaven/firstboot.d/*.yaml (who administers it), user data (who launched the instance). How layers meet is described in
// internal/schema: values replace, keys meet key by key, entries of lists meet by their name.
//
// Plugins add sections of their own; this package knows them as data only.
package config
