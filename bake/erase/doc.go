// Package erase puts zeros where deleted files were. A file system frees the blocks of a file that is removed and leaves what
// is in them; whoever has the image can read it. EBS has no TRIM, so nothing else helps there.
//
// It fills the free blocks through an unnamed file, so it reaches neither the unused ends of blocks that are in use, nor what
// a file system keeps in snapshots or holds back for itself; ext4's journal and what it holds back are dealt with, other
// file systems' are not. It writes as much as is free: with a disk that is stored as it is
// written that takes its time, and the image may grow. Do not use it where the disk is encrypted with a key of its own and
// the snapshot is made anew for each image.
package erase
