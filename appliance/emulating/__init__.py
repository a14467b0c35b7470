"""QEMU, and what is around the machine."""
