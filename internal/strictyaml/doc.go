// Package strictyaml reads settings from YAML. An unknown key, a key that is there twice and a value of the wrong kind are
// errors; each says file, line and column, and all of a file are reported at once.
//
// It is for small files with known keys. Types of values follow from the reader, not from how a value is written: where a
// word is wanted, 1 and yes are words. Merge keys ("<<") are not supported.
package strictyaml
