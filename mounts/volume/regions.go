package volume

import (
	"cmp"
	"slices"
)

// span is a part of a device, in bytes.
type span struct{ from, to uint64 }

const (
	kib = 1 << 10
	mib = 1 << 20
	gib = 1 << 30

	// whole is up to which size every byte is read.
	whole = 64 * mib
	// edge is how much is read of head and tail. Within it lie, at the head: the superblocks of all file systems that blkid knows,
	// both headers of LUKS2 (up to 8 MiB with the largest metadata), LVM's first metadata area, GPT, ZFS' first two labels; at the
	// tail: the second GPT, ZFS' last two labels, md's 0.90 and 1.0 superblocks, LVM's second metadata area, DRBD's.
	edge = 8 * mib
	// window is how much is read at a place of a copy of a superblock, and of each sample.
	window = 64 * kib
	// samples is how many parts of the rest are read, evenly spread. A disk whose head was wiped, and of which a tenth is in
	// use, escapes them all with a probability of 0.9^256, 2·10^-12, when its data is spread as evenly.
	samples = 256
)

// regions are what must be zero on a blank device: sorted, without overlaps, none empty.
func regions(size uint64) []span {
	if size <= whole {
		return []span{{0, size}}
	}
	all := []span{{0, edge}, {size - edge, size}}
	at := func(offset uint64) {
		if offset < size {
			offset &^= 4096 - 1 // for O_DIRECT
			all = append(all, span{offset, min(offset+window, size)})
		}
	}
	// ext2 to ext4 keep copies in block groups 1 and the powers of 3, 5 and 7; a group has eight times as many blocks as a block
	// has bytes (e2fsprogs, sparse_super).
	for _, block := range []uint64{kib, 2 * kib, 4 * kib, 64 * kib} {
		group := 8 * block * block
		at(group)
		for _, base := range []uint64{3, 5, 7} {
			for n := base; n*group < size; n *= base {
				at(n * group)
			}
		}
	}
	// btrfs' mirrors (btrfs(5)), and where VMFS begins.
	for _, offset := range []uint64{64 * mib, 256 * gib, 2 * mib} {
		at(offset)
	}
	// xfs has four allocation groups, or one for each TiB, each with a copy at its start (mkfs.xfs(8), agcount). The quarter is
	// rounded up to blocks; the window reaches over that.
	for i := range uint64(3) {
		at(size / 4 * (i + 1))
	}
	for offset := uint64(1024 * gib); offset < size; offset += 1024 * gib {
		at(offset)
	}
	for i := range uint64(samples) {
		at(size / samples * i)
	}
	return merge(all)
}

func merge(all []span) []span {
	slices.SortFunc(all, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	var merged []span
	for _, s := range all {
		if n := len(merged); n > 0 && s.from <= merged[n-1].to {
			merged[n-1].to = max(merged[n-1].to, s.to)
			continue
		}
		merged = append(merged, s)
	}
	return merged
}
