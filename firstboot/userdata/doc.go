// Package userdata finds Leaven's part in the user data of an EC2 instance.
//
// Ours is a text whose first line is [FirstLine]: as the whole of the user data, or as one part of MIME multi-part user data,
// gzip-compressed or not, and also base64-encoded once too often, which happens easily. A MIME part of the type text/x-leaven
// needs no such line. Everything else (cloud-config, scripts, Ignition, binaries) belongs to somebody else and is no error.
//
// What is clearly meant for Leaven and cannot be read is an error that says what to write, never "not ours": an instance that
// ignores a typo comes up without its configuration and nobody knows why.
//
// The package does not follow #include, jinja templates or cloud-config archives, and it does not read YAML. Lines of
// [Part.Text] count from 1 at the beginning of the part, so that an error in it names the line that its author sees.
package userdata
