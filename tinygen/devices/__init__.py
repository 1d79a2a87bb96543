"""Devices: QEMU, boards on USB, and the link to the firmware on either."""
