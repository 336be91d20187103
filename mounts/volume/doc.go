// Package volume brings block volumes up: EBS volumes, an instance store disk, swap. It finds the device, makes a file system where
// the device is blank, mounts it by a line in fstab, and grows it when the volume grew.
//
// What it must never do is format something that holds data. blkid alone cannot tell: it ends with 2 for a blank disk, for a
// missing one, and for one that cannot be read. So a device is formatted only when all of this is so: nobody else has it open for
// himself (O_EXCL), it is as large as expected, blkid's low-level probe ends with 2 and says nothing, and every place where a file
// system, a volume manager or a partition table keeps a first or second copy of its superblock was read and is zero, and so were
// samples of the rest ([regions]). Everything else is a [Refusal], which names what was found and what to do. mkfs runs without
// its force flag.
//
// The limits: a device whose head, tail, known places of superblocks and 256 samples are zero is taken for blank, though a few
// bytes elsewhere may not be; of devices up to 64 MiB every byte is read. Between the look and mkfs's own exclusive claim passes
// the start of a process, in which only an advisory lock (flock(2), as udev and systemd-repart heed it) keeps others away. ext2 to
// ext4, xfs and swap only; no RAID, no LVM, no encryption, no partitions of ours.
package volume
