"""What the disk of a device holds: kernel, boot loader, slots, and what each says of itself."""
