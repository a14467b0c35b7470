"""The disks of this machine, which of them may be overwritten, and an image on one of them."""
