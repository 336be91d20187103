// Package report holds the words in which baking and auditing tell what they did and what they found.
//
// It is data only and imports nothing, so that the Packer plugin reads these records on any system, while package bake,
// which makes them, works on Linux alone.
package report
